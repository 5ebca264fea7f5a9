// Says what stands on the screen, sentence by sentence, from the recordings made at set-up. Without them it is silent; the
// reader's own page for staff says so.

let player;
let said = '';
let alarm;

/** Silence at once. */
export function silence() {
  player?.pause();
  player = undefined;
}

async function one(address) {
  const sound = new Audio(address);
  player = sound;
  await new Promise((resolve) => {
    sound.addEventListener('ended', resolve);
    sound.addEventListener('error', resolve);
    sound.addEventListener('pause', resolve);
    sound.play().catch(resolve);
  });
  return player === sound;
}

/** Two short tones, again and again while a card lies forgotten. */
function ring(screen) {
  clearInterval(alarm);
  if (!('alarm' in screen.dataset)) return;
  const tones = () => {
    if (!screen.isConnected) {
      clearInterval(alarm);
      return;
    }
    const context = new AudioContext();
    [880, 660].forEach((pitch, at) => {
      const tone = context.createOscillator();
      tone.frequency.value = pitch;
      tone.connect(context.destination);
      tone.start(context.currentTime + at * 0.3);
      tone.stop(context.currentTime + at * 0.3 + 0.25);
    });
    setTimeout(() => context.close(), 1500);
  };
  tones();
  alarm = setInterval(tones, 4000);
}

/** What a screen says, in the order of reading; what lies over it says its own words only. */
function sentences(screen) {
  const over = screen.querySelector('.over');
  return [...(over ?? screen).querySelectorAll('[data-say]')].map((text) => text.dataset.say);
}

/** Speaks the screen if the voice is on and it has not just said the same. */
export async function speak(screen) {
  ring(screen);
  const language = screen.dataset.voice;
  const keys = sentences(screen);
  const now = language ? `${screen.dataset.page} ${language} ${keys.join(' ')}` : '';
  if (now === said) return;
  silence();
  said = now;
  for (const key of language ? keys : []) {
    if (said !== now || !(await one(`/voice/${language}/${key}.wav`))) return;
  }
}
