// What holds for every page: WCAG 2.2 AA as far as axe sees it, no sideways scrolling, a keyboard suffices.

import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';

const WCAG_2_2_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Everything Tab is to reach. */
const CONTROLS = 'a[href], button, select, summary, textarea, input:not([type=hidden]), [tabindex="0"]';
/** Thinnest outline that counts as seen, px. */
export const OUTLINE_MIN = 2;

/** axe finds nothing on the page as it is now. */
export async function assertAccessible(page, state) {
  const { violations, passes } = await new AxeBuilder({ page }).withTags(WCAG_2_2_AA).analyze();
  assert.ok(passes.length > 5, `${state}: axe looked at nothing`);
  const told = violations.map(
    ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`,
  );
  assert.deepEqual(told, [], `${state}: axe`);
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

/** What has the focus: its place among the controls, and how it shows. */
function focused(page) {
  return page.evaluate((controls) => {
    const element = document.activeElement;
    if (!element || element === document.body) return undefined;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const middle = { x: box.left + box.width / 2, y: box.top + Math.min(box.height, innerHeight) / 2 };
    return {
      place: [...document.querySelectorAll(controls)].indexOf(element),
      name: `${element.tagName.toLowerCase()} ${(element.getAttribute('aria-label') ?? element.textContent).trim().slice(0, 40)}`,
      outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
      seen: middle.x >= 0 && middle.x <= innerWidth && middle.y >= 0 && middle.y <= innerHeight,
      closed: element.tagName === 'SUMMARY' && !element.parentElement.open,
    };
  }, CONTROLS);
}

/**
 * Walks through the page with Tab, opening with Enter what is closed: every control is reached, in the
 * order of reading, each with a focus that is seen.
 */
export async function assertTabReachesEverything(page, state) {
  const visited = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    if (!now || visited.includes(now.place)) break;
    assert.ok(now.outline >= OUTLINE_MIN, `${state}: no visible focus on ${now.name}`);
    assert.ok(now.seen, `${state}: the focus on ${now.name} is out of sight`);
    visited.push(now.place);
    if (now.closed) await page.keyboard.press('Enter');
  }
  const all = await page.evaluate((controls) => {
    const found = [...document.querySelectorAll(controls)];
    return found.map((element, place) => (element.checkVisibility() ? place : -1)).filter((place) => place >= 0);
  }, CONTROLS);
  assert.deepEqual(visited, all, `${state}: Tab order`);
  return all.length;
}
