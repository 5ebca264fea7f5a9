// What goes wrong on other days: codes that are wrong or used, somebody else's certificate, a line that is ended, an
// address that is no line's any more, a certificate that is revoked.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { askForRevocation } from './forms.js';
import { waitFor } from '../../people.js';
import * as labels from './labels.js';
import { tellDecision } from './operators.js';

const PASSWORD = 'kawara-to-hisashi-2026';
/** How often a line may press within ten minutes. */
const PRESSES_MAX = 20;
/** An address range that nobody here has (documentation addresses). */
const OTHER_PREFIX = '198.51.100.16/29';
/** What the file that the demo gives away is opened with; it stands on its page. */
const GIVEN_PASSWORD = 'koushin-2026';

const buttonOf = (page, name) => page.getByRole('button', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { level: 1, name });

/** At 電子証明書取得サイト: nothing typed, a wrong 認証ID, a letter that was used. */
export async function beRefusedACertificate({ town, look, hand, codes }) {
  const page = await town.pc();
  await page.goto(`${town.about.authority}/certificate`);
  const fetch = buttonOf(page, '取得');
  const fields = { retrieval_number: '123', secret: 'ABC', password: PASSWORD, password_again: `${PASSWORD}x` };
  for (const [field, text] of Object.entries(fields)) await hand.type(page.locator(`#${field}`), text);
  await hand.press(fetch);
  await page.locator('.field.wrong').first().waitFor();
  await look(page, { row: 'setup', name: 'retrieval-mistyped', caption: '電子証明書取得サイト（入力の誤り）' });
  const secret = codes.secret.replaceAll(' ', '');
  const other = `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`;
  for (const [name, typed, words] of [['wrong', other, /正しくありません|一致しません|誤り/], ['used', secret, /すでに|取得済み/]]) {
    await hand.type(page.getByLabel('リファレンスナンバー'), codes.number);
    await hand.type(page.getByLabel('認証ID'), typed);
    await hand.type(page.locator('#password'), PASSWORD);
    await hand.type(page.locator('#password_again'), PASSWORD);
    await hand.press(fetch);
    await page.getByRole('heading', { name: '電子証明書を取得できませんでした' }).waitFor();
    assert.match(await page.locator('.notice-box.wrong').innerText(), words);
    await look(page, { row: 'setup', name: `retrieval-${name}`, caption: `電子証明書取得サイト（${name === 'used' ? '使用済みの通知書' : '認証IDの誤り'}）` });
  }
}

/** Another institution's certificate, and a password that is not the file's: the terminal keeps what it has. */
export async function installAForeignOne({ town, look, hand }) {
  const reader = await town.person('applicant');
  await reader.goto(`${town.landing}/renewal`);
  const button = buttonOf(reader, 'ファイル（PKCS#12）を受け取る');
  const [download] = await Promise.all([reader.waitForEvent('download'), hand.press(button)]);
  const file = join(town.folder, 'foreign.p12');
  await download.saveAs(file);
  const page = await town.pc();
  for (const [name, password, words] of [['password', `${GIVEN_PASSWORD}x`, /パスワード/], ['institution', GIVEN_PASSWORD, /医療機関/]]) {
    await page.goto(`${town.clinic.gateway}/terminal/certificate/file`);
    await hand.give(page.getByLabel('電子証明書のファイル'), file);
    await hand.type(page.getByLabel('パスワード'), password);
    await hand.press(buttonOf(page, '導入'));
    await page.locator('#fault').waitFor();
    assert.match(await page.locator('#fault').innerText(), words);
    await look(page, { row: 'setup', name: `install-foreign-${name}`, caption: `ファイルから電子証明書を導入（${name === 'password' ? 'パスワードの誤り' : 'ほかの医療機関の電子証明書'}）` });
  }
}

/** The terminal asks the centre again until it says this; its pages are looked at. */
async function atTheTerminal({ town, look, hand }, { words, name, caption }) {
  const page = await town.pc();
  const told = page.locator('.band').getByText(words).first();
  const askAgain = async () => {
    await page.goto(`${town.clinic.gateway}/terminal/`);
    if (await told.isVisible()) return true;
    const asked = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await hand.press(buttonOf(page, 'もう一度確認する'));
    await asked;
    return false;
  };
  await waitFor(askAgain, caption, () => page.locator('main').innerText());
  await look(page, { row: 'setup', name: `terminal-${name}`, caption: `端末の状態（${caption}）` });
  await page.goto(`${town.clinic.gateway}/terminal/certificate`);
  await page.locator('.band').getByText(words).first().waitFor();
  await look(page, { row: 'setup', name: `certificate-${name}`, caption: `電子証明書（${caption}）` });
  await page.goto(`${town.clinic.gateway}/`);
  await page.getByText(words).first().waitFor();
  await look(page, { row: 'setup', name: `web-${name}`, caption: `オンライン資格確認等システム（${caption}）` });
}

