// S9, S12, S13, S15 and S16: followed word for word.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetched, scanned, scannedFrom, scannedFromPaper } from './papers.js';
import { Procedure } from './words.js';
import { heading } from './clinic.js';

/** Days the former address is still good for. */
const GRACE_DAYS = '7';

/** The label of a field is exactly this. */
async function labelled(page, word) {
  const labels = await page.locator('main label, main legend').evaluateAll((found) =>
    found.map((label) => [...label.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent).join('').trim()));
  assert.ok(labels.includes(word), `${word} is no label: ${labels.join(' / ')}`);
}

const says = async (page, word) => {
  const said = await page.locator('main').innerText();
  assert.ok(said.includes(word), `${word}\n${said}`);
};

/** S9 目視確認用パスコード発行. */
export async function issuePasscode({ clinic, page, look }) {
  const s9 = new Procedure('S9');
  s9.word('メニュー');
  await clinic.go(page, s9.word('アカウント情報管理'), s9.word('目視確認用パスコード発行'));
  const issue = page.getByRole('button', { name: s9.word('発行'), exact: true });
  await look(page, { row: 'S9', name: 'passcode', caption: '目視確認用パスコード発行 ②', button: issue });
  await clinic.hand.press(issue);
  await heading(page, '目視確認用パスコード発行').waitFor();
  await page.getByRole('region', { name: s9.word('確認メッセージ') }).waitFor();
  const ok = page.getByRole('button', { name: s9.word('OK'), exact: true });
  await look(page, { row: 'S9', name: 'passcode-confirm', caption: '確認メッセージ ③', button: ok });
  await clinic.hand.press(ok);
  await heading(page, '目視確認用パスコード発行').waitFor();
  await page.getByRole('status', { name: s9.word('完了メッセージ') }).waitFor();
  const passcode = await page.locator('#passcode').innerText();
  assert.match(passcode, /^\d{4}$/, '4桁のパスコード');
  await look(page, { row: 'S9', name: 'passcode-issued', caption: '完了メッセージ ④⑤', button: ok });
  await clinic.hand.press(ok);
  await heading(page, '目視確認用パスコード発行').waitFor();
  await says(page, '利用可能');
  assert.equal(await page.locator('#passcode').count(), 0, 'it is shown once');
  s9.done();
  return passcode;
}

/** S12 環境設定情報の変更, by an institution that has not changed anything yet. */
export async function changeSettings({ clinic, page, look }) {
  const s12 = new Procedure('S12');
  s12.word('メニュー');
  await clinic.go(page, s12.word('環境設定情報管理'), s12.word('環境設定情報更新'));
  const block = page.getByRole('region', { name: s12.word('訪問診療等・オンライン診療等・外来診療等(通常とは異なる動線)関連項目') });
  await block.getByRole('heading', { name: '《訪問診療等・オンライン診療等・外来診療等(通常とは異なる動線)関連項目》', exact: true }).waitFor();
  const terms = block.getByRole('link', { name: s12.word('オンライン資格確認等システム利用規約'), exact: true });
  const update = page.getByRole('button', { name: '更新', exact: true });
  assert.equal(await block.getByRole('radio').count(), 0, 'nothing of the block is chosen before the terms were opened');
  await look(page, { row: 'S12', name: 'settings-locked', caption: '環境設定情報更新（利用規約の確認前）', button: terms });
  await clinic.hand.press(terms);
  await heading(page, 'オンライン資格確認等システム利用規約').waitFor();
  const back = page.getByRole('button', { name: '利用規約を確認しました', exact: true });
  await look(page, { row: 'S12', name: 'terms', caption: 'オンライン資格確認等システム利用規約', button: back });
  await clinic.hand.press(back);
  await heading(page, '環境設定情報更新').waitFor();
  const setting = s12.word('訪問診療等機能');
  await clinic.hand.choose(block.getByRole('group', { name: setting }).getByRole('radio', { name: s12.word('利用する'), exact: true }));
  await look(page, { row: 'S12', name: 'settings', caption: '環境設定情報更新', button: update });
  await clinic.hand.press(update);
  await page.getByRole('status').getByText('環境設定情報を更新しました。').waitFor();
  await says(page, 'ログアウトし、顔認証付きカードリーダーを再起動すると反映されます');
  await look(page, { row: 'S12', name: 'settings-updated', caption: '環境設定情報更新（完了）', button: page.getByRole('button', { name: 'OK', exact: true }) });
  await clinic.press(page, 'OK');
  await heading(page, '環境設定情報更新').waitFor();
  assert.ok(await block.getByRole('group', { name: setting }).getByRole('radio', { name: '利用する', exact: true }).isChecked());
  await says(page, '変更の履歴');
  s12.done();
}

