// How somebody works a page: with a mouse, or by keyboard alone. A story says what is done, a hand does it.

import assert from 'node:assert/strict';
import { OUTLINE_MIN } from './access.js';

/** Presses of a key after which a control counts as out of reach. */
const PRESSES_MAX = 250;

/** Clicks and types, as most people do. */
export const MOUSE = {
  press: (control) => control.click(),
  pressTwice: (control) => control.dblclick(),
  type: (field, text) => field.fill(text),
  choose: (option) => option.check(),
  pick: (list, value) => list.selectOption(value),
  give: (field, file) => field.setInputFiles(file),
};

/** Tab, Shift+Tab, Enter, Space and arrows; each control must show that it has the focus before it is used. */
export const KEYBOARD = {
  async press(control) {
    const tag = await reach(control);
    // A button takes either; a link and what opens something take Enter.
    await control.page().keyboard.press(tag === 'BUTTON' ? 'Space' : 'Enter');
  },
  async pressTwice(button) {
    await reach(button);
    const { keyboard } = button.page();
    await Promise.all([keyboard.press('Space'), keyboard.press('Space')]);
  },
  async type(field, text) {
    await reach(field);
    await field.page().keyboard.press('Control+A');
    await field.page().keyboard.type(text);
    assert.equal(await field.inputValue(), text, 'what was typed');
  },
  async choose(option) {
    const { keyboard } = option.page();
    if ((await option.getAttribute('type')) === 'radio') return chooseOfGroup(option);
    await reach(option);
    if (!(await option.isChecked())) await keyboard.press('Space');
    assert.ok(await option.isChecked(), 'Space checks it');
  },
  async pick(list, value) {
    await reach(list);
    const { keyboard } = list.page();
    // Arrows go through a list that is closed, and choose.
    const options = await list.locator('option').evaluateAll((all) => all.map((option) => option.value));
    const place = async () => options.indexOf(await list.inputValue());
    const to = options.indexOf(value);
    assert.ok(to >= 0, `${value} is not among ${options}`);
    for (let presses = 0; presses < PRESSES_MAX && (await place()) !== to; presses += 1) {
      await keyboard.press((await place()) < to ? 'ArrowDown' : 'ArrowUp');
    }
    assert.equal(await list.inputValue(), value, 'arrows choose it');
  },
  async give(field, file) {
    await reach(field);
    const page = field.page();
    const asked = page.waitForEvent('filechooser');
    // The browser has heard that it is to ask us once it answers this; a key before that would open its own window.
    await page.evaluate(() => undefined);
    await page.keyboard.press('Enter');
    await (await asked).setFiles(file);
  },
};

/** Where the focus is, seen from this control: on it (or its group), before it, behind it; and how it shows. */
function lookFrom(control) {
  return control.evaluate((element) => {
    const now = document.activeElement;
    const style = getComputedStyle(now);
    const box = now.getBoundingClientRect();
    const there = now === element;
    const radio = now.type === 'radio' && now.name === element.name && now.form === element.form;
    const behind = (element.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
    return {
      there: there || radio,
      exactly: there,
      tag: now.tagName,
      behind: !there && behind && now !== document.body,
      outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
      seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
  });
}

/** Tab reaches this control (of a group of radio buttons: any), which then shows that it has the focus; gives its tag. */
export async function reach(control) {
  await control.waitFor();
  const name = String(control);
  // Where it lies is seen once: after that Tab goes one way, as somebody who looks would.
  const key = (await lookFrom(control)).behind ? 'Shift+Tab' : 'Tab';
  for (let presses = 0; presses < PRESSES_MAX; presses += 1) {
    const now = await lookFrom(control);
    if (now.there && presses > 0) {
      assert.ok(now.outline >= OUTLINE_MIN, `no visible focus on ${name}`);
      assert.ok(now.seen, `the focus on ${name} is out of sight`);
      return now.tag;
    }
    await control.page().keyboard.press(key);
  }
  return assert.fail(`${key} never reached ${name}`);
}

/** Arrows go through a group of radio buttons and choose. */
async function chooseOfGroup(option) {
  await reach(option);
  const { keyboard } = option.page();
  for (let presses = 0; presses < PRESSES_MAX; presses += 1) {
    if ((await lookFrom(option)).exactly) break;
    await keyboard.press('ArrowDown');
  }
  assert.ok((await lookFrom(option)).outline >= OUTLINE_MIN, `no visible focus on ${String(option)}`);
  // The first of a group that has no choice yet has the focus only.
  if (!(await option.isChecked())) await keyboard.press('Space');
  assert.ok(await option.isChecked(), 'arrows choose it');
}

/** From now on a mouse on any page of this context is a complaint. */
export async function forbidMouse(context, complaints) {
  await context.exposeBinding('mouseWasUsed', (_, where) => complaints.push(`a mouse was used on ${where}`));
  await context.addInitScript(() => {
    addEventListener('pointerdown', (event) => globalThis.mouseWasUsed(event.target.outerHTML.slice(0, 80)), true);
  });
}
