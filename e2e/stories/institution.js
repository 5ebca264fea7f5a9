// Story `institution`: people of an institution at its terminal's browser. The procedures of the paper word for word,
// and every screen of the menu; once with scripts, once without.

import { after, test } from 'node:test';
import { parseArgs } from 'node:util';
import assert from 'node:assert/strict';
import { openBrowser } from '../browser.js';
import { startDemo } from '../program.js';
import { Album } from './first-day/album.js';
import { Clinic } from './institution/clinic.js';
import { checkByNumber, checkMany, fetchEntrusted } from './institution/counter.js';
import { enter, enterTwice, seeMenus, stayIdle, usePasskey, walkMenu } from './institution/people.js';
import { typeEverything } from './institution/naughty.js';
import { changeSettings, fetchAddress, firstLogin, issueActivation, issuePasscode, issuePasscodeByKeyboard, makeAccount } from './institution/procedures.js';

/** A step that takes longer hangs, ms. */
const STEP_TIMEOUT = 240_000;

const { values } = parseArgs({
  options: { shikaku: { type: 'string' }, pictures: { type: 'string' }, keep: { type: 'string' } },
});
if (!values.shikaku || !values.pictures) {
  throw new Error('usage: institution.js --shikaku PROGRAM --pictures FOLDER; started by `cargo xtask e2e`');
}

const demo = await startDemo(values.shikaku);
const eyes = await openBrowser(values.pictures);
const album = new Album(values.pictures, 'オンライン資格確認等システムの画面');
const clinics = [];
after(async () => {
  // Whatever a clinic complains of, nothing is left running.
  try {
    for (const clinic of clinics) await clinic.close();
  } finally {
    await eyes.browser.close();
    await demo.stop();
    await album.write();
  }
});

function tell(javaScript, named) {
  const clinic = new Clinic({ browser: eyes.browser, demo, javaScript });
  clinic.pictures = values.pictures;
  clinics.push(clinic);
  // The second telling is about the way, not about the screens: they are the same, and axe is a script.
  const look = javaScript ? (page, what) => album.look(page, what) : async () => {};
  const scene = { clinic, look, pictures: values.pictures };
  const step = (name, tale) =>
    test(named(name), { timeout: STEP_TIMEOUT }, () =>
      tale().catch(async (error) => {
        throw new Error(`${error.message}\n${await clinic.seen()}`, { cause: error });
      }));
  return { scene, step };
}

{
  const { scene, step } = tell(true, (name) => name);
  const { clinic } = scene;
  const pages = {};
  const known = new Set(['/menu']);
  const as = (name) => ({ ...scene, page: pages[name] });
  step('T01, T02, T04: the first page, signing in, the menu', async () => {
    pages.first = await enter(scene);
  });
  step('T02: the same account twice', async () => {
    pages.administrator = await enterTwice(scene, pages.first);
  });
  step('S9: a passcode for the eyes', () => issuePasscode(as('administrator')));
  step('S9 by keyboard alone', () => issuePasscodeByKeyboard(as('administrator')));
  step('S13 before S12: without the function there is no address', async () => {
    const { page } = as('administrator');
    await clinic.go(page, 'マイナ在宅受付web管理', '医療機関等別URL取得・変更');
    assert.match(await page.locator('main').innerText(), /「訪問診療等機能」が「利用しない」になっているため/);
    await scene.look(page, { row: 'S13', name: 'home-visit-url-off', caption: '医療機関等別URL取得・変更（利用しない）' });
  });
  step('S12: the settings, after the terms', () =>
    changeSettings(as('administrator'), { setting: '訪問診療等機能', first: true }));
  step('S13: the address and its picture', () => fetchAddress(as('administrator')));
  step('S15: a code for the app', () => issueActivation(as('administrator'), '訪問用タブレット１号機'));
  step('S16: an account, and its first sign-in', async () => {
    const made = await makeAccount(as('administrator'), { role: '一般', user_id: 'uketsuke2', name: '架空　髙子', kana: 'カクウ　タカコ' });
    await firstLogin(scene, made, 'kiri-no-hana-2026-asa');
    const { page } = as('administrator');
    await clinic.go(page, 'アカウント情報管理', 'アカウント管理(一覧)');
    assert.equal(await page.locator('tr', { hasText: 'uketsuke2' }).getByText('未ログイン').count(), 0);
    await page.getByRole('link', { name: 'uketsuke2', exact: true }).click();
    await scene.look(page, { row: 'T14', name: 'account', caption: 'アカウントの変更・停止・再発行', button: page.getByRole('button', { name: '変更', exact: true }) });
  });
  step('T04: what each kind of account sees', () => seeMenus(scene));
  step('T05, T06, T07, T09: a check by number, its result on one sheet of A4', async () => {
    pages.general = await clinic.signedIn(clinic.account('general'));
    await checkByNumber(as('general'));
  });
  step('T08: a file with many rows', () => checkMany(as('general')));
  step('T24: the entrusted eligibility', () => fetchEntrusted(as('general')));
  step('a passkey beside the password', async () => {
    pages.general = await usePasskey(scene);
  });
  step('half an hour without a touch', () => stayIdle(scene));
  step('every page of the menu', async () => {
    pages.administrator = await clinic.signedIn(clinic.account('administrator'));
    await walkMenu(as('administrator'), known);
    await walkMenu(as('general'), known);
  });
}

{
  const { scene, step } = tell(false, (name) => `without a script: ${name}`);
  let page;
  const as = () => ({ ...scene, page });
  step('signing in', async () => {
    page = await scene.clinic.signedIn(scene.clinic.account('administrator'));
  });
  step('S9', () => issuePasscode(as()));
  step('S12', () => changeSettings(as(), { setting: 'オンライン診療等機能', first: false }));
  step('S13', () => fetchAddress(as()));
  step('S15', () => issueActivation(as(), '訪問用タブレット２号機'));
  step('S16', async () => {
    const made = await makeAccount(as(), { role: '医療情報閲覧', user_id: 'ishi02', name: '架空　﨑男', kana: 'カクウ　サキオ' });
    await firstLogin(scene, made, 'kiri-no-hana-2026-yoru');
  });
  let general;
  let result;
  step('T05 to T09: a check by number', async () => {
    general = await scene.clinic.signedIn(scene.clinic.account('general'));
    result = await checkByNumber({ ...scene, page: general });
  });
  step('T08: a file with many rows', () => checkMany({ ...scene, page: general }));
  step('every text input takes a list of strings that break programs', () =>
    typeEverything({ scene, administrator: page, general, account: 'ishi02', result }));
}
