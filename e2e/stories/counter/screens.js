// Every screen of the reader × every language × the shapes of its display: axe, nothing cut off, nothing too small to
// read or to touch. The pages are what the program writes; a server here hands them to the browser.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { readFile, readdir } from 'node:fs/promises';
import { once } from 'node:events';
import { join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { WCAG_2_2_AA } from '../../access.js';
import { picture } from '../../browser.js';
import { DISPLAYS } from './displays.js';

/** What these screens promise, px. */
const TEXT_MIN = 28;
const TARGET_MIN = 64;
/** Put into every page before it is its own: with so many pages, a frame and a window for each look take too long. */
const AXE = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));
const KINDS = { html: 'text/html; charset=utf-8', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };

/** Hands out the files of a folder on a port of 127.0.0.1. */
export async function serveFolder(folder) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname));
    // There is no reader behind these pages: what they would ask it for stays empty.
    const body = await readFile(join(folder, path)).catch(() => undefined);
    if (!body) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { 'content-type': KINDS[path.split('.').pop()] ?? 'application/octet-stream' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** What is too small, cut off, outside of the display or over something else. */
function faults(page) {
  return page.evaluate(({ textMin, targetMin }) => {
    const found = [];
    const seen = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !one.closest('.unseen');
    const named = (one) => `${one.tagName.toLowerCase()} "${one.textContent.trim().slice(0, 24)}"`;
    const root = document.scrollingElement;
    if (root.scrollWidth > innerWidth) found.push(`${root.scrollWidth} px wide`);
    if (root.scrollHeight > innerHeight + 1) found.push(`${root.scrollHeight} px high in ${innerHeight}`);
    for (const one of document.querySelectorAll('body *')) {
      if (!seen(one) || one.closest('svg')) continue;
      const own = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      const size = parseFloat(getComputedStyle(one).fontSize);
      if (own && size < textMin) found.push(`${named(one)} is ${size} px`);
      if (one.matches('button, summary, input:not([type=hidden])')) {
        const { width, height } = one.getBoundingClientRect();
        if (Math.min(width, height) < targetMin) found.push(`${named(one)} is ${Math.round(width)} × ${Math.round(height)} px`);
      }
      if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0 && getComputedStyle(one).display !== 'inline') found.push(`${named(one)} is cut off`);
    }
    return found;
  }, { textMin: TEXT_MIN, targetMin: TARGET_MIN });
}

/** What axe finds on the page as it is now. */
async function findings(page) {
  const { violations, passes } = await page.evaluate(async (tags) => {
    const found = await globalThis.axe.run(document, { runOnly: tags, resultTypes: ['violations', 'passes'] });
    const told = ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`;
    return { violations: found.violations.map(told), passes: found.passes.length };
  }, WCAG_2_2_AA);
  return passes > 5 ? violations : ['axe looked at nothing'];
}

/** Names of the screens of one language. */
async function namesOf(folder, language) {
  const files = await readdir(join(folder, language));
  return files.filter((file) => file.endsWith('.html')).map((file) => file.replace('.html', '')).sort();
}

/** Looks at every screen of one language on one display. */
export async function lookAtScreens(eyes, { folder, address, language, display, contrast = false, axe = true }) {
  const context = await eyes.browser.newContext({ viewport: DISPLAYS[display], locale: 'ja-JP', reducedMotion: 'reduce', hasTouch: true });
  const wrong = [];
  try {
    if (axe) await context.addInitScript({ path: AXE });
    const page = await context.newPage();
    const names = await namesOf(folder, language);
    assert.ok(names.length >= 30, `${language}: ${names.length} screens`);
    for (const name of names) {
      await page.goto(`${address}/${language}/${name}.html`);
      if (contrast) await page.evaluate(() => document.getElementById('screen').setAttribute('data-contrast', ''));
      const state = `${language} ${display} ${name}${contrast ? ' contrast' : ''}`;
      await picture(eyes, page, `${display}-${language}${contrast ? '-contrast' : ''}-${name}`);
      wrong.push(...(await faults(page)).map((fault) => `${state}: ${fault}`));
      if (axe) wrong.push(...(await findings(page)).map((finding) => `${state}: axe: ${finding}`));
    }
  } finally {
    await context.close();
  }
  return wrong;
}

const LANGUAGES = ['ja', 'ja-easy', 'en', 'zh-Hans', 'ko', 'vi', 'pt'];
/** Pages opened at once. */
const AT_ONCE = 3;

/** The program writes its screens; every one is looked at. */
export function tellScreens(scene, step) {
  const folder = join(scene.pictures, 'pages');
  let served;
  step('the program writes every screen in every language', async () => {
    await promisify(execFile)(scene.shikaku, ['kiosk', 'pages', '--out', folder]);
    served = await serveFolder(folder);
  });
  for (const language of LANGUAGES) {
    step(`every screen in ${language}, upright, lying and on a small display`, async () => {
      const looks = Object.keys(DISPLAYS).map((display) => ({ display, axe: display !== 'small' }));
      const wrong = await Promise.all(looks.slice(0, AT_ONCE).map((look) => lookAtScreens(scene, { folder, address: served.address, language, ...look })));
      assert.deepEqual(wrong.flat(), []);
    });
  }
  step('every screen in high contrast', async () => {
    const wrong = await lookAtScreens(scene, { folder, address: served.address, language: 'ja', display: 'upright', contrast: true });
    served.close();
    assert.deepEqual(wrong, []);
  });
}
