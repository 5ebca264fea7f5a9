// Covers a page with medical information when nobody has touched it for five minutes: what it shows is taken away, and
// the page that asks who sits there comes in its place. The server asks all the same, whatever happens here.
const { cover, coverAfter } = document.querySelector("[data-cover]").dataset;
const after = Number(coverAfter) * 1000;
// Reading is use: the server is told, once a minute at most.
const tellEvery = 60_000;
const tabs = new BroadcastChannel("shikaku-used");
let touched = Date.now();
let told = Date.now();

const touch = () => {
  if (Date.now() - touched >= after) return;
  touched = Date.now();
  if (touched - told < tellEvery) return;
  told = touched;
  fetch("/session/keep", { method: "POST", redirect: "manual" });
  tabs.postMessage("used");
};

for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"]) {
  addEventListener(kind, touch, { passive: true });
}

setInterval(() => {
  if (Date.now() - touched < after) return;
  document.body.replaceChildren();
  location.replace(cover);
}, 1000);
