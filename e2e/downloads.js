// Files that a press on a button brings.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { serialsIn } from './profile.js';

let files = 0;

/** Presses this button and keeps the file that comes. */
export async function download(page, press, folder) {
  const [file] = await Promise.all([page.waitForEvent('download'), press()]);
  const place = join(folder, `download-${(files += 1)}`);
  await file.saveAs(place);
  return place;
}

/**
 * Presses twice, faster than a page can answer: exactly one certificate comes, however often the browser keeps its file,
 * and each of the files opens with the password. `settled` is told to look at the page once all is answered.
 */
export async function downloadTwice(page, press, { folder, password, settled }) {
  const came = [];
  const note = (file) => came.push(file);
  page.on('download', note);
  try {
    const kept = await download(page, press, folder);
    await settled();
    const all = [kept];
    for (const file of came.slice(1)) {
      const place = join(folder, `download-${(files += 1)}`);
      // What the browser gave up for the second press is no file.
      if (await file.failure()) continue;
      await file.saveAs(place);
      all.push(place);
    }
    const owners = await Promise.all(all.map(async (file) => (await serialsIn(file, password))[0]));
    assert.ok(owners[0], 'a certificate in the file');
    assert.deepEqual(new Set(owners).size, 1, `one certificate, not ${owners}`);
    return kept;
  } finally {
    page.off('download', note);
  }
}
