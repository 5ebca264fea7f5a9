// Hands at the reader: a card put down and taken away, keys pressed, the file that the receipt computer gets.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { complaintsOf, settingsOf } from '../../browser.js';
import { DISPLAYS } from './displays.js';

/** How long a screen may take to come, ms. Generous: nothing is measured here. */
export const SCREEN_TIME = 20_000;

/** The reader's screen on a display and the tray beside it, both as before anybody came; fails when they complained. */
export async function atReader(scene, display, tale) {
  const context = await scene.browser.newContext({ ...settingsOf(DISPLAYS[display]), hasTouch: true });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(SCREEN_TIME);
    const complaints = complaintsOf(page);
    const tray = await context.newPage();
    tray.setDefaultTimeout(SCREEN_TIME);
    complaintsOf(tray, complaints);
    const reader = { page, tray, screen: page.locator('#screen') };
    await tray.goto(scene.demo.about.reader);
    if (await tray.getByRole('button', { name: 'カードを取る' }).count()) await take(reader);
    await page.goto(scene.demo.about.reader_screen);
    await page.bringToFront();
    if (await reader.screen.getByRole('button', { name: 'やめる' }).count()) await press(reader, 'やめる');
    await screenOf(reader, 'start');
    await tale(reader);
    assert.deepEqual(complaints, [], 'the page complained');
  } finally {
    await context.close();
  }
}

/** Puts somebody's card on the reader. */
export async function put({ tray }, name) {
  await tray.getByRole('button', { name: `${name}さんのカードを置く` }).click();
}

/** Takes it away again. */
export async function take({ tray }) {
  await tray.goto(new URL('/reader', tray.url()).href);
  await tray.getByRole('button', { name: 'カードを取る' }).click();
}

/** Waits for a screen. */
export async function screenOf({ page }, id) {
  await page.locator(`#screen[data-page="${id}"]`).waitFor({ timeout: SCREEN_TIME });
}

/** Presses a button of the screen. */
export async function press({ page }, name) {
  await page.locator('#screen').getByRole('button', { name }).first().click();
}

/** Digits on the pad, then 確定. */
export async function type({ page }, digits) {
  for (const digit of digits) await page.locator('.keys').getByRole('button', { name: digit, exact: true }).click();
  await page.locator('[data-enter]').click();
}

/** What stands in the folder of results by card, newest last. */
export async function faceFiles({ demo }) {
  const folder = join(demo.about.drop, 'face');
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.startsWith('OQSsiquc01res_face_') && name.endsWith('.xml')).sort().map((name) => join(folder, name));
}

/** The one file that came since `before`. */
export async function newFile(scene, before) {
  const files = (await faceFiles(scene)).filter((file) => !before.includes(file));
  assert.equal(files.length, 1, `files in face: ${files}`);
  return readFile(files[0], 'utf8');
}

/** The value of an element. */
export const valueOf = (xml, name) => xml.match(new RegExp(`<${name}>([^<]*)</${name}>`))?.[1];
