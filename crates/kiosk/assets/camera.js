// The camera, while a screen wants it. A frame goes to the reader and is kept nowhere; the picture beside the card's photo
// goes nowhere at all.

/** Time between two frames, ms. The reader asks for slower ones by 429. */
const BETWEEN = 250;
const QUALITY = 0.85;
const SIZE = { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: 'user' };

let stream;
let opening;
let timer;

/** The camera, opened once for as long as screens want it. */
async function camera() {
  opening ??= navigator.mediaDevices.getUserMedia({ video: SIZE, audio: false });
  stream = await opening;
  return stream;
}

/** Ends the camera: its light goes out. */
export function leaveCamera() {
  clearTimeout(timer);
  stream?.getTracks().forEach((track) => track.stop());
  stream = undefined;
  opening = undefined;
}

/** One frame as JPEG, at the camera's own size. */
function frame(video) {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d').drawImage(video, 0, 0);
  return new Promise((resolve) => {
    canvas.toBlob((blob) => {
      canvas.width = canvas.height = 0;
      resolve(blob);
    }, 'image/jpeg', QUALITY);
  });
}

/** Shows the camera where the screen has a place for it, and sends frames while it asks for them. */
export async function meetCamera(screen, send, refresh) {
  clearTimeout(timer);
  const place = screen.querySelector('[data-camera]');
  if (!place) {
    leaveCamera();
    return;
  }
  const video = place.querySelector('video');
  try {
    video.srcObject = await camera();
    await video.play();
  } catch {
    if (!place.isConnected) return;
    leaveCamera();
    if (place.dataset.camera !== 'show') send('/act/camera', { value: 'missing' });
    return;
  }
  const next = async () => {
    if (!place.isConnected || place.dataset.camera !== 'send') return;
    if (video.videoWidth > 0) {
      const blob = await frame(video);
      const answer = blob && (await fetch('/frame', { method: 'POST', body: blob, headers: { 'content-type': 'image/jpeg' }, credentials: 'same-origin' }).catch(() => undefined));
      if (answer?.status === 409) await refresh();
    }
    if (place.isConnected) timer = setTimeout(next, BETWEEN);
  };
  next();
}
