// Debian's Chromium, and pages that tell on themselves: whatever a page complains about in the console,
// and whatever it asks of another host, fails the story.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
/** A foreign name that leads here, as an attacker's own DNS would make it. */
export const FOREIGN_NAME = 'clinic.example';
/** The page of line authentication. */
export const LINE_NAME = 'www.lineauth.mnw';
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--force-color-profile=srgb',
  `--host-resolver-rules=MAP ${FOREIGN_NAME} 127.0.0.1`,
];

/** Screens the pages are held to. `zoomed` is 1366 × 768 at 200 %: half the room, twice the pixels. */
export const SCREENS = {
  desk: { width: 1366, height: 768 },
  small: { width: 1024, height: 768 },
  zoomed: { width: 683, height: 384, scale: 2 },
  phone: { width: 390, height: 844, scale: 2 },
};

/** Opens the browser; `pictures` is the folder for what it sees. */
export async function openBrowser(pictures) {
  await mkdir(pictures, { recursive: true });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  return { browser, pictures };
}

/** Complaints of a page, gathered while it is used. */
export function complaintsOf(page, complaints = []) {
  page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));
  page.on('console', (message) => {
    // A refusal (4xx) is an answer here; the stories look at its status themselves.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(`console: ${message.text()}`);
    }
  });
  page.on('request', (request) => {
    const { hostname } = new URL(request.url());
    if (!['127.0.0.1', 'localhost', FOREIGN_NAME, LINE_NAME].includes(hostname)) {
      complaints.push(`asked another host: ${request.url()}`);
    }
  });
  page.on('response', (response) => {
    if (response.status() < 500) return;
    const nth = complaints.push(`${response.status()} for ${response.url()}`) - 1;
    // Whose refusal it was stands in its words.
    response.text().then((words) => (complaints[nth] += `: ${words.slice(0, 200)}`), () => {});
  });
  return complaints;
}

/** How a page of this screen is opened. */
export function settingsOf({ width, height, scale = 1 }, javaScript = true) {
  return {
    viewport: { width, height },
    deviceScaleFactor: scale,
    javaScriptEnabled: javaScript,
    locale: 'ja-JP',
    timezoneId: 'Asia/Tokyo',
    reducedMotion: 'reduce',
  };
}

/** Tells `tale(page)` on a fresh page of this screen; fails when the page complained. */
export async function onPage({ browser }, screen, tale, { javaScript = true } = {}) {
  const context = await browser.newContext(settingsOf(screen, javaScript));
  try {
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await tale(page);
    assert.deepEqual(complaints, [], 'the page complained');
  } finally {
    await context.close();
  }
}

/** Keeps a picture of the whole page under this name. */
export async function picture({ pictures }, page, name) {
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true, animations: 'disabled' });
}
