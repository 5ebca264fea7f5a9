// The list of errors and states: every button is pressed, and what comes is what the list said.

import assert from 'node:assert/strict';
import { assertAccessible, assertNoSidewaysScroll, assertTabReachesEverything } from '../../access.js';
import { SCREENS, onPage, picture } from '../../browser.js';
import { CONSENTS, LAYERS, NOT_BUILT } from './codes.js';

const STATES = ['validity', 'cards', 'consent'];

async function openCatalogue(scene, page) {
  await page.goto(new URL('/catalogue', scene.demo.about.landing_page).href);
}

/** Presses a form's button and waits for the page that says what came. */
async function bringAbout(page, button) {
  await Promise.all([page.waitForURL(/\/(results|checks|situations)(\/\w+)?$/, { timeout: 60_000 }), button.click()]);
}

/** The code a page says that was received. */
async function received(page) {
  const beside = await page.locator('.code code').allInnerTexts();
  const refused = await page.locator('tr', { has: page.getByRole('rowheader', { name: 'コード' }) }).locator('td').allInnerTexts();
  return [...beside, ...refused.map((text) => text.split(/\s/)[0])][0];
}

/** Brings a code about in every way the list has, on one page after another. */
async function tellCode(scene, page, code) {
  await openCatalogue(scene, page);
  const entry = page.locator(`[id="${code}"]`);
  const ways = await entry.getByRole('button').count();
  if (NOT_BUILT.includes(code)) {
    assert.equal(ways, 0, code);
    assert.ok((await entry.locator('.notyet').innerText()).includes('ボタンでは'), code);
    return;
  }
  assert.ok(ways > 0, `${code}: no way there`);
  for (let way = 0; way < ways; way += 1) {
    await openCatalogue(scene, page);
    await bringAbout(page, page.locator(`[id="${code}"]`).getByRole('button').nth(way));
    assert.equal(await received(page), code);
    await assertAccessible(page, `${code} way ${way}`);
    await picture(scene, page, `code-${code}-${way}`);
    await page.getByRole('link', { name: '← エラーと状態の一覧に戻る' }).first().click();
    assert.equal(new URL(page.url()).hash, `#${code}`);
  }
}

async function tellConsent(scene, page, { title, sees, says }) {
  await openCatalogue(scene, page);
  const entry = page.locator('section', { has: page.locator('#consent') }).locator('.entry', { has: page.getByRole('heading', { name: title, exact: true }) });
  await bringAbout(page, entry.getByRole('button'));
  const rows = page.locator('.seen tbody tr');
  const seen = await rows.evaluateAll((lines) => lines.map((line) => line.querySelector('.tag').textContent.includes('見える')));
  assert.deepEqual(seen, sees, title);
  if (says) assert.ok((await page.getByRole('row', { name: '薬剤情報' }).innerText()).includes(says), title);
}

