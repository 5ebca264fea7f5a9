// Story `institution`: people of an institution at its terminal's browser. The procedures of the paper word for word,
// and every screen of the menu; once with scripts, once without.

import { after, test } from 'node:test';
import { parseArgs } from 'node:util';
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBrowser } from '../browser.js';
import { KEYBOARD } from '../hands.js';
import { startDemo } from '../program.js';
import { Album } from './first-day/album.js';
import { Clinic } from './institution/clinic.js';
import { checkByNumber, checkMany, fetchEntrusted } from './institution/counter.js';
import { keepAccount, readNotices, runReader, searchHistory } from './institution/office.js';
import { beRefused, changeAtOnce, enter, enterTwice, seeMenus, stayIdle, usePasskey, walkMenu } from './institution/people.js';
import { PLACES } from './institution/naughty.js';
import { changeSettings, fetchAddress, firstLogin, issueActivation, issuePasscode, makeAccount } from './institution/procedures.js';
import { askForAddress } from './institution/receipt_computer.js';
import { CHAPTERS } from './institution/words.js';

/** A step that takes longer hangs, ms. */
const STEP_TIMEOUT = 240_000;

const { values } = parseArgs({
  options: { shikaku: { type: 'string' }, pictures: { type: 'string' }, database: { type: 'string' } },
});
if (!values.shikaku || !values.pictures) {
  throw new Error('usage: institution.js --shikaku PROGRAM --pictures FOLDER; started by `cargo xtask e2e`');
}

const folder = await mkdtemp(join(tmpdir(), 'shikaku-institution-'));
const demo = await startDemo(values.shikaku, values.database);
const eyes = await openBrowser(values.pictures);
const album = new Album(values.pictures, 'オンライン資格確認等システムの画面', CHAPTERS);
const clinics = [];
after(async () => {
  // Whatever a clinic complains of, nothing is left running.
  try {
    for (const clinic of clinics) await clinic.close();
  } finally {
    await eyes.browser.close();
    await demo.stop();
    await album.write();
    await rm(folder, { recursive: true, force: true });
  }
});

/** One telling: how somebody works the pages, and how its steps are called. */
function tell({ words = '', ...way }) {
  const clinic = new Clinic({ browser: eyes.browser, demo, ...way });
  clinic.pictures = values.pictures;
  clinics.push(clinic);
  // The other tellings are about the way, not about the screens: they are the same.
  const look = words ? async () => {} : (page, what) => album.look(page, what);
  const scene = { clinic, demo, look, pictures: values.pictures, folder };
  const step = (name, tale) =>
    test(`${words}${name}`, { timeout: STEP_TIMEOUT }, () =>
      tale().catch(async (error) => {
        throw new Error(`${error.message}\n${await clinic.seen()}`, { cause: error });
      }));
  return { scene, step, pages: {} };
}

/** What an administrator does; `told` is what differs from telling to telling. */
function tellAdministrator({ scene, step, pages }, told) {
  const as = () => ({ ...scene, page: pages.administrator });
  step('S9: a passcode for the eyes', () => issuePasscode(as()));
  if (told.first) {
    step('S13 before S12: without the function there is no address', async () => {
      const { clinic, page, look } = as();
      await clinic.go(page, 'マイナ在宅受付web管理', '医療機関等別URL取得・変更');
      assert.match(await page.locator('main').innerText(), /「訪問診療等機能」が「利用しない」になっているため/);
      await look(page, { row: 'S13', name: 'home-visit-url-off', caption: '医療機関等別URL取得・変更（利用しない）' });
    });
  }
  step('S12: the settings, after the terms', () => changeSettings(as(), told));
  step('S13: the address and its picture', () => fetchAddress(as()));
  step('OQSsiurl: the same address by file', () => askForAddress(as(), told.place));
  step('S15: a code for the app', () => issueActivation(as(), told.device));
  step('S16, T14: an account, its first sign-in, a change, a stop, a new password', async () => {
    const made = await makeAccount(as(), told.account);
    await firstLogin(scene, made, told.password);
    await keepAccount(as(), { ...told.account, password: told.password });
  });
  step('T19: the card reader', () => runReader(as(), told));
  step('お知らせ of the operator', () => readNotices(as(), told.notices));
  step('操作履歴, found and as a table', () => searchHistory(as()));
}

