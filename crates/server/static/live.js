// What a page says of now, kept so while somebody looks at it; without this the page has a link that does the same.
const PAUSE_MS = 15_000;
const place = document.querySelector('[data-live]');

const refresh = async () => {
  // Nothing changes under anybody's fingers, and nobody looks at a tab behind another.
  if (document.hidden || place.contains(document.activeElement)) return;
  // Not a touch of whoever is signed in: half an hour without one ends the session all the same.
  const answer = await fetch(location.href, { headers: { 'Shikaku-Quiet': '1' }, redirect: 'error' });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = page.querySelector('[data-live]');
  if (!fresh || fresh.innerHTML === place.innerHTML || place.contains(document.activeElement)) return;
  place.replaceChildren(...fresh.childNodes);
};

// A line that is cut for a moment is tried again with the next turn.
setInterval(() => refresh().catch(() => {}), PAUSE_MS);
