// The operator's people, each in a browser context of their own, with the codes their telephones show.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { givePasskey, waitFor } from '../../people.js';
import { oneTimeCode } from './papers.js';

const run = promisify(execFile);
/** A password that the demo's page prints. */
const KNOWN_PASSWORD = 'demo-ichiro-2026';

/** 引受番号 of the registered mail. */
const TRACKING_NUMBER = '123-45-67890-1';

/** Signs in unless that was done. */
export async function signIn({ town, look, hand }, id) {
  const page = await town.person(id);
  await page.goto(town.about.operator);
  if (new URL(page.url()).pathname !== '/login') return page;
  const telephone = await town.person('telephone');
  const password = async () => {
    await telephone.goto(`${town.landing}/first-day`);
    const row = telephone.locator('tr', { has: telephone.locator(`[data-totp="${id}"]`) });
    return [await row.locator('code').nth(1).innerText(), await row.locator('[data-totp]').innerText()];
  };
  const [known] = await password();
  await hand.type(page.getByLabel('ユーザーID'), id);
  await hand.type(page.getByLabel('パスワード'), known);
  await look(page, { row: '運営', name: `operator-login-${id}`, caption: '運営者サイトのログイン', button: page.getByRole('button', { name: 'ログイン', exact: true }) });
  await hand.press(page.getByRole('button', { name: 'ログイン', exact: true }));
  const field = page.getByLabel('認証アプリに表示されている6桁の数字');
  const [, code] = await password();
  await hand.type(field, code);
  await look(page, { row: '運営', name: `operator-totp-${id}`, caption: '運営者の2段階認証', button: page.getByRole('button', { name: '確認', exact: true }) });
  await hand.press(page.getByRole('button', { name: '確認', exact: true }));
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
  return page;
}

/** Each of these people approves the newest application of a kind. */
export async function tellDecision(scene, kind, people, row) {
  const { town, look, hand } = scene;
  for (const [at, id] of people.entries()) {
    const page = await signIn(scene, id);
    await page.goto(`${town.about.operator}/queues/${kind}`);
    const link = page.locator(`a[href^="/applications/${town.clinic.institution_code}/"]`).first();
    await town.until(page, link, 'the application in the queue');
    if (at === 0) await look(page, { row, name: `queue-${kind}`, caption: '審査待ちの一覧', button: link });
    await hand.press(link);
    const approve = page.getByRole('button', { name: '承認する', exact: true });
    await look(page, { row, name: `decide-${kind}-${at + 1}`, caption: `審査（${at + 1}人目）`, button: approve });
    await hand.press(approve);
    await page.getByText('承認しました。').waitFor();
    if (at + 1 < people.length) {
      // The first cannot be the second.
      assert.equal(await approve.count(), 0, 'the same person approves twice');
      await look(page, { row, name: `approved-${kind}-${at + 1}`, caption: '1人目の承認のあと' });
    }
  }
}

/** A person of the operator has called the institution by the register's number, and notes it. */
export async function tellProof(scene) {
  const { town, look, hand } = scene;
  const page = await signIn(scene, 'shinsa-1');
  await page.goto(`${town.about.operator}/registrants`);
  await hand.press(page.locator(`a[href="/registrants/${town.clinic.institution_code}"]`));
  assert.equal(await page.getByText('一致しません').count(), 0, 'both names are one');
  await hand.choose(page.getByLabel('台帳の電話番号に電話した'));
  await hand.type(page.getByLabel('確認した相手と内容'), '院長に登録の事実を確認');
  const button = page.getByRole('button', { name: '登録者を確認済みにする', exact: true });
  await look(page, { row: '運営', name: 'registrant', caption: '登録者の確認', button });
  await hand.press(button);
  await page.getByText('登録者を確認済みにしました。').waitFor();
}

