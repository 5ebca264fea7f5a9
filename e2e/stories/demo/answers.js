// What comes of a card or a number: the band the front desk reads, and the file the receipt computer gets.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assertAccessible } from '../../access.js';
import { SCREENS, onPage, picture } from '../../browser.js';
import { NOTICED_CARDS, NO_MATCH_BY_CARD, REFUSED_CARDS, VALIDITIES } from './people.js';
import { ask, openLanding, putCard } from './steps.js';

/** The band says this; its tone is never alone. */
async function assertBand(page, { tone, icon, word, next }) {
  const band = page.locator('.band');
  assert.deepEqual((await band.getAttribute('class')).split(' '), ['band', tone]);
  const seen = {
    icon: await band.locator('.mark').innerText(),
    word: await band.locator('.word').innerText(),
    next: await band.locator('.next').innerText(),
  };
  assert.deepEqual(seen, { icon, word, next });
  const size = await band.locator('.word').evaluate((element) => getComputedStyle(element).fontSize);
  assert.equal(size, '40px', 'read from a metre away');
}

/** The file named on the page is on disk, in this folder of the share, and is what the page shows. */
async function assertFile(scene, page, { validity, folder }) {
  const section = page.locator('section', { has: page.getByRole('heading', { name: 'レセコンに届いた XML' }) });
  const path = await section.locator('p code').innerText();
  assert.equal(dirname(path), join(scene.demo.about.drop, folder));
  const text = await readFile(path, 'utf8');
  assert.ok(text.includes(`<QualificationValidity>${validity}</QualificationValidity>`), text);
  const shown = await section.locator('pre').textContent();
  assert.equal(shown.trim(), text.replace(/^\uFEFF/, '').trim());
}

async function tellAnswer(scene, line) {
  await onPage(scene, SCREENS.desk, async (page) => {
    await openLanding(scene, page);
    await ask(page, line);
    assert.match(new URL(page.url()).pathname, /^\/results\/\d+$/);
    assert.ok((await page.getByRole('heading', { level: 1 }).innerText()).startsWith(`${line.name}さんの資格確認`));
    await assertBand(page, line);
    const code = line.code ?? '';
    const told = await page.locator('.code code').allInnerTexts();
    assert.deepEqual(told, code ? [code] : []);
    await assertFile(scene, page, line);
    await assertAccessible(page, `${line.person} ${line.word}`);
    await picture(scene, page, `result-${line.person}-${line.ask.way}`);
    // Back leads to where one was, the group open.
    await page.getByRole('link', { name: '← 人物の一覧に戻る' }).first().click();
    await page.locator(`#${line.person}`).waitFor({ state: 'visible' });
  });
}

async function tellRefusal(scene, line) {
  await onPage(scene, SCREENS.desk, async (page) => {
    await openLanding(scene, page);
    const answer = page.waitForResponse((response) => response.request().method() === 'POST');
    await putCard(page, line);
    assert.equal((await answer).status(), 422);
    const alert = page.getByRole('alert');
    assert.ok((await alert.getAttribute('class')).includes('stop'));
    assert.equal(await alert.locator('.mark').innerText(), '×');
    assert.equal(await alert.locator('.word').innerText(), line.cause);
    assert.equal(await alert.locator('.next').innerText(), line.remedy);
    assert.ok((await page.locator('main').innerText()).includes(line.code), line.code);
    await assertAccessible(page, line.person);
    await picture(scene, page, `refused-${line.person}`);
  });
}

export function tellAnswers(scene, step) {
  for (const line of VALIDITIES) {
    step(`資格有効性 ${line.validity}: ${line.name} shows 「${line.word}」 and its file`, () => tellAnswer(scene, line));
  }
  step('資格有効性 4 by card does not speak of a number nobody typed', () => tellAnswer(scene, NO_MATCH_BY_CARD));
  for (const line of NOTICED_CARDS) {
    step(`${line.code}: ${line.name} is told about the certificate`, () => tellAnswer(scene, line));
  }
  for (const line of REFUSED_CARDS) {
    step(`${line.code}: ${line.name} (${line.person}) is refused and told what to do`, () => tellRefusal(scene, line));
  }
  step('a locked PIN is no dead end: the face does', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      const locked = REFUSED_CARDS.find(({ person }) => person === 'pin-locked');
      await openLanding(scene, page);
      await putCard(page, { ...locked, proof: 'face' });
      const [valid] = VALIDITIES;
      await assertBand(page, valid);
      await assertFile(scene, page, valid);
    }));
}