/** What happens at the counter. */
function tellCounter({ scene, step, pages }) {
  const as = () => ({ ...scene, page: pages.general });
  step('T05, T06, T07, T09: a check by number, its result on one sheet of A4', async () => {
    pages.general = await scene.clinic.signedIn(scene.clinic.account('general'));
    pages.result = await checkByNumber(as());
  });
  step('T08: a file with many rows', () => checkMany(as()));
  step('T24: the entrusted eligibility', () => fetchEntrusted(as()));
}

await mkdir(folder, { recursive: true });
{
  const telling = tell({});
  const { scene, step, pages } = telling;
  const { clinic } = scene;
  const known = new Set(['/menu']);
  const as = (name) => ({ ...scene, page: pages[name] });
  step('T01, T02, T04: the first page, signing in, the menu', async () => {
    pages.first = await enter(scene);
  });
  step('T02: the same account twice', async () => {
    pages.administrator = await enterTwice(scene, pages.first);
  });
  tellAdministrator(telling, {
    first: true,
    place: 1,
    setting: '訪問診療等機能',
    device: '訪問用タブレット１号機',
    account: { role: '一般', user_id: 'uketsuke2', name: '架空　髙子', kana: 'カクウ　タカコ' },
    password: 'kiri-no-hana-2026-asa',
    notices: ['接続検証のお願い', '機能追加のお知らせ'],
  });
  step('T04: what each kind of account sees', () => seeMenus(scene));
  tellCounter(telling);
  step('a passkey beside the password', async () => {
    pages.general = await usePasskey(scene);
  });
  step('half an hour without a touch', () => stayIdle(scene));
  step('every page of the menu', async () => {
    pages.administrator = await clinic.signedIn(clinic.account('administrator'));
    await walkMenu(as('administrator'), known);
    await walkMenu(as('general'), known);
  });
  step('what is not there says so, and every error has its page', () => beRefused(as('general')));
  step('S12: two screens at once', () => changeAtOnce(as('administrator')));
}

/** The same again by another way; `then` is what only this way has. */
const AGAIN = [
  {
    way: { words: 'by keyboard alone: ', hand: KEYBOARD },
    told: {
      place: 2,
      setting: 'オンライン診療等機能',
      device: '訪問用タブレット２号機',
      account: { role: '一般', user_id: 'uketsuke3', name: '架空　鍵子', kana: 'カクウ　カギコ' },
      password: 'kiri-no-hana-2026-hiru',
      notices: ['鍵盤のためのお知らせ', '鍵盤のためのもう1つのお知らせ'],
    },
    then: ({ scene, step }) => step('a passkey beside the password', () => usePasskey(scene)),
  },
  {
    way: { words: 'without a script: ', javaScript: false },
    told: {
      place: 3,
      setting: '外来診療等(通常とは異なる動線)機能',
      device: '訪問用タブレット３号機',
      account: { role: '医療情報閲覧', user_id: 'ishi02', name: '架空　﨑男', kana: 'カクウ　サキオ' },
      password: 'kiri-no-hana-2026-yoru',
      notices: ['台本なしのお知らせ', '台本なしのもう1つのお知らせ'],
    },
    then: ({ scene, step, pages }, { account }) => {
      for (const [place, tale] of Object.entries(PLACES)) {
        step(`strings that break programs: ${place}`, () =>
          tale({ scene, administrator: pages.administrator, general: pages.general, account: account.user_id, result: pages.result }));
      }
    },
  },
];

for (const { way, told, then } of AGAIN) {
  const telling = tell(way);
  const { scene, step, pages } = telling;
  step('T01, T02: signing in, twice', async () => {
    pages.administrator = await enterTwice(scene, await enter(scene));
  });
  tellAdministrator(telling, told);
  tellCounter(telling);
  then(telling, told);
}