/** 回線: ended, declined, no line any more, and connected again. */
export async function loseTheLine(scene) {
  const { town, look, hand } = scene;
  const keeper = await town.person('kaisen');
  const code = town.clinic.institution_code;
  await keeper.goto(`${town.about.operator}/lines/${code}`);
  await hand.press(buttonOf(keeper, '回線認証を切断する'));
  await keeper.getByRole('status').getByText('を切断しました。').waitFor();
  await look(keeper, { row: 'line', name: 'line-ended', caption: '回線（切断後）' });
  await atTheTerminal(scene, { words: /ネットワークエラー|回線認証/, name: 'no-line', caption: labels.NETWORK_ERROR });
  const page = await town.pc();
  await page.goto(labels.LINE_SITE);
  await hand.press(buttonOf(page, labels.DECLINE));
  await heading(page, '「希望しない」が選ばれました').waitFor();
  await look(page, { row: 'line', name: 'line-declined', caption: '「希望しない」を選んだあと', button: page.getByRole('link', { name: '回線認証の画面を開く' }) });
  await keeper.goto(`${town.about.operator}/lines/${code}`);
  const withdraw = keeper.getByRole('button', { name: / を取り消す$/ });
  const [prefix] = (await withdraw.first().getAttribute('aria-label')).split(' ');
  const add = async (wanted) => {
    await hand.type(keeper.locator('#prefixes'), wanted);
    await hand.press(buttonOf(keeper, 'アドレス範囲を追加する'));
    await keeper.getByRole('status').getByText('アドレス範囲を追加しました。').waitFor();
  };
  // Another address of the line takes its place; the carrier of the demo brings the first one back to a line that has none.
  await add(OTHER_PREFIX);
  await hand.press(buttonOf(keeper, `${prefix} を取り消す`));
  await keeper.getByRole('status').getByText('アドレス範囲を取り消しました。').waitFor();
  await page.goto(labels.LINE_SITE);
  await heading(page, '登録された回線ではありません').waitFor();
  await look(page, { row: 'line', name: 'line-unknown', caption: '登録された回線ではありません' });
  await add(prefix);
  await page.goto(labels.LINE_SITE);
  await hand.press(buttonOf(page, labels.WISH));
  await page.getByText(labels.CONNECTED).first().waitFor();
}

/** The buttons of line authentication, pressed more often than a line may; last, as the line then waits for ten minutes. */
export async function pressTooOften({ town, look, hand }) {
  const keeper = await town.person('kaisen');
  await keeper.goto(`${town.about.operator}/lines/${town.clinic.institution_code}`);
  await hand.press(buttonOf(keeper, '回線認証を切断する'));
  await keeper.getByRole('status').getByText('を切断しました。').waitFor();
  const page = await town.pc();
  const told = heading(page, '操作の回数が多すぎます');
  for (let presses = 0; presses <= PRESSES_MAX && !(await told.isVisible()); presses += 1) {
    await page.goto(labels.LINE_SITE);
    await hand.press(buttonOf(page, labels.DECLINE));
    await told.or(heading(page, '「希望しない」が選ばれました')).waitFor();
  }
  await told.waitFor();
  await look(page, { row: 'line', name: 'line-too-often', caption: '操作の回数が多すぎます', button: page.getByRole('link', { name: '回線認証の画面を開く' }) });
}

/** 失効: asked for, approved, and told everywhere. */
export async function revoke(scene) {
  const { town } = scene;
  await askForRevocation(scene);
  // One person suffices: it may be urgent.
  await tellDecision(scene, 'certificate-revocation', ['shinsa-1'], 'others');
  const page = await town.person('applicant');
  await page.goto(`${town.about.portal}/my-menu`);
  await town.until(page, page.getByText('電子証明書は失効しました。').first(), 'the revocation');
  await atTheTerminal(scene, { words: /失効/, name: 'revoked', caption: '電子証明書の失効' });
}
