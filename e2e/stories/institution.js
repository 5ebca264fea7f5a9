// Story `institution`: people of an institution at its terminal's browser. The procedures of the paper word for word,
// and every screen of the menu; with a mouse, by keyboard alone, without scripts, each by an institution of its own.

import { after, test } from 'node:test';
import { parseArgs } from 'node:util';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertAccessible, assertAccessibleWithoutScript, assertNothingCutOff } from '../access.js';
import { openBrowser } from '../browser.js';
import { KEYBOARD } from '../hands.js';
import { startDemo } from '../program.js';
import { Album } from './first-day/album.js';
import { Clinic } from './institution/clinic.js';
import { cancelConsent, findConsented, giveNumber, leaveAlone, viewMedicines } from './institution/consents.js';
import { checkByNumber, checkMany, fetchEntrusted } from './institution/counter.js';
import { keepAccount, lockAccount, readNotices, runReader, searchHistory } from './institution/office.js';
import { beRefused, changeAtOnce, enter, enterTwice, resetMaster, seeMenus, stayIdle, usePasskey, walkMenu } from './institution/people.js';
import { PLACES } from './institution/naughty.js';
import { changeSettings, fetchAddress, firstLogin, issueActivation, issuePasscode, makeAccount } from './institution/procedures.js';
import { askForAddress } from './institution/receipt_computer.js';
import { beHeldBack, comeTooLate, meetCeilings, meetResults } from './institution/results.js';
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
const eyes = await openBrowser(values.pictures);
const album = new Album(values.pictures, 'オンライン資格確認等システムの画面', CHAPTERS);
const scenes = [];
after(async () => {
  // Whatever went wrong, nothing is left running.
  try {
    for (const scene of scenes) await close(scene);
  } finally {
    await eyes.browser.close();
    await album.write();
    await rm(folder, { recursive: true, force: true });
  }
});

/** Opens an institution that nobody has used yet: a demo of its own, and its people. */
async function open(scene, way) {
  scene.demo = await startDemo(values.shikaku, values.database);
  scene.clinic = new Clinic({ browser: eyes.browser, demo: scene.demo, ...way });
  scene.clinic.pictures = values.pictures;
}

/** Its people go, none of whose pages complained, and it ends. */
async function close(scene) {
  const { demo, clinic } = scene;
  delete scene.demo;
  try {
    await clinic?.close();
  } finally {
    await demo?.stop();
  }
}

/** What must hold on a screen however somebody works it. */
async function glance({ javaScript }, page, name) {
  await (javaScript ? assertAccessible : assertAccessibleWithoutScript)(page, name);
  await assertNothingCutOff(page, name);
}

/** One telling, with an institution of its own: how somebody works the pages, and how its steps are called. */
function tell({ words = '', ...way }) {
  // The other tellings are about the way: what a picture shows is the same. What axe and a narrow window see is not.
  const look = words ? (page, { name }) => glance(scene.clinic, page, `${words}${name}`) : (page, what) => album.look(page, what);
  const scene = { look, pictures: values.pictures, folder };
  scenes.push(scene);
  const step = (name, tale) =>
    test(`${words}${name}`, { timeout: STEP_TIMEOUT }, () =>
      tale().catch(async (error) => {
        throw new Error(`${error.message}\n${await scene.clinic?.seen()}`, { cause: error });
      }));
  step('an institution that nobody has used yet', () => open(scene, way));
  return { scene, step, pages: {} };
}

/** What an administrator does; `told` is what differs from telling to telling. */
function tellAdministrator({ scene, step, pages }, told) {
  const as = () => ({ ...scene, page: pages.administrator });
  step('a passcode for the eyes', () => issuePasscode(as()));
  step('without the function there is no address', async () => {
    const { clinic, page, look } = as();
    await clinic.go(page, 'マイナ在宅受付web管理', '医療機関等別URL取得・変更');
    assert.match(await page.locator('main').innerText(), /「訪問診療等機能」が「利用しない」になっているため/);
    await look(page, { row: 'S13', name: 'home-visit-url-off', caption: '医療機関等別URL取得・変更（利用しない）' });
  });
  step('the settings, after the terms', () => changeSettings(as()));
  step('the address and its picture', () => fetchAddress(as()));
  step('OQSsiurl: the same address by file', () => askForAddress(as()));
  step('a code for the app', () => issueActivation(as(), told.device));
  step('an account, its first sign-in, a change, a stop, a new password', async () => {
    const made = await makeAccount(as(), told.account);
    await firstLogin(scene, made, told.password);
    await keepAccount(as(), { ...told.account, password: told.password });
  });
  step('the card reader', () => runReader(as()));
  step('お知らせ of the operator', () => readNotices(as(), told.notices));
  step('操作履歴, found and as a table', () => searchHistory(as()));
}

