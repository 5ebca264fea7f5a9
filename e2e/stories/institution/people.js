// Who signs in, what each sees, and what is said to who may not.

import assert from 'node:assert/strict';
import { heading, press } from './clinic.js';

/** The double session, as the manual of the real system words it. */
const TWICE =
  '前回正常にログアウトされていなかった可能性があります。または、該当のユーザは既に使用されています。強制的にログインしますか?';
/** What only these see in the menu. */
const SEES = {
  master: { has: ['アカウント管理(登録)'], not: ['資格確認(被保険者証等)', '目視確認用パスコード発行', '環境設定情報更新'] },
  administrator: {
    has: ['アカウント管理(登録)', '目視確認用パスコード発行', '環境設定情報更新', '医療機関等別URL取得・変更', 'アクティベーション管理'],
    not: [],
  },
  general: { has: ['資格確認(被保険者証等)', '資格確認一括照会'], not: ['アカウント管理(登録)', '環境設定情報更新', 'アクティベーション管理'] },
  medical_viewer: { has: ['パスワード変更'], not: ['アカウント管理(登録)', '環境設定情報更新', 'アクティベーション管理'] },
};

/** T01, T02: from the first page through its window to [メニュー]. */
export async function enter({ clinic, look }) {
  const page = await clinic.page();
  await page.goto(`${clinic.door}/`);
  await heading(page, '初期画面').waitFor();
  assert.match(await page.locator('main').innerText(), /あと\d+日/, 'the days left of the certificate');
  const begin = page.getByRole('link', { name: 'システムの利用を始める', exact: true });
  await look(page, { row: 'T01', name: 'entry', caption: '初期画面', button: begin });
  const [login] = await Promise.all([page.waitForEvent('popup'), begin.click()]);
  await heading(login, 'ログイン').waitFor();
  await login.close();
  const { user_id, password } = clinic.account('administrator');
  await clinic.logIn(page, { user_id, password: 'not the password' });
  await page.getByRole('alert').waitFor();
  const button = page.getByRole('button', { name: 'ログイン', exact: true });
  await look(page, { row: 'T02', name: 'login-wrong', caption: 'ログイン（パスワードの誤り）', button });
  await clinic.logIn(page, { user_id, password });
  await heading(page, 'メニュー').waitFor();
  await look(page, { row: 'T04', name: 'menu', caption: '[メニュー]（医療機関等管理者）' });
  return page;
}

/** The same account at another screen. */
export async function enterTwice({ clinic, look }, first) {
  const account = clinic.account('administrator');
  const page = await clinic.page();
  await clinic.logIn(page, account);
  const ok = page.getByRole('button', { name: 'OK', exact: true });
  await ok.waitFor();
  assert.equal((await page.getByRole('alert').innerText()).trim(), TWICE);
  await look(page, { row: 'T02', name: 'login-twice', caption: '二重ログインの確認', button: ok });
  await press(page, 'キャンセル');
  await heading(page, 'ログイン').waitFor();
  await first.goto(`${clinic.door}/menu`);
  await heading(first, 'メニュー').waitFor();
  await clinic.logIn(page, account);
  await ok.click();
  await heading(page, 'メニュー').waitFor();
  await first.goto(`${clinic.door}/menu`);
  await heading(first, 'ログイン').waitFor();
  await look(first, { row: 'T02', name: 'login-ended', caption: 'ほかの端末からログインされた' });
  return page;
}

/** [メニュー] of each kind of account, and a page that is not in it. */
export async function seeMenus({ clinic, look }) {
  for (const [role, { has, not }] of Object.entries(SEES)) {
    const page = await clinic.signedIn(clinic.account(role));
    const lines = await page.locator('nav.menu a').allInnerTexts();
    for (const line of has) assert.ok(lines.includes(line), `${role} does not see ${line}: ${lines}`);
    for (const line of not) assert.ok(!lines.includes(line), `${role} sees ${line}`);
    await look(page, { row: 'T04', name: `menu-${role}`, caption: `[メニュー]（${clinic.account(role).role_label}）` });
    if (role !== 'general') continue;
    const refused = await page.goto(`${clinic.door}/facility-settings`);
    assert.equal(refused.status(), 403);
    await page.getByText('医療機関等管理者', { exact: false }).first().waitFor();
    await look(page, { row: '—', name: 'not-allowed', caption: 'できない操作' });
  }
}

/** Half an hour without a touch: a warning, then the end. */
export async function stayIdle({ clinic, look }) {
  const page = await clinic.page();
  await page.clock.install();
  await clinic.logIn(page, clinic.account('medical_viewer'));
  const ok = page.getByRole('button', { name: 'OK', exact: true });
  await heading(page, 'メニュー').or(ok).waitFor();
  if (await ok.isVisible()) await ok.click();
  await heading(page, 'メニュー').waitFor();
  await page.clock.fastForward('28:30');
  const stay = page.getByRole('button', { name: 'ログインを続ける', exact: true });
  await stay.waitFor();
  await page.screenshot({ path: `${clinic.pictures}/idle.png`, animations: 'disabled' });
  await stay.click();
  await stay.waitFor({ state: 'hidden' });
}

/** A passkey beside the password. */
export async function usePasskey({ clinic, look }) {
  const page = await clinic.signedIn(clinic.account('general'));
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true,
    },
  });
  await clinic.go(page, 'アカウント情報管理', 'パスキー');
  await page.getByLabel('パスキーの名前').fill('受付のパソコン');
  const make = page.getByRole('button', { name: '登録', exact: true });
  await look(page, { row: 'T14', name: 'passkeys', caption: 'パスキー', button: make });
  await make.click();
  await page.locator('tbody').getByText('受付のパソコン').waitFor();
  await press(page, 'ログアウト');
  await heading(page, 'ログイン').waitFor();
  await page.getByLabel('ユーザID', { exact: true }).fill(clinic.account('general').user_id);
  await press(page, 'パスキーでログイン');
  await heading(page, 'メニュー').waitFor();
  return page;
}

/** Every page of the menu of this account; `known` are those that were looked at before. */
export async function walkMenu({ clinic, page, look }, known) {
  await page.goto(`${clinic.door}/menu`);
  const lines = await page.locator('nav.menu a').evaluateAll((links) => links.map((link) => [link.getAttribute('href'), link.innerText.trim()]));
  assert.ok(lines.length > 3 && !lines.some(([href]) => href === '/'), `not signed in any more: ${lines}`);
  for (const [href, label] of lines) {
    if (known.has(href)) continue;
    known.add(href);
    const answer = await page.goto(`${clinic.door}${href}`);
    assert.equal(answer.status(), 200, href);
    await heading(page, label).waitFor();
    const help = page.getByRole('link', { name: 'この画面の説明', exact: true });
    if (await help.count()) {
      const explained = await page.request.get(`${clinic.door}${await help.getAttribute('href')}`);
      assert.equal(explained.status(), 200, `${label}: ${explained.url()}`);
    }
    await look(page, { row: 'T', name: `line-${href.replaceAll('/', '-').slice(1)}`, caption: label });
  }
}
