// The office's everyday: accounts, the card reader, お知らせ, 操作履歴.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { publishNotice } from '../first-day/register.js';
import { Town } from '../first-day/town.js';
import { MOUSE } from '../../hands.js';
import { buttonOf, heading } from './clinic.js';
import { keep, readTable } from './papers.js';

const linkOf = (page, name) => page.getByRole('link', { name, exact: true });
const done = (page, words) => page.getByRole('status').getByText(words).first().waitFor();

/** T14: an account is changed, stopped, taken up again, and gets a new initial password. */
export async function keepAccount({ clinic, page, look }, { user_id, password }) {
  const { hand } = clinic;
  await clinic.go(page, 'アカウント情報管理', 'アカウント管理(一覧)');
  assert.equal(await page.locator('tr', { hasText: user_id }).getByText('未ログイン').count(), 0, 'it was used');
  await look(page, { row: 'T14', name: 'accounts', caption: 'アカウント管理(一覧)', button: linkOf(page, user_id) });
  await hand.press(linkOf(page, user_id));
  const change = buttonOf(page, '変更');
  await look(page, { row: 'T14', name: 'account', caption: 'アカウントの変更・停止・再発行', button: change });
  await hand.type(page.locator('#name_kana'), 'kakuu');
  await hand.press(change);
  await page.locator('.field.wrong').first().waitFor();
  await look(page, { row: 'T14', name: 'account-wrong', caption: 'アカウントの変更（入力の誤り）' });
  await hand.type(page.locator('#name_kana'), 'カクウ　テスト');
  await hand.press(change);
  await done(page, '変更しました。');
  await hand.press(linkOf(page, '利用停止'));
  await page.getByRole('region', { name: '確認メッセージ' }).waitFor();
  await look(page, { row: 'T14', name: 'account-stop', caption: 'アカウントの停止（確認）', button: buttonOf(page, '利用停止') });
  await hand.press(buttonOf(page, '利用停止'));
  await done(page, '利用を停止しました。');
  await look(page, { row: 'T14', name: 'account-stopped', caption: 'アカウントの停止', button: buttonOf(page, '利用再開') });
  const other = await clinic.page();
  await clinic.logIn(other, { user_id, password });
  await other.getByRole('alert').first().waitFor();
  await hand.press(buttonOf(page, '利用再開'));
  await done(page, '利用を再開しました。');
  await hand.press(buttonOf(page, '初期パスワードを再発行'));
  await page.locator('.password-once').waitFor();
  await look(page, { row: 'T14', name: 'account-again', caption: '初期パスワードの再発行', button: linkOf(page, '一覧へ') });
  await hand.press(linkOf(page, '一覧へ'));
  await heading(page, 'アカウント管理(一覧)').waitFor();
}

/** What the list says of the reader. */
const fact = (row, name) => row.locator('dt', { hasText: name }).locator('xpath=following-sibling::dd[1]');

/** One order: confirmed, handed on, and carried out by the terminal. */
async function order({ clinic, page, look }, row, { label, said, name, where = '最後の操作' }) {
  const { hand } = clinic;
  await hand.press(row.getByRole('button', { name: new RegExp(`^${label}`) }));
  const ok = buttonOf(page, 'OK');
  await look(page, { row: 'T19', name: `reader-${name}`, caption: `顔認証付きカードリーダー操作（${label}の確認）`, button: ok });
  await hand.press(ok);
  await page.getByRole('heading', { name: '操作を受け付けました' }).waitFor();
  await look(page, { row: 'T19', name: `reader-${name}-ordered`, caption: `顔認証付きカードリーダー操作（${label}の受付）` });
  await hand.press(linkOf(page, 'OK'));
  await row.waitFor();
  await clinic.until(page, fact(row, where).getByText(said).first(), `${label} at the reader`);
}

/** T19: how the reader of the counter stands, and what it is told to do; it obeys. */
export async function runReader(scene) {
  const { clinic, page, look } = scene;
  await clinic.go(page, '顔認証付きカードリーダー操作', '顔認証付きカードリーダー操作');
  const row = page.locator('main section.card').first();
  await clinic.until(page, row, 'the reader of the terminal');
  await clinic.until(page, row.locator('.tag').getByText('接続中', { exact: true }), 'the reader that works');
  const refresh = linkOf(page, '最新の状態を表示する');
  await look(page, { row: 'T19', name: 'readers', caption: '顔認証付きカードリーダー操作（接続中）', button: refresh });
  await order(scene, row, { label: '接続テスト', said: '端末とカードリーダーに届きました', name: 'test' });
  await order(scene, row, { label: '目視確認', said: '目視確認', name: 'visual', where: '運転モード' });
  await look(page, { row: 'T19', name: 'readers-visual', caption: '顔認証付きカードリーダー操作（目視確認）' });
  await order(scene, row, { label: '無人運転', said: '無人運転', name: 'unattended', where: '運転モード' });
}