/** A person of the operator adds a passkey, and signs in with it. */
export async function tellPasskey(scene) {
  const { town, look, hand } = scene;
  const id = 'shinsa-2';
  const page = await signIn(scene, id);
  await givePasskey(page);
  const guide = await town.person('telephone');
  await guide.goto(`${town.landing}/first-day`);
  const password = await guide.locator('tr', { has: guide.locator(`[data-totp="${id}"]`) }).locator('code').nth(1).innerText();
  await page.goto(`${town.about.operator}/security/proof?next=/second-factor/setup`);
  await hand.type(page.getByLabel('パスワード'), password);
  await look(page, { row: '運営', name: 'operator-proof', caption: '運営者の本人確認' });
  await hand.press(page.getByRole('button', { name: '確認', exact: true }));
  await hand.type(page.getByLabel('パスキーの名前'), '審査室のパソコン');
  const make = page.getByRole('button', { name: 'パスキーを登録する' });
  await look(page, { row: '運営', name: 'operator-passkey', caption: '運営者のパスキーの登録', button: make });
  await hand.press(make);
  await page.getByRole('rowheader', { name: '審査室のパソコン' }).waitFor();
  await hand.press(page.getByRole('button', { name: 'ログアウト', exact: true }));
  await page.waitForURL((url) => url.pathname === '/login');
  await hand.type(page.getByLabel('ユーザーID'), id);
  await hand.type(page.getByLabel('パスワード'), password);
  await hand.press(page.getByRole('button', { name: 'ログイン', exact: true }));
  const use = page.getByRole('button', { name: 'パスキーで続ける' });
  await look(page, { row: '運営', name: 'operator-passkey-use', caption: '運営者の2段階認証（パスキー）', button: use });
  await hand.press(use);
  await page.getByRole('heading', { level: 1, name: '運営者トップ' }).waitFor();
}

/** The post room posts the letter. */
export async function tellPosting(scene) {
  const { town, look, hand } = scene;
  const page = await signIn(scene, 'yubin-1');
  await page.goto(`${town.about.operator}/letters`);
  const field = page.getByLabel('引受番号').first();
  await town.until(page, field, 'the letter to post');
  // The contents are forgotten with the posting: the postman of the demo takes a copy before.
  const copied = async () => (await readdir(join(town.data, 'post'))).some((name) => name.endsWith('.pdf'));
  await waitFor(copied, "the postman's copy");
  await hand.type(field, TRACKING_NUMBER);
  const button = page.getByRole('button', { name: '発送済みにする' });
  await look(page, { row: 'letter', name: 'letters', caption: '簡易書留発送', button });
  await hand.press(button);
  await page.getByText(TRACKING_NUMBER).first().waitFor();
  await look(page, { row: 'letter', name: 'letters-posted', caption: '簡易書留発送（発送済み）' });
}

/** Who is not of the demo: an account made as a real operator makes it, with `shikaku operator add`. */
export const COLLEAGUES = {
  kanri: { name: '管理　四郎', role: 'administrator', password: 'take-no-ko ga nobiru asa' },
  kaisen: { name: '回線　五郎', role: 'line-keeper', password: 'kumo no ue no densen 2026' },
  kansa: { name: '監査　六子', role: 'auditor', password: 'mushimegane to chouboku 7' },
};

/**
 * Signs such a person in, whose account is made first: it opens with what its owner chose and what was printed once,
 * not with a password that the demo knows; and the demo's page does not show it.
 */
export async function addColleague({ town, hand, shikaku }, id) {
  const { name, role, password } = COLLEAGUES[id];
  const page = await town.person(id);
  const file = join(town.folder, `${id}.txt`);
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  const words = ['operator', 'add', id, '--name', name, '--mail', `${id}@operator.example`, '--role', role];
  const { stdout } = await run(shikaku, [...words, '--password-file', file, '--config', join(town.data, 'server.toml'), '--json']);
  const secret = new URL(JSON.parse(stdout).totp).searchParams.get('secret');
  await page.goto(`${town.landing}/first-day`);
  assert.ok(!(await page.locator('main').innerText()).includes(id), 'the demo shows the account');
  const enter = async (words) => {
    await page.goto(`${town.about.operator}/login`);
    await hand.type(page.getByLabel('ユーザーID'), id);
    await hand.type(page.getByLabel('パスワード'), words);
    await hand.press(page.getByRole('button', { name: 'ログイン', exact: true }));
  };
  await enter(KNOWN_PASSWORD);
  await page.getByRole('alert').first().waitFor();
  await enter(password);
  await hand.type(page.getByLabel('認証アプリに表示されている6桁の数字'), oneTimeCode(secret));
  await hand.press(page.getByRole('button', { name: '確認', exact: true }));
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
  return page;
}
