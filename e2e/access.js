// What holds for every page: WCAG 2.2 AA as far as axe sees it, no sideways scrolling, a keyboard suffices.

import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { SCREENS, settingsOf } from './browser.js';

export const WCAG_2_2_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Everything Tab is to reach. */
const CONTROLS = 'a[href], button, select, summary, textarea, input:not([type=hidden]), [tabindex="0"]';
/** Thinnest outline that counts as seen, px. */
export const OUTLINE_MIN = 2;

/** What axe finds; begun again when the page has loaded itself anew under it, as those do that keep themselves fresh. */
async function analysed(page) {
  for (let left = 3; ; left -= 1) {
    try {
      return await new AxeBuilder({ page }).withTags(WCAG_2_2_AA).analyze();
    } catch (error) {
      if (left === 0 || !/runPartial|context was destroyed|axe is not defined/.test(error.message)) throw error;
      await page.waitForLoadState();
    }
  }
}

/** axe finds nothing on the page as it is now. */
export async function assertAccessible(page, state) {
  const { violations, passes } = await analysed(page);
  assert.ok(passes.length > 5, `${state}: axe looked at nothing`);
  const told = violations.map(
    ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`,
  );
  assert.deepEqual(told, [], `${state}: axe: ${told.join('; ')}`);
}

/**
 * Where a page with medical information leads when nobody has touched it for five minutes. For who has no script it is a
 * limit of time that cannot be lifted without giving up what it guards: WCAG 2.2.1 has that exception, axe has not.
 */
const COVER = /<meta http-equiv="refresh" content="300; url=\/medical-information\/proof[^"]*">/g;

/**
 * The same of a page in a browser without scripts, where axe, being one, cannot run: another browser shows what this one
 * shows, without the page's own scripts and with what stands there for who has none.
 */
export async function assertAccessibleWithoutScript(page, state) {
  const html = [/<script\b[^>]*>.*?<\/script>/gs, /<\/?noscript>/g, COVER].reduce((text, out) => text.replaceAll(out, ''), await page.content());
  const context = await page.context().browser().newContext(settingsOf(SCREENS.desk));
  try {
    const copy = await context.newPage();
    const address = page.url();
    await copy.route(address, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }));
    await copy.goto(address);
    await assertAccessible(copy, state);
  } finally {
    await context.close();
  }
}

/** The page is no wider than the screen; names what sticks out. */
export async function assertNoSidewaysScroll(page, state) {
  const { room, wide, out } = await page.evaluate(() => {
    const root = document.scrollingElement;
    const scrollsItself = (element) => {
      for (let one = element.parentElement; one && one !== document.body; one = one.parentElement) {
        if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(one).overflowX)) return true;
      }
      return false;
    };
    const out = [...document.body.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1 && !scrollsItself(element))
      .map((element) => `${element.tagName.toLowerCase()}.${element.getAttribute('class')}`);
    return { room: root.clientWidth, wide: root.scrollWidth, out };
  });
  assert.ok(wide <= room, `${state}: ${wide} px in ${room} px: ${out.slice(0, 5).join(', ')}`);
  assert.deepEqual(out, [], `${state}: sticks out`);
}

/** What has the focus: its place among the controls, and how it shows. Radio buttons of one group are one place. */
function focused(page) {
  return page.evaluate((controls) => {
    const element = document.activeElement;
    if (!element || element === document.body) return undefined;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    // Of a large field the line one writes on is enough.
    const half = Math.min(box.height, innerHeight) / 2;
    const middle = { x: box.left + box.width / 2, y: box.top + (element.tagName === 'TEXTAREA' ? Math.min(half, 24) : half) };
    const all = [...document.querySelectorAll(controls)];
    const group = (one) => one.type === 'radio' && one.name === element.name && one.form === element.form;
    const options = element.type === 'radio' ? all.filter((one) => group(one) && !one.disabled) : [element];
    return {
      place: all.indexOf(options[0]),
      option: options.indexOf(element),
      options: options.length,
      // Tab goes through the parts of a date before it leaves the field.
      parts: ['date', 'month', 'time', 'datetime-local'].includes(element.type),
      name: `${element.tagName.toLowerCase()} ${(element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent).trim().slice(0, 40)}`,
      outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
      // Of a part of the page that is larger than half of the screen, some of it is enough.
      seen:
        (box.height > innerHeight / 2 && element.tabIndex === 0 && element.matches('[role=region]')
          ? box.bottom > 0 && box.top < innerHeight
          : middle.y >= 0 && middle.y <= innerHeight) && middle.x >= 0 && middle.x <= innerWidth,
      closed: element.tagName === 'SUMMARY' && !element.parentElement.open,
    };
  }, CONTROLS);
}

function assertFocusSeen(now, state) {
  assert.ok(now.outline >= OUTLINE_MIN, `${state}: no visible focus on ${now.name}`);
  assert.ok(now.seen, `${state}: the focus on ${now.name} is out of sight`);
}

/** Arrows reach every option of the group that has the focus. */
async function assertArrowsReachAll(page, group, state) {
  const reached = new Set([group.option]);
  for (let presses = 0; presses < group.options; presses += 1) {
    await page.keyboard.press('ArrowDown');
    const now = await focused(page);
    assert.equal(now?.place, group.place, `${state}: an arrow leaves the group of ${group.name}`);
    assertFocusSeen(now, state);
    reached.add(now.option);
  }
  assert.equal(reached.size, group.options, `${state}: arrows do not reach every option beside ${group.name}`);
}

/** Everything a keyboard must reach, in the order of reading: controls that are seen and work; a group once. */
function reachable(page) {
  return page.evaluate((controls) => {
    const all = [...document.querySelectorAll(controls)];
    const first = (one) =>
      one.type !== 'radio' ||
      all.find((other) => other.type === 'radio' && other.name === one.name && other.form === one.form && !other.disabled) === one;
    const works = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches(':disabled') && one.tabIndex >= 0;
    return all.map((one, place) => (works(one) && first(one) ? place : -1)).filter((place) => place >= 0);
  }, CONTROLS);
}

/**
 * Walks through the page with Tab, opening with Enter what is closed, and with arrows through groups of radio buttons:
 * every control is reached, in the order of reading, each with a focus that is seen.
 */
export async function assertTabReachesEverything(page, state) {
  const visited = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    if (now?.parts && now.place === visited.at(-1)) continue;
    if (!now || visited.includes(now.place)) break;
    assertFocusSeen(now, state);
    visited.push(now.place);
    if (now.options > 1) await assertArrowsReachAll(page, now, state);
    if (now.closed) await page.keyboard.press('Enter');
  }
  const all = await reachable(page);
  assert.deepEqual(visited, all, `${state}: Tab order`);
  return all.length;
}

/** Nothing that is written is cut off: no box hides what it holds, no button or column is too narrow for its words. */
export async function assertNothingCutOff(page, state) {
  const cut = await page.evaluate(() => {
    const hides = (style) => [style.overflowX, style.overflowY].some((one) => ['hidden', 'clip'].includes(one));
    const tight = (element) => element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
    // What is there for screen readers only is one pixel large.
    const unseen = (element) => element.clientWidth <= 1 || element.clientHeight <= 1;
    const worth = (element) => element.matches('button, .button, th, td, dt, dd, li, h1, h2, h3, p, label, legend, .tag');
    const text = (element) => element.textContent.trim();
    const em = (element) => parseFloat(getComputedStyle(element).fontSize);
    // A column of a table that is squeezed until its sentence stands on end.
    const squeezed = [...document.querySelectorAll('td, th')].filter(
      (cell) => cell.checkVisibility() && !unseen(cell) && text(cell).length > 12 && cell.clientWidth < 6 * em(cell) && cell.clientHeight > 8 * em(cell));
    if (squeezed.length > 0) return squeezed.map((cell) => `squeezed: ${text(cell).slice(0, 30)}`);
    return [...document.body.querySelectorAll('*')]
      .filter((element) => element.checkVisibility() && text(element) && !unseen(element))
      .filter((element) => element.scrollWidth > element.clientWidth + 1 ? worth(element) || hides(getComputedStyle(element)) : hides(getComputedStyle(element)) && tight(element))
      .filter((element) => getComputedStyle(element).display !== 'inline' && !['auto', 'scroll'].includes(getComputedStyle(element).overflowX))
      .map((element) => `${element.tagName.toLowerCase()}.${element.className} ${element.textContent.trim().slice(0, 30)}`);
  });
  assert.deepEqual(cut.slice(0, 5), [], `${state}: cut off`);
}

/** Does this from the top of the page; what it opens and chooses is afterwards as it was before. */
export async function asItWas(page, tale) {
  const before = await page.evaluateHandle(() => {
    // From here on Tab begins at the top.
    document.documentElement.tabIndex = -1;
    document.documentElement.focus();
    document.documentElement.removeAttribute('tabindex');
    return {
      chosen: [...document.querySelectorAll('input[type=radio]')].map((one) => [one, one.checked]),
      open: [...document.querySelectorAll('details')].map((one) => [one, one.open]),
    };
  });
  await tale();
  await before.evaluate(({ chosen, open }) => {
    for (const [one, checked] of chosen) one.checked = checked;
    for (const [one, was] of open) one.open = was;
  });
  await before.dispose();
}