/** An お知らせ of the operator is unread, is read, and all are. */
export async function readNotices({ clinic, page, look, demo, folder }, titles) {
  const { hand } = clinic;
  const town = new Town({ browser: clinic.browser, demo, folder });
  try {
    const words = { body: '接続検証のお願いです。\n\n端末の電源を入れたままにしてください。' };
    for (const title of titles) await publishNotice({ town, look: async () => {}, hand: MOUSE }, { title, ...words });
  } finally {
    await town.close();
  }
  await clinic.go(page, 'お知らせ・操作履歴', 'お知らせ');
  await page.getByText(`未読が ${titles.length} 件あります。`).waitFor();
  const [title] = titles;
  await look(page, { row: 'T04', name: 'notices', caption: 'お知らせ（未読）', button: linkOf(page, title) });
  await hand.press(linkOf(page, title));
  await heading(page, title).waitFor();
  assert.match(await page.locator('main').innerText(), /接続検証のお願いです。[^]*電源を入れたまま/);
  await look(page, { row: 'T04', name: 'notice', caption: 'お知らせ（1件）' });
  await hand.press(linkOf(page, 'お知らせの一覧へ'));
  await page.getByText(`未読が ${titles.length - 1} 件あります。`).waitFor();
  await hand.press(buttonOf(page, 'すべて既読にする'));
  await page.getByText('すべて読みました。').waitFor();
  await look(page, { row: 'T04', name: 'notices-read', caption: 'お知らせ（既読）' });
}

/** 操作履歴: what was ordered of the reader is found, and leaves as a table. */
export async function searchHistory({ clinic, page, look, pictures }) {
  const { hand } = clinic;
  const { user_id } = clinic.account('administrator');
  await clinic.go(page, 'お知らせ・操作履歴', '操作履歴');
  const search = buttonOf(page, '検索');
  await look(page, { row: 'T04', name: 'history', caption: '操作履歴', button: search });
  for (const column of ['操作', '結果']) {
    for (const words of await page.locator(`td[data-label="${column}"]`).allInnerTexts()) {
      assert.match(words, /[\u3040-\u30ff\u4e00-\u9fff]/, `${column} in words`);
    }
  }
  await hand.type(page.locator('#from'), '令和99年99月');
  await hand.press(search);
  await page.locator('.field.wrong').first().waitFor();
  await look(page, { row: 'T04', name: 'history-wrong', caption: '操作履歴（入力の誤り）' });
  await clinic.go(page, 'お知らせ・操作履歴', '操作履歴');
  await hand.type(page.locator('#who'), user_id);
  await hand.pick(page.locator('#kind'), 'readers');
  await hand.press(search);
  await page.getByRole('heading', { name: '検索結果' }).waitFor();
  const shown = await page.locator('tbody tr').count();
  assert.ok(shown >= 3, await page.locator('main').innerText());
  await look(page, { row: 'T04', name: 'history-found', caption: '操作履歴（検索結果）', button: buttonOf(page, 'CSV') });
  // What was ordered has an end: the reader obeyed.
  const ends = await page.locator('tbody tr', { hasText: 'カードリーダーの操作' }).locator('td[data-label="結果"]').allInnerTexts();
  for (const end of ends) assert.match(end, /^完了/, `${ends}`);
  const [download] = await Promise.all([page.waitForEvent('download'), hand.press(buttonOf(page, 'CSV'))]);
  const { headings, rows } = readTable(await readFile(await keep(download, pictures, 'history.csv')));
  assert.deepEqual(headings, ['記録番号', '日時', '操作した人', '操作', '対象', '結果']);
  assert.equal(rows.length, shown, 'the table has what the page shows');
  for (const row of rows) assert.ok(row[2].includes(user_id), `${row}`);
  await hand.type(page.locator('#who'), 'daremo');
  await hand.press(search);
  await page.getByText('当てはまる記録はありません。').waitFor();
  await look(page, { row: 'T04', name: 'history-nothing', caption: '操作履歴（該当なし）' });
}

/** Five wrong passwords lock an account: the list and its page say until when and what to do; a new password ends it. */
export async function lockAccount({ clinic, page, look }) {
  const { user_id } = clinic.account('medical_viewer');
  const stranger = await clinic.page();
  for (let guess = 0; guess < 5; guess += 1) {
    await clinic.logIn(stranger, { user_id, password: `not the password ${guess}` });
    await stranger.getByRole('alert').waitFor();
  }
  await clinic.go(page, 'アカウント情報管理', 'アカウント管理(一覧)');
  const row = page.locator('tr', { hasText: user_id });
  assert.match(await row.innerText(), /ロック中[^]*まで/);
  await look(page, { row: 'T14', name: 'accounts-locked', caption: 'アカウント管理(一覧)（ロック中）', button: linkOf(page, user_id) });
  await clinic.hand.press(linkOf(page, user_id));
  const again = buttonOf(page, '初期パスワードを再発行');
  assert.match(await page.locator('main').innerText(), /ロック中[^]*令和[^]*まで[^]*パスワードを受け付けていません/);
  await look(page, { row: 'T14', name: 'account-locked', caption: 'アカウントの変更（ロック中）', button: again });
  await clinic.hand.press(again);
  await page.locator('.password-once').waitFor();
  await clinic.go(page, 'アカウント情報管理', 'アカウント管理(一覧)');
  assert.equal(await row.getByText('ロック中').count(), 0);
}
