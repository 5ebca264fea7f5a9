// The page follows the reader: a press goes to it, and when it shows another screen, that screen takes the place of this.

import { leaveCamera, meetCamera } from './camera.js';
import { meetPad } from './pad.js';
import { silence, speak } from './voice.js';

/** How long until a lost connection is tried again, ms. */
const AGAIN = 1000;
let countdown;

const screen = () => document.getElementById('screen');
const revision = () => screen().dataset.revision;

/** Typed into a field that the next screen has again: it stays. */
const typed = (root) => Object.fromEntries([...root.querySelectorAll('input[id]:not([type=hidden])')].map((one) => [one.id, one.value]));

/** Counts the seconds down that the reader named; the reader itself ends the session. */
function count() {
  clearInterval(countdown);
  const line = screen().querySelector('[data-countdown]');
  if (!line) return;
  let left = Number(line.dataset.countdown);
  countdown = setInterval(() => {
    left = Math.max(0, left - 1);
    line.textContent = line.dataset.words.replace('{n}', left);
  }, 1000);
}

/** Says once, for a screen reader, what the new screen asks. */
function tell() {
  const said = screen().querySelectorAll('.over [data-say], main [data-say]');
  document.getElementById('spoken').textContent = [...said].slice(0, 3).map((one) => one.textContent.trim()).join(' ');
}

/** What every new screen needs. */
function meet(isNew) {
  meetPad(screen(), send);
  meetCamera(screen(), send, refresh);
  count();
  if (isNew) {
    const heading = screen().querySelector('.over h2, main h1');
    heading?.focus({ preventScroll: true });
    scrollTo(0, 0);
    tell();
  }
  speak(screen());
}

let asked = 0;

/** Fetches the screen that the reader shows now, and shows it. */
async function refresh() {
  const turn = (asked += 1);
  const answer = await fetch('/screen', { cache: 'no-store', credentials: 'same-origin' }).catch(() => undefined);
  // A later question has the later answer.
  if (turn !== asked) return;
  if (!answer?.ok) {
    setTimeout(refresh, AGAIN);
    return;
  }
  const shelf = document.createElement('template');
  shelf.innerHTML = await answer.text();
  const next = shelf.content.querySelector('#screen');
  if (turn !== asked || !next || next.dataset.revision === revision()) return;
  const before = typed(screen());
  const isNew = next.dataset.page !== screen().dataset.page || !!next.querySelector('.over') !== !!screen().querySelector('.over');
  const samePage = next.dataset.page === screen().dataset.page;
  if (!samePage) leaveCamera();
  screen().replaceWith(next);
  document.documentElement.lang = next.lang;
  if (samePage) for (const [id, value] of Object.entries(before)) if (document.getElementById(id)) document.getElementById(id).value = value;
  meet(isNew);
}

/** One press. */
async function send(action, fields) {
  const body = new URLSearchParams({ revision: revision(), ...fields });
  await fetch(action, { method: 'POST', body, headers: { accept: 'application/json' }, credentials: 'same-origin' }).catch(() => undefined);
  await refresh();
}

document.addEventListener('submit', (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(event.target, event.submitter));
  // A second press of the same button is not another answer.
  if (event.submitter) event.submitter.disabled = true;
  send(new URL(event.target.action).pathname, fields).finally(() => {
    if (event.submitter?.isConnected) event.submitter.disabled = false;
  });
});

document.addEventListener('click', (event) => {
  const chip = event.target.closest('[data-fill]');
  if (chip) document.getElementById(chip.dataset.fill).value = chip.textContent.trim();
});

// Where no touch was yet, a browser keeps silent; after it, it may speak.
document.addEventListener('pointerdown', () => speak(screen()), { once: true });

const events = new EventSource('/events');
events.addEventListener('message', (event) => {
  if (event.data !== revision()) refresh();
});
events.addEventListener('open', refresh);
events.addEventListener('error', silence);

meet(true);
