// Ten keys. A press is a letter that means nothing without the reader's own table; the letters wait here until they are
// complete and go to the reader in one piece. They are forgotten with the pad.

let letters = [];
let pad = '';

const FULL = 'full';

/** Makes the keys of this screen work. */
export function meetPad(screen, send) {
  const place = screen.querySelector('[data-pad]');
  if (!place) {
    letters = [];
    pad = '';
    return;
  }
  const keys = [...place.querySelectorAll('[data-key]')];
  const now = keys.map((key) => key.dataset.key).join('');
  // Another pad has other letters: what was pressed on the last one is void.
  if (now !== pad) letters = [];
  pad = now;

  const kept = Number(place.dataset.entered);
  const wanted = Number(place.dataset.of);
  const words = place.querySelector('[data-entered-words]');
  const enter = place.querySelector('[data-enter]');
  const show = () => {
    const entered = kept + letters.length;
    place.querySelectorAll('.dots i').forEach((dot, at) => dot.classList.toggle(FULL, at < entered));
    words.textContent = words.dataset.enteredWords.replace('{n}', entered);
    keys.forEach((key) => { key.disabled = entered >= wanted; });
    enter.disabled = entered < wanted;
    enter.value = letters.join('');
  };
  keys.forEach((key) => key.addEventListener('click', (event) => {
    event.preventDefault();
    if (kept + letters.length < wanted) letters.push(key.dataset.key);
    show();
  }));
  place.querySelector('[data-delete]').addEventListener('click', (event) => {
    event.preventDefault();
    if (letters.length > 0) letters.pop();
    else if (kept > 0) send('/act/key', { keys: '', delete: '1' });
    show();
  });
  // After the form is read the letters are gone.
  enter.addEventListener('click', () => queueMicrotask(() => setTimeout(() => { letters = []; }, 0)));
  show();
}

// A keyboard beside the screen: digits are the keys that show them.
document.addEventListener('keydown', (event) => {
  if (event.target.matches?.('input:not([type=hidden])')) return;
  const key = [...document.querySelectorAll('[data-pad] [data-key]')].find((one) => one.textContent.trim() === event.key);
  if (key) key.click();
  if (event.key === 'Backspace') document.querySelector('[data-delete]')?.click();
});
