// Story `counter`: a patient at the card reader, and the staff beside it. The card is simulated and put down on the demo's
// tray; everything else is the program that works with a real one.

import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openBrowser } from '../browser.js';
import { startDemo } from '../program.js';
import { tellComforts } from './counter/comforts.js';
import { tellScreens } from './counter/screens.js';
import { tellVisits } from './counter/visits.js';

/** What `cargo xtask voices` recorded. */
const VOICES = fileURLToPath(new URL('../../target/voices', import.meta.url));
/** A step that takes longer hangs, ms. */
const STEP_TIMEOUT = 600_000;

const { values } = parseArgs({
  options: { shikaku: { type: 'string' }, pictures: { type: 'string' }, database: { type: 'string' } },
});
if (!values.shikaku || !values.pictures) {
  throw new Error('usage: counter.js --shikaku PROGRAM --pictures FOLDER; started by `cargo xtask e2e`');
}

// Without the program and the browser there is no story: whatever fails here ends it, loudly.
const demo = await startDemo(values.shikaku, values.database, ['--voices', VOICES]);
const eyes = await openBrowser(values.pictures);
after(async () => {
  await eyes.browser.close();
  await demo.stop();
});

const scene = { ...eyes, demo, shikaku: values.shikaku };
const step = (name, tale) => test(name, { timeout: STEP_TIMEOUT }, tale);
tellVisits(scene, step);
tellComforts(scene, step);
tellScreens(scene, step);
