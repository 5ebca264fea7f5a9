// The accounts of the 通知書 sign in at the new terminal and each takes a password of its own.

import assert from 'node:assert/strict';

/** Whose line of the sheet: first letter of the ユーザーID, the password it takes, what the menu is called in the album. */
const ACCOUNTS = [
  { letter: 'M', own: 'fujinohana-to-kasumi-2026', name: 'first', caption: 'マスタ' },
  { letter: 'a', own: 'yamabuki-to-hototogisu-2026', name: 'administrator', caption: '医療機関等管理者' },
];
const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });

/** ユーザーID and 初期パスワード of each account, in the order of the sheet. */
function printed(sheet) {
  const found = [...sheet.matchAll(/ユーザーID\s+([A-Za-z][0-9]{10})\s+初期パスワード\s+([0-9a-zA-Z][0-9a-zA-Z -]*)/g)];
  assert.equal(found.length, ACCOUNTS.length, `not both accounts on the sheet:\n${sheet}`);
  return new Map(found.map(([, id, password]) => [id, password.replaceAll(' ', '')]));
}

export async function signInWithTheSheet({ town, look, hand, sheet }) {
  const passwords = printed(sheet);
  const page = await town.pc();
  for (const { letter, own, name, caption } of ACCOUNTS) {
    const id = `${letter}${town.clinic.institution_code}`;
    await page.goto(`${town.clinic.gateway}/login`);
    await hand.type(page.getByLabel('ユーザーID', { exact: true }), id);
    await hand.type(page.getByLabel('パスワード', { exact: true }), passwords.get(id));
    const button = page.getByRole('button', { name: 'ログイン', exact: true });
    await look(page, { row: 'use', name: `${name}-login`, caption: `オンライン資格確認等システム（${caption}の最初のログイン）`, button });
    await hand.press(button);
    await heading(page, 'パスワード変更').waitFor();
    await hand.type(page.locator('#password'), own);
    await hand.type(page.locator('#password_again'), own);
    await hand.press(page.getByRole('button', { name: '変更', exact: true }));
    await heading(page, 'メニュー').waitFor();
    await look(page, { row: 'use', name: `${name}-menu`, caption: `[メニュー]（${caption}）` });
    await hand.press(page.getByRole('button', { name: 'ログアウト', exact: true }));
    // Gone before the next address is opened: two at once would break each other off.
    await heading(page, 'メニュー').waitFor({ state: 'hidden' });
  }
}
