// The first page: what it is, that everything runs, everybody there is to try.

import assert from 'node:assert/strict';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SCREENS, onPage, picture } from '../../browser.js';
import { NOTICED_CARDS, REFUSED_CARDS, VALIDITIES } from './people.js';
import { openLanding } from './steps.js';

const LAMPS = ['中央のサーバー', 'データベース', '資格確認端末', '模擬 J-LIS'];
/** How much of the page the picture in the README shows, px. */
const KEPT_HEIGHT = 1100;
/** A picture in the tree is to stay small, bytes. */
const KEPT_BYTES_MAX = 300_000;

export function tellLanding(scene, step) {
  step('the landing page says what it is and that everything runs', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      await openLanding(scene, page);
      assert.equal(await page.title(), 'はじめに – Shikaku デモ');
      assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'マイナンバーカードが、資格確認の結果になるまで');
      const lamps = await page.getByRole('list', { name: '稼働状況' }).getByRole('listitem').allInnerTexts();
      const told = lamps.map((lamp) => lamp.replaceAll(/\s+/g, ' '));
      assert.equal(told.length, LAMPS.length);
      for (const [place, lamp] of LAMPS.entries()) {
        assert.ok(told[place].includes(lamp) && told[place].includes('動いています'), told[place]);
      }
      assert.ok(await page.getByRole('img', { name: 'しくみ' }).isVisible());
      await picture(scene, page, 'landing-desk');
      if (scene.keep) await keep(scene, page);
    }));

  step('everybody is listed once, with what they show and what will happen', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      await openLanding(scene, page);
      const listed = await page.locator('.person').evaluateAll((people) =>
        people.map((person) => ({
          id: person.id,
          name: person.querySelector('.name').firstChild.textContent.trim(),
          title: person.querySelector('.title').textContent.trim(),
          outcomes: person.querySelectorAll('.outcome').length,
          buttons: person.querySelectorAll('button').length,
        })));
      const announced = scene.demo.about.people;
      const key = ({ id, name, title }) => `${id} ${name} ${title}`;
      assert.deepEqual(listed.map(key).sort(), announced.map(key).sort());
      for (const { id, outcomes, buttons } of listed) {
        assert.ok(buttons > 0 && outcomes === buttons, `${id}: ${buttons} buttons, ${outcomes} outcomes`);
      }
      const mine = [...VALIDITIES, ...NOTICED_CARDS, ...REFUSED_CARDS].map(({ person, name }) => `${person} ${name}`);
      const known = new Set(listed.map(({ id, name }) => `${id} ${name}`));
      assert.deepEqual(mine.filter((one) => !known.has(one)), []);
    }));
}

/** The picture the README shows. */
async function keep(scene, page) {
  await mkdir(scene.keep, { recursive: true });
  const path = join(scene.keep, 'demo-landing.png');
  const { width } = SCREENS.desk;
  await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width, height: KEPT_HEIGHT } });
  const { size } = await stat(path);
  assert.ok(size < KEPT_BYTES_MAX, `${path}: ${size} bytes`);
}
