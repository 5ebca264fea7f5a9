// Who signs in, what each sees, and what is said to who may not.

import assert from 'node:assert/strict';
import { assertAccessible, assertNothingCutOff } from '../../access.js';
import { reach } from '../../hands.js';
import { givePasskey } from '../../people.js';
import { heading } from './clinic.js';

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
  general: { has: ['資格確認(被保険者証等)', '資格確認一括照会', '照会番号登録', '同意済資格情報取得'], not: ['同意取得済み患者一覧(訪問診療等・オンライン診療等)', 'アカウント管理(登録)', '環境設定情報更新', 'アクティベーション管理'] },
  master_reset: { has: ['マスタアカウントリセット'], not: ['アカウント管理(登録)', '資格確認(被保険者証等)', '操作履歴'] },
  medical_viewer: { has: ['同意取得済み患者一覧(訪問診療等・オンライン診療等)', '同意済資格情報取得'], not: ['アカウント管理(登録)', '環境設定情報更新', 'アクティベーション管理'] },
};

/** T01, T02: from the first page through its window to [メニュー]. */
export async function enter({ clinic, look }) {
  const page = await clinic.page();
  const { hand } = clinic;
  await page.goto(`${clinic.door}/`);
  await heading(page, '初期画面').waitFor();
  assert.match(await page.locator('main').innerText(), /あと\d+日/, 'the days left of the certificate');
  const begin = page.getByRole('link', { name: 'システムの利用を始める', exact: true });
  await look(page, { row: 'T01', name: 'entry', caption: '初期画面', button: begin });
  const [login] = await Promise.all([page.waitForEvent('popup'), hand.press(begin)]);
  await heading(login, 'ログイン').waitFor();
  await login.close();
  const { user_id, password } = clinic.account('administrator');
  await clinic.logIn(page, { user_id, password: 'not the password' });
  await page.getByRole('alert').waitFor();
  const button = page.getByRole('button', { name: 'ログイン', exact: true });
  await look(page, { row: 'T02', name: 'login-wrong', caption: 'ログイン（パスワードの誤り）', button });
  await clinic.logIn(page, { user_id, password });
  await clinic.arrive(page);
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
  await clinic.press(page, 'キャンセル');
  await heading(page, 'ログイン').waitFor();
  await first.goto(`${clinic.door}/menu`);
  await heading(first, 'メニュー').waitFor();
  await clinic.logIn(page, account);
  await clinic.hand.press(ok);
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
  await clinic.arrive(page);
  // The page counts from when its script has run.
  await page.waitForLoadState('load');
  await page.clock.fastForward('28:30');
  const stay = page.getByRole('button', { name: 'ログインを続ける', exact: true });
  await stay.waitFor();
  await page.screenshot({ path: `${clinic.pictures}/idle.png`, animations: 'disabled' });
  await assertAccessible(page, 'the warning before the end');
  await assertNothingCutOff(page, 'the warning before the end');
  await reach(stay);
  await clinic.hand.press(stay);
  await stay.waitFor({ state: 'hidden' });
}

/** A passkey beside the password. */
export async function usePasskey({ clinic, look }) {
  const page = await clinic.signedIn(clinic.account('general'));
  await givePasskey(page);
  await clinic.go(page, 'アカウント情報管理', 'パスキー');
  await clinic.hand.type(page.getByLabel('パスキーの名前'), '受付のパソコン');
  const make = page.getByRole('button', { name: '登録', exact: true });
  await look(page, { row: 'T14', name: 'passkeys', caption: 'パスキー', button: make });
  await clinic.hand.press(make);
  await page.locator('tbody').getByText('受付のパソコン').waitFor();
  await clinic.press(page, 'ログアウト');
  await heading(page, 'ログイン').waitFor();
  await clinic.hand.type(page.getByLabel('ユーザーID', { exact: true }), clinic.account('general').user_id);
  await clinic.press(page, 'パスキーでログイン');
  await clinic.arrive(page);
  await clinic.go(page, 'アカウント情報管理', 'パスキー');
  const remove = page.getByRole('button', { name: 'パスキー「受付のパソコン」を削除' });
  await look(page, { row: 'T14', name: 'passkeys-one', caption: 'パスキー（登録後）', button: remove });
  await clinic.hand.press(remove);
  await page.getByText('登録されたパスキーはありません。').waitFor();
  return page;
}