/** What happens at the counter. */
function tellCounter({ scene, step, pages }) {
  const as = () => ({ ...scene, page: pages.general });
  step('a check by number, its result on one sheet of A4', async () => {
    pages.general = await scene.clinic.signedIn(scene.clinic.account('general'));
    pages.result = await checkByNumber(as());
  });
  step('every other result, and what to do about it', () => meetResults(as()));
  step('what a result says of 限度額', () => meetCeilings(as()));
  step('a file with many rows', () => checkMany(as()));
  step('the entrusted eligibility', () => fetchEntrusted(as()));
}

/** What is done under the consents of patients who are visited at home; `cancels`: whose is ended. */
function tellConsents({ scene, step, pages }, { cancels }) {
  const as = (name) => ({ ...scene, page: pages[name] });
  step('a patient found from the menu gets a number', () => giveNumber(as('general'), 'K000125'));
  step('who agreed to home visits, asked about again', () => findConsented(as('general')));
  step('what the doctor sees under a consent', async () => {
    pages.viewer = await scene.clinic.signedIn(scene.clinic.account('medical_viewer'));
    await viewMedicines(as('viewer'));
  });
  step('a page of the doctor that nobody touches for five minutes', () => leaveAlone(as('viewer')));
  step('a consent is ended while somebody is about to view', () => cancelConsent(as('general'), pages.viewer, cancels));
}

/** A passkey, from its making to its end; without a script there are none. */
function tellPasskey({ scene, step, pages }) {
  step('a passkey beside the password', async () => {
    pages.general = await usePasskey(scene);
  });
}

/** What only those see who look at every screen. */
function tellEverything(telling) {
  const { scene, step, pages } = telling;
  const known = new Set(['/menu']);
  const as = (name) => ({ ...scene, page: pages[name] });
  step('what each kind of account sees', () => seeMenus(scene));
  tellPasskey(telling);
  step('half an hour without a touch', () => stayIdle(scene));
  step('every page of the menu', async () => {
    pages.administrator = await scene.clinic.signedIn(scene.clinic.account('administrator'));
    await walkMenu(as('administrator'), known);
    await walkMenu(as('general'), known);
  });
  step('what is not there says so, and every error has its page', () => beRefused(as('general')));
  step('two screens at once', () => changeAtOnce(as('administrator')));
  step('an account that is locked', () => lockAccount(as('administrator')));
}

/** Strings that break programs, into every text input. */
function tellNaughty({ scene, step, pages }, { account }) {
  for (const [place, tale] of Object.entries(PLACES)) {
    step(`strings that break programs: ${place}`, () =>
      tale({ scene, administrator: pages.administrator, general: pages.general, account: account.user_id, result: pages.result }));
  }
}

/** The tellings: how somebody works the pages, what differs by it, and what only this one has. */
const TELLINGS = [
  {
    way: {},
    told: {
      device: '訪問用タブレット１号機',
      cancels: '秘匿　十四',
      account: { role: '一般', user_id: 'uketsuke2', name: '架空　髙子', kana: 'カクウ　タカコ' },
      password: 'kiri-no-hana-2026-asa',
      notices: ['接続検証のお願い', '機能追加のお知らせ'],
    },
    then: tellEverything,
  },
  {
    way: { words: 'by keyboard alone: ', hand: KEYBOARD },
    told: {
      device: '訪問用タブレット２号機',
      cancels: '透析　十二',
      account: { role: '一般', user_id: 'uketsuke3', name: '架空　鍵子', kana: 'カクウ　カギコ' },
      password: 'kiri-no-hana-2026-hiru',
      notices: ['鍵盤のためのお知らせ', '鍵盤のためのもう1つのお知らせ'],
    },
    then: tellPasskey,
  },
  {
    way: { words: 'without a script: ', javaScript: false },
    told: {
      device: '訪問用タブレット３号機',
      cancels: '古希　八重',
      account: { role: '医療情報閲覧', user_id: 'ishi02', name: '架空　﨑男', kana: 'カクウ　サキオ' },
      password: 'kiri-no-hana-2026-yoru',
      notices: ['台本なしのお知らせ', '台本なしのもう1つのお知らせ'],
    },
    then: tellNaughty,
  },
];

for (const { way, told, then } of TELLINGS) {
  const telling = tell(way);
  const { scene, step, pages } = telling;
  step('the first page, signing in, the menu', async () => {
    pages.first = await enter(scene);
  });
  step('the same account twice', async () => {
    pages.administrator = await enterTwice(scene, pages.first);
  });
  tellAdministrator(telling, told);
  step('the password of the master is lost', () => resetMaster(scene, told.password));
  tellCounter(telling);
  tellConsents(telling, told);
  then(telling, told);
  step('a result of yesterday, and guesses', async () => {
    // Who has been signed in all the time: whoever guessed at the door is held back there.
    await comeTooLate({ ...scene, page: pages.administrator }, pages.result);
    await beHeldBack({ ...scene, page: pages.administrator });
  });
  step('everybody goes home', () => close(scene));
}