const MAGIC = { png: /^\x89PNG/, pdf: /^%PDF/, svg: /^(<\?xml[^>]*>\s*)?<svg/ };

/** S13 URL・二次元バーコード. */
export async function fetchAddress({ clinic, page, look, pictures }) {
  const s13 = new Procedure('S13');
  s13.word('メニュー');
  await clinic.go(page, s13.word('マイナ在宅受付web管理'), s13.word('医療機関等別URL取得・変更'));
  await says(page, s13.word('マイナ在宅受付Web'));
  for (const word of ['URL', '二次元バーコード', 'ダウンロード']) await says(page, s13.word(word));
  const address = await page.locator('#address-visit').innerText();
  assert.match(address, /^https:\/\/[^/]+\/.+\w{20,}$/, address);
  const copy = page.locator('[data-copy="address-visit"]');
  if (clinic.javaScript) {
    assert.equal(await copy.innerText(), s13.word('コピー'));
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: clinic.door });
    await clinic.hand.press(copy);
    await page.locator('#address-visit-copied').getByText('コピーしました').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), address);
  } else {
    // Without a script the address is marked and copied by hand.
    assert.equal(await copy.isVisible(), false);
    s13.word('コピー');
  }
  for (const [kind, magic] of Object.entries(MAGIC)) {
    const href = await page.getByRole('link', { name: `訪問診療等の二次元バーコードを${kind.toUpperCase()}形式でダウンロード` }).getAttribute('href');
    const file = await fetched(page, `${clinic.door}${href}`, pictures, `address.${kind}`);
    assert.match((await readFile(file)).toString('latin1').slice(0, 200), magic, href);
    // What is scanned, from paper, from a picture and from the screen, is the address.
    const says = { png: scanned, pdf: scannedFromPaper, svg: () => scannedFrom(page.locator('.qr').first(), join(pictures, 'address-screen.png')) };
    assert.equal(await says[kind](file), address, kind);
  }
  const change = page.getByRole('link', { name: '訪問診療等のURLを変更' });
  await look(page, { row: 'S13', name: 'home-visit-url', caption: '医療機関等別URL取得・変更', button: change });
  await clinic.hand.press(change);
  await clinic.hand.pick(page.getByLabel('これまでのURLを使える期間'), GRACE_DAYS);
  await look(page, { row: 'S13', name: 'home-visit-url-change', caption: '医療機関等別URLの変更', button: page.getByRole('button', { name: '変更', exact: true }) });
  await clinic.press(page, '変更');
  await heading(page, '医療機関等別URL取得・変更').waitFor();
  assert.notEqual(await page.locator('#address-visit').innerText(), address, 'another address');
  await says(page, '前のURLも');
  s13.done();
}

