// The same pages without a script, without a mouse, enlarged, on small screens.

import assert from 'node:assert/strict';
import { assertAccessible, assertNoSidewaysScroll, assertTabReachesEverything } from '../../access.js';
import { SCREENS, onPage, picture } from '../../browser.js';
import { REFUSED_CARDS, VALIDITIES } from './people.js';
import { ask, openLanding, putCard } from './steps.js';

const [valid] = VALIDITIES;
/** The longest words of a band. */
const long = VALIDITIES.find(({ validity }) => validity === '3');
const refused = REFUSED_CARDS.find(({ person }) => person === 'pin-locked');

async function openAllGroups(page) {
  const closed = page.locator('details:not([open]) > summary');
  while ((await closed.count()) > 0) await closed.first().click();
}

/** Every kind of page on this screen. */
async function tellScreen(scene, name) {
  await onPage(scene, SCREENS[name], async (page) => {
    const look = async (state) => {
      await assertNoSidewaysScroll(page, state);
      await assertAccessible(page, state);
      await picture(scene, page, `${state}-${name}`);
    };
    await openLanding(scene, page);
    await openAllGroups(page);
    await look('landing-open');
    await ask(page, valid);
    await look('result-valid');
    await openLanding(scene, page);
    await ask(page, long);
    await look('result-newer');
    await openLanding(scene, page);
    await putCard(page, refused);
    await look('refused');
  });
}

/** Presses Tab until the control under this name has the focus. */
async function tabTo(page, name) {
  for (let presses = 0; presses < 300; presses += 1) {
    await page.keyboard.press('Tab');
    const now = await page.evaluate(() => {
      const element = document.activeElement;
      return element.labels?.[0]?.textContent.trim() ?? element.getAttribute('aria-label') ?? element.textContent.trim();
    });
    if (now.startsWith(name)) return;
  }
  assert.fail(`Tab never reached ${name}`);
}

export function tellEverybodysWay(scene, step) {
  for (const name of Object.keys(SCREENS)) {
    step(`every kind of page fits the screen "${name}" and is accessible there`, () => tellScreen(scene, name));
  }

  step('without a script everything works', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      for (const line of VALIDITIES) {
        await openLanding(scene, page);
        await ask(page, line);
        assert.equal(await page.locator('.band .word').innerText(), line.word);
      }
    }, { javaScript: false }));

  step('Tab reaches every control of the landing page in the order of reading, with a focus that is seen', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      await openLanding(scene, page);
      const controls = await assertTabReachesEverything(page, 'landing');
      assert.ok(controls > 100, `${controls} controls`);
    }));

  step('Tab reaches every control of a result', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      await openLanding(scene, page);
      await ask(page, valid);
      await assertTabReachesEverything(page, 'result');
    }));

  step('a keyboard alone makes a check, chooses another proof, and comes back', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      await openLanding(scene, page);
      await tabTo(page, '本文へ移動');
      await picture(scene, page, 'keyboard-skip-link');
      await page.keyboard.press('Enter');
      await tabTo(page, `${valid.name}さんの本人確認方法`);
      await page.keyboard.press('ArrowDown');
      await tabTo(page, `${valid.name}さんのカードを置く`);
      await page.screenshot({ path: `${scene.pictures}/keyboard-focus.png` });
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/results\/\d+$/);
      assert.equal(await page.locator('.band .word').innerText(), valid.word);
      assert.ok((await page.locator('.steps').innerText()).includes('顔認証'), 'the proof chosen by keyboard');
      await tabTo(page, '← 人物の一覧に戻る');
      await page.keyboard.press('Enter');
      await page.waitForURL(/#hanako$/);
    }));
}
