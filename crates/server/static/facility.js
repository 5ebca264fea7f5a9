// Extras only: a button that copies what can also be selected, and a countdown of what the page says anyway.
for (const button of document.querySelectorAll('[data-copy]')) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const source = document.getElementById(button.dataset.copy);
    const told = document.getElementById(`${button.dataset.copy}-copied`);
    try {
      await navigator.clipboard.writeText(source.textContent);
      told.textContent = 'コピーしました';
    } catch {
      told.textContent = 'コピーできませんでした。URLを選択してコピーしてください';
    }
  });
}

// The page says how long it still takes by the server's clock; what passes here is only how long the page is open.
const opened = performance.now();
const counts = [...document.querySelectorAll('[data-left-ms]')];
const words = (ms) => {
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return `${hours ? `${hours}時間` : ''}${hours || minutes ? `${minutes}分` : ''}${hours ? '' : `${seconds % 60}秒`}`;
};
const tick = () => {
  let next = Infinity;
  for (const count of counts) {
    const left = Number(count.dataset.leftMs) - (performance.now() - opened);
    if (left <= 0) {
      if (!count.dataset.over) { count.dataset.over = '1'; count.textContent = count.dataset.then; }
      continue;
    }
    count.textContent = `あと${words(left)}`;
    next = Math.min(next, left);
  }
  if (next < Infinity) setTimeout(tick, 1000);
};
if (counts.length) tick();