/** S15 アクティベーションコードの発行. */
export async function issueActivation({ clinic, page, look }, memo) {
  const s15 = new Procedure('S15');
  s15.word('メニュー');
  await clinic.go(page, s15.word('マイナ資格確認アプリ管理'), s15.word('アクティベーション管理'));
  await labelled(page, s15.word('端末識別メモ情報'));
  const issue = page.getByRole('button', { name: s15.word('発行'), exact: true });
  await clinic.hand.type(page.getByLabel('端末識別メモ情報'), memo);
  await look(page, { row: 'S15', name: 'activation', caption: 'アクティベーション管理', button: issue });
  await clinic.hand.press(issue);
  assert.match((await page.locator('#activation-code').innerText()).replaceAll(/\s/g, ''), /^\d{12}$/);
  await says(page, s15.word('発行されたアクティベーションコードは10分程度経過してから利用してください。'));
  assert.match(await page.locator('.notice-box [data-left-ms]').innerText(), /(9|10)分/);
  const ok = page.getByRole('button', { name: 'OK', exact: true });
  await look(page, { row: 'S15', name: 'activation-issued', caption: 'アクティベーションコードの発行', button: ok });
  await clinic.hand.press(ok);
  await heading(page, 'アクティベーション管理').waitFor();
  const row = page.locator('tbody tr', { hasText: memo });
  await look(page, { row: 'S15', name: 'activation-list', caption: 'アクティベーション管理（一覧）', button: row.getByRole('link') });
  await clinic.hand.press(row.getByRole('link', { name: `${memo}を無効化` }));
  const end = page.getByRole('button', { name: '無効化', exact: true });
  await look(page, { row: 'S15', name: 'activation-end', caption: 'アクティベーションコードの無効化', button: end });
  await clinic.hand.press(end);
  await page.locator('tbody tr', { hasText: memo }).getByText('無効').waitFor();
  s15.done();
}

/** S16 アカウントの作成, by who may; its initial password. */
export async function makeAccount({ clinic, page, look }, { role, user_id, name, kana }) {
  const s16 = new Procedure('S16');
  s16.word('メニュー');
  await clinic.go(page, s16.word('アカウント情報管理'), s16.word('アカウント管理(登録)'));
  for (const word of ['権限区分', 'ユーザーID', 'ユーザ名', 'ユーザ名(カナ)', '利用開始年月日']) await labelled(page, s16.word(word));
  const add = page.getByRole('button', { name: s16.word('登録'), exact: true });
  const { hand } = clinic;
  await hand.choose(page.getByRole('group', { name: '権限区分' }).getByLabel(role));
  await hand.type(page.getByLabel('ユーザーID'), user_id);
  await hand.type(page.locator('#name'), name);
  await hand.type(page.locator('#name_kana'), kana);
  await hand.type(page.locator('#starts_on'), new Date().toLocaleDateString('ja-JP', { timeZone: 'Asia/Tokyo' }));
  await look(page, { row: 'S16', name: 'account-new', caption: 'アカウント管理(登録)', button: add });
  await hand.press(add);
  const password = (await page.locator('.password-once').innerText()).trim();
  await look(page, { row: 'S16', name: 'account-password', caption: '初期パスワード（1回だけ表示）', button: page.getByRole('link', { name: '一覧へ', exact: true }) });
  await hand.press(page.getByRole('link', { name: '一覧へ', exact: true }));
  await page.locator('tr', { hasText: user_id }).getByText('未ログイン').waitFor();
  // 「一般アカウント」 and 「医療情報閲覧アカウント」 are the two that the app is used with.
  s16.done();
  return { user_id, password };
}

/** The one whose account it is signs in, and makes the password their own. */
export async function firstLogin({ clinic, look }, account, own) {
  const page = await clinic.page();
  await clinic.logIn(page, account);
  await heading(page, 'パスワード変更').waitFor();
  await clinic.hand.type(page.locator('#password'), own);
  await clinic.hand.type(page.locator('#password_again'), own);
  const change = page.getByRole('button', { name: '変更', exact: true });
  await look(page, { row: 'T03', name: 'new-password', caption: 'パスワード変更（初回ログイン）', button: change });
  await clinic.hand.press(change);
  await heading(page, 'メニュー').waitFor();
  return page;
}
