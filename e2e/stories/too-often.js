// Story `too-often`: whoever tries too often is told so, and for how long, on every page that counts: mailed links,
// passwords, second factors, the buttons of line authentication. Its limits would stand in the way of every other story,
// so it has a demo of its own.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parseArgs } from 'node:util';
import { openBrowser } from '../browser.js';
import { People } from '../people.js';
import { startDemo } from '../program.js';
import { Album } from './first-day/album.js';

/** A step that takes longer hangs, ms. */
const STEP_TIMEOUT = 240_000;
/** More than any limit that is met here. */
const TRIES = 60;
/** What stands on every such page: that it is for a while, and how long. */
const WAIT = /一時的に受け付けていません。|10分ほど待ってから/;
const CHAPTER = { '—': '操作の回数が多すぎるとき' };

const { values } = parseArgs({
  options: { shikaku: { type: 'string' }, pictures: { type: 'string' }, database: { type: 'string' } },
});
if (!values.shikaku || !values.pictures) {
  throw new Error('usage: too-often.js --shikaku PROGRAM --pictures FOLDER; started by `cargo xtask e2e`');
}

const demo = await startDemo(values.shikaku, values.database);
const eyes = await openBrowser(values.pictures);
const people = new People({ browser: eyes.browser });
const album = new Album(values.pictures, '操作の回数が多すぎるとき', CHAPTER);
after(async () => {
  try {
    await people.close();
  } finally {
    await eyes.browser.close();
    await demo.stop();
    await album.write();
  }
});
const { portal, operator, new_clinic: clinic } = demo.about;
const landing = demo.about.landing_page.replace(/\/$/, '');

const step = (name, tale) =>
  test(name, { timeout: STEP_TIMEOUT }, async () => {
    await tale(await people.page(name));
    people.assertNoComplaints();
  });

/** Sends the same form by the network until it is one too many: what comes before is answered, and is no fault of ours. */
async function wearOut(page, address, fields) {
  const { origin } = new URL(address);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await page.request.post(address, { form: fields(tries), headers: { Origin: origin }, maxRedirects: 0 });
    if (answer.status() === 429) return;
    assert.ok(answer.status() < 500, `${answer.status()} for ${address}`);
  }
  assert.fail(`${address} took ${TRIES} tries`);
}

/** The page that a person who goes on all the same is shown: opened by a button, and looked at. */
async function seeLimit(page, { name, caption, press }) {
  const [answer] = await Promise.all([page.waitForResponse((one) => one.request().method() === 'POST'), press()]);
  assert.equal(answer.status(), 429, name);
  await page.waitForLoadState();
  assert.match(await page.locator('main').innerText(), WAIT);
  await album.look(page, { row: '—', name, caption });
}

const buttonOf = (page, name) => page.getByRole('button', { name, exact: true });

step('ログイン of the portal, with a name that nobody has', async (page) => {
  const mail = 'daremo@kasai-kuzuryu.example';
  await wearOut(page, `${portal}/login`, (tries) => ({ name: mail, password: `machigai ${tries}`, next: '' }));
  await page.goto(`${portal}/login`);
  await page.getByLabel('メールアドレス').fill(mail);
  await page.getByLabel('パスワード').fill('machigai');
  await seeLimit(page, { name: 'portal-login', caption: 'ログイン', press: () => buttonOf(page, 'ログイン').click() });
});

step('登録の確認, with a link that nobody was mailed', async (page) => {
  await wearOut(page, `${portal}/confirm`, (tries) => ({ token: `x${tries}` }));
  await page.goto(`${portal}/confirm?token=x`);
  await seeLimit(page, { name: 'confirm', caption: '登録の確認', press: () => buttonOf(page, '登録を完了する').click() });
});

step('パスワード再設定 with a link, after too many links', async (page) => {
  await page.goto(`${portal}/password-reset/new?token=x`);
  for (const field of ['#password', '#password_again']) await page.locator(field).fill('yuugao no hana to fuurin 9');
  await seeLimit(page, { name: 'new-password', caption: 'パスワード再設定（新しいパスワード）', press: () => buttonOf(page, '再設定する').click() });
});

step('パスワード再設定, asked for again and again', async (page) => {
  await page.goto(`${portal}/password-reset`);
  const form_id = await page.locator('input[name=form_id]').getAttribute('value');
  await wearOut(page, `${portal}/password-reset`, (tries) => ({ form_id, mail: `daremo-${tries}@kasai-kuzuryu.example` }));
  await page.getByLabel('メールアドレス').fill('daremo@kasai-kuzuryu.example');
  await seeLimit(page, { name: 'password-reset', caption: 'パスワード再設定', press: () => buttonOf(page, '案内を送信する').click() });
});

step('新規ユーザー登録, after too many mails', async (page) => {
  await page.goto(`${portal}/register`);
  const typed = {
    '#institution_code': clinic.institution_code,
    '#institution_name': clinic.name,
    '#name': '架空　葉子',
    '#phone': '03-0000-0000',
    '#mail': 'jimu@kasai-kuzuryu.example',
    '#password': 'asagao to yuugata no kane',
    '#password_again': 'asagao to yuugata no kane',
  };
  for (const [field, text] of Object.entries(typed)) await page.locator(field).fill(text);
  await page.locator('input[type=checkbox]').check();
  await seeLimit(page, { name: 'register', caption: '新規ユーザー登録', press: () => buttonOf(page, '確認メールを送信する').click() });
});

step("a second factor that is guessed, and then the password before keys are changed", async (page) => {
  const guide = await people.page('telephone');
  await guide.goto(`${landing}/first-day`);
  const id = 'shinsa-1';
  const row = guide.locator('tr', { has: guide.locator(`[data-totp="${id}"]`) });
  const [password, code] = [await row.locator('code').nth(1).innerText(), await row.locator('[data-totp]').innerText()];
  const enter = async (who) => {
    await who.goto(`${operator}/login`);
    await who.getByLabel('ユーザーID').fill(id);
    await who.getByLabel('パスワード').fill(password);
    await buttonOf(who, 'ログイン').click();
    await who.getByRole('heading', { level: 1, name: '2段階認証' }).waitFor();
  };
  await enter(page);
  const field = '認証アプリに表示されている6桁の数字';
  await page.getByLabel(field).fill(code);
  await buttonOf(page, '確認').click();
  await page.getByRole('heading', { level: 1, name: '運営者トップ' }).waitFor();
  const other = await people.page('guesser');
  await enter(other);
  const wrong = (Number(code) + 1).toString().padStart(6, '0').slice(-6);
  await wearOut(other, `${operator}/login/totp`, () => ({ code: wrong, next: '' }));
  await other.getByLabel(field).fill(wrong);
  await seeLimit(other, { name: 'second-factor', caption: '2段階認証', press: () => buttonOf(other, '確認').click() });
  // Whoever is in already stays in; keys are not changed meanwhile.
  await page.goto(`${operator}/security/proof`);
  await page.getByLabel('パスワード').fill(password);
  await seeLimit(page, { name: 'proof', caption: 'ご本人の確認', press: () => buttonOf(page, '確認').click() });
});

step("ログイン of the operator's side", async (page) => {
  await wearOut(page, `${operator}/login`, (tries) => ({ name: 'yubin-1', password: `machigai ${tries}`, next: '' }));
  await page.goto(`${operator}/login`);
  await page.getByLabel('ユーザーID').fill('yubin-1');
  await page.getByLabel('パスワード').fill('machigai');
  await seeLimit(page, { name: 'operator-login', caption: '運営者サイトのログイン', press: () => buttonOf(page, 'ログイン').click() });
});
