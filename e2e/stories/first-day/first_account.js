// The account of the 通知書 signs in at the new terminal and takes a password of its own.

import assert from 'node:assert/strict';

const OWN_PASSWORD = 'fujinohana-to-kasumi-2026';
const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });

export async function signInWithTheSheet({ town, look, hand, sheet }) {
  const initial = sheet.match(/初期パスワード\s+([0-9a-zA-Z][0-9a-zA-Z -]*)/)?.[1]?.replaceAll(' ', '');
  assert.ok(initial, `no password on the sheet:\n${sheet}`);
  const page = await town.pc();
  await page.goto(`${town.clinic.gateway}/login`);
  await hand.type(page.getByLabel('ユーザーID', { exact: true }), `M${town.clinic.institution_code}`);
  await hand.type(page.getByLabel('パスワード', { exact: true }), initial);
  const button = page.getByRole('button', { name: 'ログイン', exact: true });
  await look(page, { row: 'S2', name: 'first-login', caption: 'オンライン資格確認等システム（最初のアカウントでのログイン）', button });
  await hand.press(button);
  await heading(page, 'パスワード変更').waitFor();
  await hand.type(page.locator('#password'), OWN_PASSWORD);
  await hand.type(page.locator('#password_again'), OWN_PASSWORD);
  await hand.press(page.getByRole('button', { name: '変更', exact: true }));
  await heading(page, 'メニュー').waitFor();
  await look(page, { row: 'S2', name: 'first-menu', caption: '[メニュー]（マスタ）' });
}
