// Story `first-day`: an institution that has not joined signs up, applies, gets its letter, sets up its terminal and
// its line, and makes its first check; once with a mouse, a passkey and scripts, once by keyboard alone, once with
// one-time codes and without a script.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseArgs, promisify } from 'node:util';
import assert from 'node:assert/strict';
import { openBrowser } from '../browser.js';
import { KEYBOARD } from '../hands.js';
import { startDemo } from '../program.js';
import { Album } from './first-day/album.js';
import { tellScreens } from './first-day/screens.js';
import { Town } from './first-day/town.js';
import { tellAfterwards, tellTroubles } from './first-day/afterwards.js';
import { ACCOUNT, tellDay } from './first-day/day.js';
import { CHAPTERS, MANUAL_PICTURES } from './first-day/labels.js';

/** A step that takes longer hangs, ms. */
const STEP_TIMEOUT = 240_000;

const { values } = parseArgs({
  options: {
    shikaku: { type: 'string' },
    pictures: { type: 'string' },
    database: { type: 'string' },
    // Where 手順書 has its pictures, to make them anew.
    keep: { type: 'string' },
  },
});
if (!values.shikaku || !values.pictures) {
  throw new Error('usage: first-day.js --shikaku PROGRAM --pictures FOLDER; started by `cargo xtask e2e`');
}

const folder = await mkdtemp(join(tmpdir(), 'shikaku-first-day-'));
const eyes = await openBrowser(values.pictures);
const album = new Album(values.pictures, 'はじめての一日', CHAPTERS);
const towns = [];
after(async () => {
  // Whatever a town complains of, nothing is left running.
  const ends = await Promise.allSettled(towns.map(async ({ town, demo }) => {
    try {
      await town.close();
    } finally {
      await demo.stop();
    }
  }));
  await eyes.browser.close();
  await album.write();
  await rm(folder, { recursive: true, force: true });
  const complaint = ends.find((end) => end.status === 'rejected');
  if (complaint) throw complaint.reason;
});

/** A demo of its own for each telling: an institution joins once. */
async function open(name, way) {
  const demo = await startDemo(values.shikaku, values.database);
  const town = new Town({ browser: eyes.browser, demo, folder: join(folder, name), ...way });
  towns.push({ town, demo });
  return town;
}

const step = (name, tale) => test(name, { timeout: STEP_TIMEOUT }, tale);

/** The scene of a telling in this town, and how its steps follow one another. */
function telling(town, { album, named }) {
  // The other tellings are about the way, not about the screens: they are the same.
  const look = album ? (page, what) => album.look(page, what) : async () => {};
  const scene = { town, look, hand: town.hand, shikaku: values.shikaku };
  let broken;
  // A day goes on from where it is: after a step that failed the next ones would only fail in other words.
  const then = (name, tale) =>
    step(named(name), async () => {
      assert.ok(!broken, `not told, as this failed before: ${broken}`);
      broken = name;
      await tale().catch(async (error) => {
        throw new Error(`${error.message}\n${await town.seen()}`, { cause: error });
      });
      town.assertNoComplaints();
      broken = undefined;
    });
  return { then, scene, album, account: ACCOUNT };
}

const first = await open('mouse', {});
const seen = telling(first, { album, named: (name) => name });
tellDay(seen);
tellAfterwards(seen);
tellScreens({ town: first, pictures: join(values.pictures, 'screens'), step, scene: seen.scene });
tellTroubles(seen);
if (values.keep) {
  step('the pictures of 手順書 are made anew', async () => {
    const { stdout } = await promisify(execFile)(values.shikaku, ['--version']);
    await album.keep(values.keep, MANUAL_PICTURES, stdout.trim().split(' ')[1]);
  });
}
for (const [name, way, words] of [
  ['keyboard', { hand: KEYBOARD }, 'by keyboard alone'],
  ['no-scripts', { javaScript: false }, 'without a script'],
]) {
  const again = telling(await open(name, way), { named: (step) => `${words}: ${step}` });
  tellDay(again);
  tellAfterwards(again);
  tellTroubles(again);
}