/** Every page of the menu of this account; `known` are those that were looked at before. */
export async function walkMenu({ clinic, page, look }, known) {
  await page.goto(`${clinic.door}/menu`);
  const lines = await page.locator('nav.menu a').evaluateAll((links) => links.map((link) => [link.getAttribute('href'), link.firstChild.textContent.trim()]));
  assert.ok(lines.length > 3 && !lines.some(([href]) => href === '/'), `not signed in any more: ${lines}`);
  for (const [href, label] of lines) {
    if (known.has(href)) continue;
    known.add(href);
    const answer = await page.goto(`${clinic.door}${href}`);
    assert.equal(answer.status(), 200, href);
    // A page says what its line leaves to the heading of its group.
    const title = label === '同意済資格情報取得' ? `${label}(訪問診療等・オンライン診療等)` : label;
    await heading(page, title).waitFor();
    const help = page.getByRole('link', { name: 'この画面の説明', exact: true });
    if (await help.count()) {
      const explained = await page.request.get(`${clinic.door}${await help.getAttribute('href')}`);
      assert.equal(explained.status(), 200, `${label}: ${explained.url()}`);
    }
    await look(page, { row: 'T', name: `line-${href.replaceAll('/', '-').slice(1)}`, caption: label });
  }
}

/** Pages of what is not there, what somebody else changed meanwhile, and what explains an error. */
export async function beRefused({ clinic, page, look }) {
  const { hand } = clinic;
  for (const [name, path, title] of [['nowhere', '/nowhere', 'ページが見つかりません'], ['no-result', '/eligibility/results/nothing', 'ページが見つかりません']]) {
    const answer = await page.goto(`${clinic.door}${path}`);
    assert.equal(answer.status(), 404, path);
    await heading(page, title).waitFor();
    await look(page, { row: '—', name, caption: title });
  }
  await page.goto(`${clinic.door}/help`);
  await look(page, { row: '—', name: 'help', caption: 'ヘルプ' });
  await page.goto(`${clinic.door}/help/errors`);
  const code = page.locator('main').getByRole('link', { name: 'OQSA9110E', exact: true });
  await look(page, { row: '—', name: 'help-errors', caption: 'エラーコードの一覧' });
  await hand.press(code);
  await page.getByRole('heading', { level: 1, name: /OQSA9110E/ }).waitFor();
  await look(page, { row: '—', name: 'help-error', caption: 'エラーコードの説明' });
}

/** Two screens change the settings at once: the second hears of the first, and nothing is overwritten. */
export async function changeAtOnce({ clinic, page, look }) {
  const { hand } = clinic;
  const place = `${clinic.door}/facility-settings`;
  const other = await page.context().newPage();
  await page.goto(place);
  await other.goto(place);
  for (const [screen, option] of [[other, '利用しない'], [page, '利用する']]) {
    const group = screen.getByRole('group', { name: '手術情報', exact: false }).first();
    await hand.choose(group.getByRole('radio', { name: option, exact: true }));
    await clinic.press(screen, '更新');
  }
  await page.getByRole('heading', { name: '更新していません' }).waitFor();
  await look(page, { row: 'S12', name: 'settings-conflict', caption: '環境設定情報更新（ほかの方の変更）', button: page.getByRole('link', { name: '現在の設定を開く' }) });
  await other.close();
}

/** The master's password is lost: the account that comes for it gives another, and the master makes that their own. */
export async function resetMaster({ clinic, look }, own) {
  const { hand } = clinic;
  const keeper = await clinic.signedIn(clinic.account('master_reset'));
  await clinic.go(keeper, 'アカウント情報管理', 'マスタアカウントリセット');
  const { user_id, password } = clinic.account('master');
  assert.match(await keeper.locator('main').innerText(), new RegExp(user_id));
  const reset = keeper.getByRole('button', { name: 'リセット', exact: true });
  await look(keeper, { row: 'T14', name: 'master-reset', caption: 'マスタアカウントリセット', button: reset });
  await hand.press(reset);
  await keeper.getByRole('heading', { name: 'マスタアカウントをリセットしました' }).waitFor();
  const initial = (await keeper.locator('.password-once').innerText()).trim();
  await look(keeper, { row: 'T14', name: 'master-reset-done', caption: 'マスタアカウントリセット（初期パスワード）', button: keeper.getByRole('link', { name: 'メニューへ', exact: true }) });
  const master = await clinic.page();
  await clinic.logIn(master, { user_id, password });
  await master.getByRole('alert').waitFor();
  await clinic.logIn(master, { user_id, password: initial });
  await heading(master, 'パスワード変更').waitFor();
  for (const field of ['#password', '#password_again']) await hand.type(master.locator(field), own);
  await clinic.press(master, '変更');
  await heading(master, 'メニュー').waitFor();
  clinic.account('master').password = own;
  // Shown once: the page does not come again.
  await clinic.go(keeper, 'アカウント情報管理', 'マスタアカウントリセット');
  assert.equal(await keeper.locator('.password-once').count(), 0);
}
