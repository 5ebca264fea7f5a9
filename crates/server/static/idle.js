// Warns two minutes before a session ends for want of use. Without it, the next page says why the session is over.
const bar = document.querySelector("[data-idle-warn]");
const words = bar.querySelector("[data-idle-words]");
const warn = Number(bar.dataset.idleWarn) * 1000;
const end = Number(bar.dataset.idleEnd) * 1000;
const tabs = new BroadcastChannel("shikaku-used");
let used = Date.now();

const fresh = () => {
  used = Date.now();
  bar.hidden = true;
  words.textContent = "";
};

// A page of another tab was opened: the session was used there.
tabs.addEventListener("message", fresh);
tabs.postMessage("used");

bar.querySelector("button").addEventListener("click", async () => {
  const answer = await fetch("/session/keep", { method: "POST", redirect: "manual" });
  if (!answer.ok) return location.assign("/menu");
  fresh();
  tabs.postMessage("used");
});

setInterval(() => {
  const idle = Date.now() - used;
  // The server says why: the menu leads to the page to log in.
  if (idle >= end + 1000) return location.assign("/menu");
  if (idle >= warn && bar.hidden) {
    words.textContent = "操作がないため、約2分後にログアウトします。入力中の内容は保存されません。";
    bar.hidden = false;
  }
}, 1000);
