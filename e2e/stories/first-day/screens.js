// Every screen of every site, as it is at the end of the day: found by following the links, and each held to what every
// page must meet. A page that no table names, and a line of a table that nothing leads to, fail;
// the first only where a site is one table's alone (not `others`).

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertAccessible, assertNoSidewaysScroll, assertNothingCutOff, assertTabReachesEverything } from '../../access.js';
import { complaintsOf, settingsOf } from '../../browser.js';
import { sites } from './sites.js';

/** A desk, and the same at 200 %: half the room, twice the pixels. */
const DESK = { width: 1280, height: 800 };
const ENLARGED = { width: 640, height: 400, scale: 2 };

/** Whether an address (path with query) is one that a line of a table means: `:x` is any one part. */
function means(pattern, address) {
  const parts = pattern.split(/:\w+/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/?]+')}$`).test(address);
}

/** Opens a screen: it is the one that is meant, or what it says instead is told. */
async function open(page, { address, title, state }) {
  const answer = await page.goto(address);
  const heading = await page.getByRole('heading', { level: 1 }).first().innerText();
  if (title.test(heading)) return;
  const said = await page.locator('main').first().innerText();
  assert.fail(`${state}: ${answer.status()} 「${heading}」, not ${title}: ${said.slice(0, 300)}`);
}

/** Nothing needs sideways scrolling, nothing is cut off. */
async function lookEnlarged(page, state, file) {
  await assertNoSidewaysScroll(page, `${state} at 200 %`);
  await assertNothingCutOff(page, `${state} at 200 %`);
  await page.screenshot({ path: file, fullPage: true, animations: 'disabled', scale: 'css' });
}

/** What can be pressed and filled in; what is folded up is a press away. */
function controls(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea')]
      .filter((one) => one.checkVisibility() || one.closest('details:not([open])'))
      .map((one) => (one.getAttribute('aria-label') ?? (one.name || one.textContent)).trim()));
}

/** Where the links of a page lead on its own site, without what only moves within a page. */
function linksOf(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll('a[href]')]
      .map((link) => new URL(link.href))
      .filter((url) => url.origin === location.origin)
      .map((url) => url.pathname + url.search));
}

class Walk {
  constructor({ site, town, pictures }) {
    Object.assign(this, { site, town, pictures });
  }

  async open() {
    const { who } = this.site;
    const state = who ? await (await this.town.person(who)).context().storageState() : undefined;
    const browser = this.town.browser;
    const context = (screen, javaScript) =>
      browser.newContext({ ...settingsOf(screen, javaScript), ...(state ? { storageState: state } : {}) });
    this.contexts = [await context(DESK, true), await context(ENLARGED, false)];
    [this.page, this.plain] = await Promise.all(this.contexts.map((one) => one.newPage()));
    this.complaints = complaintsOf(this.page);
  }

  async close() {
    for (const context of this.contexts ?? []) await context.close();
  }

  /** One screen, by everybody's ways: on a desk with scripts, and enlarged without. */
  async look({ address, title, scriptOnly = [] }) {
    const { page, plain, site } = this;
    const state = `${site.name} ${address}`;
    // What one screen complains of is that screen's.
    this.complaints.length = 0;
    await open(page, { address: site.origin + address, title, state });
    const links = await linksOf(page);
    // First, while the page is as it came; what was closed is open from here on.
    await assertTabReachesEverything(page, state);
    await assertAccessible(page, state);
    const file = join(this.pictures, `${site.name}${address}`.replaceAll(/[^\w\u3040-\u30ff\u4e00-\u9fff]+/g, '-'));
    await page.screenshot({ path: `${file}.png`, fullPage: true, animations: 'disabled' });
    const withScript = await controls(page);
    await open(plain, { address: site.origin + address, title, state: `${state} without a script` });
    await lookEnlarged(plain, state, `${file}-200.png`);
    const without = await controls(plain);
    const missing = withScript.filter((name) => !without.includes(name) && !scriptOnly.includes(name));
    assert.deepEqual(missing, [], `${state}: gone without a script`);
    assert.deepEqual(this.complaints, [], `${state} complained`);
    return links;
  }

  /** Every line of the table, and whatever its pages lead to. */
  async tell() {
    const { screens, files = [], others = false } = this.site;
    await mkdir(this.pictures, { recursive: true });
    const addresses = new Map(screens.filter(({ at }) => !at.includes(':')).map((line) => [line, line.at]));
    const done = new Set();
    const strays = new Set();
    const wrong = [];
    for (;;) {
      const next = screens.find((line) => addresses.has(line) && !done.has(line));
      if (!next) break;
      done.add(next);
      const links = await this.look({ ...next, address: addresses.get(next) }).catch((error) => {
        // The others are looked at all the same.
        wrong.push(error.message);
        return linksOf(this.page);
      });
      for (const link of links) {
        const line = screens.find(({ at }) => at === link) ?? screens.find(({ at }) => means(at, link));
        if (line && !addresses.has(line)) addresses.set(line, link);
        if (!line && !others && !files.some((file) => means(file, link))) strays.add(`${addresses.get(next)} → ${link}`);
      }
    }
    assert.deepEqual(wrong, [], `${wrong.length} screens:\n${wrong.join('\n')}`);
    assert.deepEqual(screens.filter((line) => !done.has(line)).map(({ at }) => at), [], 'nothing leads to these');
    assert.deepEqual([...strays], [], 'these pages are in no table');
    return done.size;
  }
}

/** Tells every screen of the town. */
export function tellScreens({ town, pictures, step, scene }) {
  for (const site of sites(town, scene)) {
    step(`every screen of ${site.name}: axe, 200 %, keyboard, without a script`, async () => {
      await site.prepare?.();
      const walk = new Walk({ site, town, pictures });
      try {
        await walk.open();
        await walk.tell();
      } finally {
        await walk.close();
      }
    });
  }
}