export function tellCatalogue(scene, step) {
  step('the list of errors and states is reached from the first page and works on every screen', async () => {
    await onPage(scene, SCREENS.desk, async (page) => {
      await page.goto(scene.demo.about.landing_page);
      await page.getByRole('link', { name: 'エラーと状態の一覧' }).click();
      assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'エラーと状態の一覧');
      await assertTabReachesEverything(page, 'the list');
    });
    for (const [name, screen] of Object.entries(SCREENS)) {
      await onPage(scene, screen, async (page) => {
        await openCatalogue(scene, page);
        await assertNoSidewaysScroll(page, `the list on ${name}`);
        await assertAccessible(page, `the list on ${name}`);
        await picture(scene, page, `catalogue-${name}`);
      });
    }
  });

  step('the first page lists every error and every state itself, each with its way to the list', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      const codes = Object.values(LAYERS).flat();
      await page.goto(scene.demo.about.landing_page);
      const errors = page.locator('details', { has: page.getByRole('heading', { name: `エラー（${codes.length} 種類）` }) });
      await errors.locator('summary').click();
      assert.deepEqual((await errors.locator('a code').allInnerTexts()).sort(), [...codes].sort());
      await assertAccessible(page, 'the errors on the first page');
      await errors.getByRole('link', { name: /^OQSA9109E/ }).click();
      assert.equal(new URL(page.url()).hash, '#OQSA9109E');
      await page.goto(scene.demo.about.landing_page);
      const consents = page.locator('details', { has: page.getByRole('heading', { name: '同意の状態' }) });
      await consents.locator('summary').click();
      assert.equal(await consents.getByRole('link').count(), CONSENTS.length);
      await consents.getByRole('link', { name: '救急時' }).click();
      assert.ok(await page.getByRole('heading', { name: '同意を得るのが難しい（救急時）' }).isVisible());
    }));

  tellCodes(scene, step);

  step('every state can be tried from the list', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      const buttons = (state) => page.locator('section', { has: page.locator(`#${state}`) }).getByRole('button');
      for (const state of STATES) {
        await openCatalogue(scene, page);
        const count = await buttons(state).count();
        assert.ok(count > 5, state);
        for (let nth = 0; nth < count; nth += 1) {
          await openCatalogue(scene, page);
          await bringAbout(page, buttons(state).nth(nth));
          await page.locator('.band').waitFor();
          await picture(scene, page, `state-${state}-${nth}`);
        }
      }
    }));

  step('consents are chosen one by one, on a phone and by keyboard', async () => {
    await onPage(scene, SCREENS.phone, async (page) => {
      await page.goto(scene.demo.about.landing_page);
      await page.getByRole('link', { name: '架空　花子さんの同意を選んで試す' }).click();
      await assertNoSidewaysScroll(page, 'choosing');
      await assertAccessible(page, 'choosing');
      await picture(scene, page, 'visit-phone');
      await page.getByRole('group', { name: '薬剤情報' }).getByLabel('同意しない').check();
      await page.getByRole('group', { name: '処方箋の発行形態' }).getByLabel('電子処方箋').check();
      await bringAbout(page, page.getByRole('button', { name: 'この内容でカードを置く' }));
      const medication = page.getByRole('row', { name: '薬剤情報' });
      assert.ok((await medication.innerText()).includes('見えない'));
      assert.ok((await page.locator('pre').first().textContent()).includes('<PrescriptionIssueSelect>1<'));
      await assertNoSidewaysScroll(page, 'the answer to a choice');
      await assertAccessible(page, 'the answer to a choice');
      await picture(scene, page, 'visit-answer-phone');
    });
    await onPage(scene, SCREENS.desk, async (page) => {
      await page.goto(new URL('/cards/hanako', scene.demo.about.landing_page).href);
      await page.locator('#proof').focus();
      await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowRight');
      assert.ok(await page.locator('input[name=ceiling][value=refused]').isChecked());
      await picture(scene, page, 'visit-desk');
    });
  });

  step('a character the receipt computer lacks is named', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      for (const person of ['rare-takasaki', 'rare-tsuji', 'rare-katsuragi']) {
        await page.goto(new URL(`/cards/${person}`, scene.demo.about.landing_page).href);
        await page.getByLabel('結果を受け取るレセコン').selectOption('shift_jis');
        await bringAbout(page, page.getByRole('button', { name: 'この内容でカードを置く' }));
        assert.ok(await page.getByRole('heading', { name: '代替文字あり' }).isVisible(), person);
        await assertAccessible(page, `${person} in Shift_JIS`);
        await picture(scene, page, `shift-jis-${person}`);
      }
    }));

  step('a locked card is unlocked at the counter of the municipality, and can be locked again', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      await openCatalogue(scene, page);
      const lock = () => page.locator('#OQSR0004E').getByRole('button', { name: '暗証番号を 3 回まちがえる' });
      await bringAbout(page, lock());
      await Promise.all([page.waitForURL(/\/results\/\d+$/), page.getByRole('button', { name: '初期化する' }).click()]);
      assert.equal(await page.locator('.band .word').innerText(), '初期化しました');
      await assertAccessible(page, 'unlocked');
      await picture(scene, page, 'unlocked');
      await openCatalogue(scene, page);
      await bringAbout(page, lock());
      assert.equal(await received(page), 'OQSR0004E');
    }));
}

/** What the centre answers and keeps, whatever the screen: the chapters that another database could change. */
export function tellCodes(scene, step) {
  for (const [layer, codes] of Object.entries(LAYERS)) {
    step(`every code of ${layer} happens for real, or says why not yet`, () =>
      onPage(scene, SCREENS.desk, async (page) => {
        await openCatalogue(scene, page);
        const listed = await page.locator(`.entry[id^="${layer}"]`).evaluateAll((entries) => entries.map(({ id }) => id));
        assert.deepEqual(listed, codes);
        for (const code of codes) {
          // A step tells dozens of codes: what fails says at which, and what stood there.
          await tellCode(scene, page, code).catch(async (error) => {
            const words = await page.locator('main').innerText({ timeout: 5_000 }).catch(() => '');
            throw new Error(`${code} at ${page.url()}: ${error.message}\n${words.slice(0, 1_000)}`, { cause: error });
          });
        }
      }));
  }

  step('what the patient agreed to is what the clinic may see', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      for (const consent of CONSENTS) await tellConsent(scene, page, consent);
    }));
}
