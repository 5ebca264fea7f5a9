// What a person of the institution keeps beside the password: an authenticator app, recovery codes, and the way back in
// when the password is forgotten.

import assert from 'node:assert/strict';
import * as labels from './labels.js';
import { oneTimeCode } from './papers.js';

const NEW_PASSWORD = 'yuugao no hana to fuurin 8';

const buttonOf = (page, name) => page.getByRole('button', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { level: 1, name });
const said = (page) => page.locator('main').innerText();

/** The password once more, before keys are changed: nothing is changed with a session alone. */
async function prove({ town, look, hand }, page, password) {
  await page.goto(`${town.about.portal}/security/proof`);
  await heading(page, 'ご本人の確認').waitFor();
  const confirm = buttonOf(page, '確認');
  await hand.type(page.getByLabel('パスワード'), `${password}x`);
  await hand.press(confirm);
  await page.getByRole('alert').getByText('パスワードが正しくありません').waitFor();
  await look(page, { row: 'sign-up', name: 'proof-wrong', caption: 'ご本人の確認（パスワードの誤り）' });
  await hand.type(page.getByLabel('パスワード'), password);
  await look(page, { row: 'sign-up', name: 'proof', caption: 'ご本人の確認', button: confirm });
  await hand.press(confirm);
  await heading(page, 'アカウントの安全設定').waitFor();
}

/** 認証アプリ beside the passkey. */
async function addApp({ town, look, hand }, page) {
  await page.goto(`${town.about.portal}/security`);
  const begin = buttonOf(page, '認証アプリを設定する');
  await look(page, { row: 'sign-up', name: 'security', caption: 'アカウントの安全設定', button: begin });
  await hand.press(begin);
  await heading(page, '認証アプリの設定').waitFor();
  const key = await page.locator('.guide code').first().innerText();
  await hand.type(page.getByLabel('6桁の数字'), '000000');
  const confirm = buttonOf(page, '確認');
  await look(page, { row: 'sign-up', name: 'totp-setup', caption: '認証アプリの設定', button: confirm });
  await hand.press(confirm);
  await page.getByRole('alert').getByText('コードが正しくありません').waitFor();
  await look(page, { row: 'sign-up', name: 'totp-wrong', caption: '認証アプリの設定（コードの誤り）' });
  await hand.type(page.getByLabel('6桁の数字'), oneTimeCode(key));
  await hand.press(confirm);
  await heading(page, '回復コード').waitFor();
}

/** 認証アプリ, new 回復コード; gives one of them. */
export async function keepFactors(scene, password) {
  const { town, look, hand } = scene;
  const page = await town.person('applicant');
  await prove(scene, page, password);
  if (town.javaScript) await addApp(scene, page);
  await page.goto(`${town.about.portal}/security`);
  await hand.press(page.getByRole('button', { name: /^回復コードを作/ }));
  await heading(page, '回復コード').waitFor();
  const codes = await page.locator('.codes code').allInnerTexts();
  assert.equal(new Set(codes).size, 10, `${codes}`);
  await page.getByText('新しい回復コードを作りました。').waitFor();
  await look(page, { row: 'sign-up', name: 'recovery-codes', caption: '回復コード', button: page.getByRole('link', { name: '控えたので次へ進む' }) });
  await hand.press(page.getByRole('link', { name: '控えたので次へ進む' }));
  // A keyboard's press is over before the page is left.
  await heading(page, labels.MY_MENU).waitFor();
  return codes[0];
}

/** The password is forgotten: a mailed link, a new one, and in with a recovery code. */
export async function forgetPassword(scene, { mail, password, code }) {
  const { town, look, hand } = scene;
  const page = await town.person('applicant');
  await page.goto(`${town.about.portal}/my-menu`);
  await hand.press(buttonOf(page, 'ログアウト'));
  await buttonOf(page, 'ログアウト').waitFor({ state: 'detached' });
  await page.goto(`${town.about.portal}/password-reset`);
  const send = buttonOf(page, '案内を送信する');
  await hand.press(send);
  await page.locator('.field.wrong').first().waitFor();
  await hand.type(page.getByLabel('メールアドレス'), mail);
  await look(page, { row: 'sign-up', name: 'password-reset', caption: 'パスワード再設定', button: send });
  await hand.press(send);
  await heading(page, 'メールを送信しました').waitFor();
  await look(page, { row: 'sign-up', name: 'password-reset-sent', caption: 'パスワード再設定（メールの送信）' });
  await page.goto(`${town.landing}/mailbox`);
  const link = page.locator('.mail a[href*="/password-reset/new?token="]').first();
  await town.until(page, link, 'the mail to reset the password');
  const address = await link.getAttribute('href');
  await hand.press(link);
  const set = buttonOf(page, '再設定する');
  await hand.type(page.locator('#password'), NEW_PASSWORD);
  await hand.type(page.locator('#password_again'), `${NEW_PASSWORD}9`);
  await hand.press(set);
  await page.locator('.field.wrong').first().waitFor();
  await look(page, { row: 'sign-up', name: 'new-password-wrong', caption: 'パスワード再設定（入力の誤り）' });
  await hand.type(page.locator('#password'), NEW_PASSWORD);
  await hand.type(page.locator('#password_again'), NEW_PASSWORD);
  await look(page, { row: 'sign-up', name: 'new-password', caption: 'パスワード再設定（新しいパスワード）', button: set });
  await hand.press(set);
  await heading(page, 'パスワードを再設定しました').waitFor();
  await look(page, { row: 'sign-up', name: 'new-password-set', caption: 'パスワード再設定（完了）' });
  await page.goto(address);
  await hand.type(page.locator('#password'), NEW_PASSWORD);
  await hand.type(page.locator('#password_again'), NEW_PASSWORD);
  await hand.press(set);
  await heading(page, 'このリンクは使えません').waitFor();
  await look(page, { row: 'sign-up', name: 'link-over', caption: 'このリンクは使えません' });
  await signInByRecovery(scene, page, { mail, password, code });
}

/** With the old password nobody comes in; with the new one and a recovery code, its owner does. */
async function signInByRecovery({ town, look, hand }, page, { mail, password, code }) {
  const enter = async (words) => {
    await page.goto(`${town.about.portal}/login`);
    await hand.type(page.getByLabel('メールアドレス'), mail);
    await hand.type(page.getByLabel('パスワード'), words);
    await hand.press(buttonOf(page, 'ログイン'));
  };
  await enter(password);
  await page.getByRole('alert').first().waitFor();
  await look(page, { row: 'sign-up', name: 'login-wrong', caption: 'ログイン（入力の誤り）' });
  await enter(NEW_PASSWORD);
  await heading(page, '2段階認証').waitFor();
  await hand.press(page.locator('summary', { hasText: '回復コードを使う' }));
  await hand.type(page.getByLabel('回復コード', { exact: true }), code);
  const go = buttonOf(page, '回復コードで続ける');
  await look(page, { row: 'sign-up', name: 'recovery', caption: '2段階認証（回復コード）', button: go });
  await hand.press(go);
  await heading(page, 'アカウントの安全設定').waitFor();
  assert.match(await said(page), /残り 9 個/);
  await page.goto(`${town.about.portal}/my-menu`);
  await heading(page, labels.MY_MENU).waitFor();
}
