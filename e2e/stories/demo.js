// Story `demo`: a newcomer opens the landing page, puts every kind of card on the reader, asks by number,
// and sees what the receipt computer gets; with any screen, without a mouse, without a script.

import { after, test } from 'node:test';
import { parseArgs } from 'node:util';
import { openBrowser } from '../browser.js';
import { startDemo } from '../program.js';
import { tellAnswers } from './demo/answers.js';
import { tellCatalogue, tellCodes } from './demo/catalogue.js';
import { tellEverybodysWay } from './demo/everybodys_way.js';
import { tellForeignPages } from './demo/foreign_pages.js';
import { tellLanding } from './demo/landing.js';

/** A step that takes longer hangs, ms. */
const STEP_TIMEOUT = 240_000;

const { values } = parseArgs({
  options: { shikaku: { type: 'string' }, pictures: { type: 'string' }, keep: { type: 'string' }, database: { type: 'string' }, part: { type: 'string' } },
});
if (!values.shikaku || !values.pictures) {
  throw new Error('usage: demo.js --shikaku PROGRAM --pictures FOLDER [--keep FOLDER] [--part answers]; started by `cargo xtask e2e`');
}

// Without the program and the browser there is no story: whatever fails here ends it, loudly.
const demo = await startDemo(values.shikaku, values.database);
const eyes = await openBrowser(values.pictures);
after(async () => {
  await eyes.browser.close();
  await demo.stop();
});

const scene = { ...eyes, demo, keep: values.keep };
const step = (name, tale) => test(name, { timeout: STEP_TIMEOUT }, tale);
if (values.part === 'answers') {
  tellAnswers(scene, step);
  tellCodes(scene, step);
} else {
  tellLanding(scene, step);
  tellAnswers(scene, step);
  tellForeignPages(scene, step);
  tellEverybodysWay(scene, step);
  tellCatalogue(scene, step);
}
