// Under consents that patients gave at earlier visits: who agreed, asked about again, ended; and what the doctor sees.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { givePasskey } from '../../people.js';
import { buttonOf, heading } from './clinic.js';
import { Procedure } from './words.js';

const run = promisify(execFile);
const TITLE = '同意済資格情報取得(訪問診療等・オンライン診療等)';
/** Who agreed to be visited at home, and to what, before the demo began. */
const AGREED = '古希　八重';
/** Who took it back before that, and whose consent ended with their life. */
const TAKEN_BACK = '減額　十一';
const DEAD = '故人　七之助';

const linkOf = (page, name) => page.getByRole('link', { name, exact: true });
const days = (count) => new Date(Date.now() + 9 * 3_600_000 - count * 86_400_000).toISOString().slice(0, 10);

/** Everybody who agreed within a year, by the form. */
async function search({ clinic, page }) {
  await clinic.go(page, '訪問診療等・オンライン診療等', '同意済資格情報取得', TITLE);
  await clinic.hand.type(page.getByLabel('同意年月日（自）', { exact: false }), days(390));
  await clinic.press(page, '検索');
  await page.getByRole('heading', { level: 2, name: '検索結果' }).waitFor();
}

/** 資格確認 again under a consent; back to where the patient was. */
async function askAgain({ clinic, page, look }) {
  const patient = page.url();
  await clinic.press(page, '再照会');
  await heading(page, '資格確認結果').waitFor();
  assert.equal(await page.locator('.band .word').innerText(), '有効');
  await page.getByRole('heading', { name: '資格確認の控え' }).waitFor();
  await look(page, { row: 'T10', name: 're-verification', caption: '再照会の結果' });
  await page.goto(patient);
}

/** Who agreed, and 再照会. */
export async function findConsented({ clinic, page, look }) {
  const { hand } = clinic;
  await clinic.go(page, '訪問診療等・オンライン診療等', '同意済資格情報取得', TITLE);
  assert.equal(await page.locator('tbody tr').count(), 0, 'nobody before somebody was searched');
  await look(page, { row: 'T10', name: 'consents', caption: TITLE, button: buttonOf(page, '検索') });
  await hand.type(page.getByLabel('同意年月日（自）', { exact: false }), 'あした');
  await clinic.press(page, '検索');
  await page.locator('.field.wrong').first().waitFor();
  await look(page, { row: 'T10', name: 'consents-wrong', caption: '同意済資格情報取得（入力の誤り）' });
  await search({ clinic, page });
  const of = (name) => page.locator('tbody tr', { has: linkOf(page, name) });
  assert.match(await of(AGREED).innerText(), /薬剤情報：同意あり[\s\S]*手術情報：同意なし/);
  assert.match(await of(TAKEN_BACK).innerText(), /同意有効期限切れ（患者による取消）/);
  assert.match(await of(DEAD).innerText(), /同意有効期限切れ（通常）/);
  await look(page, { row: 'T10', name: 'consents-found', caption: '同意済資格情報取得（検索結果）', button: linkOf(page, AGREED) });
  await hand.press(linkOf(page, TAKEN_BACK));
  await page.getByText('有効な同意がないため、資格情報は表示しません。').waitFor();
  assert.equal(await buttonOf(page, '再照会').count(), 0);
  await look(page, { row: 'T10', name: 'consent-over', caption: '同意済資格情報取得（取り消された同意）' });
  await search({ clinic, page });
  await hand.press(linkOf(page, AGREED));
  await page.locator('.band .word').waitFor();
  assert.match(await page.locator('main').innerText(), /保険者番号[\s\S]*高齢受給者証/);
  await look(page, { row: 'T10', name: 'consent', caption: '同意済資格情報取得（患者さん1人）', button: buttonOf(page, '再照会') });
  await askAgain({ clinic, page, look });
}

/** The sheet is one page of A4. */
async function printed(page, folder) {
  const pdf = join(folder, 'medical-records.pdf');
  await writeFile(pdf, await page.pdf({ preferCSSPageSize: true, format: 'A4', printBackground: true }));
  const { stdout } = await run('pdfinfo', [pdf]);
  assert.match(stdout, /^Pages:\s+1$/m, stdout);
}

/** What the doctor sees: followed word for word. */
export async function viewMedicines({ clinic, page, look, pictures }) {
  const { hand } = clinic;
  const s6 = new Procedure('S6');
  const list = s6.word('同意取得済み患者一覧(訪問診療等・オンライン診療等)');
  await clinic.go(page, s6.word('医療情報閲覧'), list);
  assert.equal(await linkOf(page, DEAD).count(), 0, 'a consent that has ended is not in the list');
  await look(page, { row: 'T11', name: 'viewable', caption: list, button: linkOf(page, AGREED) });
  await hand.press(linkOf(page, AGREED));
  await heading(page, s6.word('患者情報詳細')).waitFor();
  await page.getByRole('heading', { level: 2, name: s6.word('手術・診療・薬剤情報閲覧(処方・調剤情報含む)'), exact: true }).waitFor();
  assert.equal(await buttonOf(page, '手術閲覧').count(), 0, 'that was refused');
  const [from, until] = [s6.word('診療年月(自)'), s6.word('診療年月(至)')].map((label) => page.getByLabel(label, { exact: true }));
  const options = await from.locator('option').evaluateAll((all) => all.map((option) => option.value));
  await hand.pick(from, options[11]);
  await hand.pick(until, options[1]);
  const view = buttonOf(page, s6.word('薬剤閲覧'));
  await look(page, { row: 'T12', name: 'viewable-patient', caption: '患者情報詳細', button: view });
  await hand.press(view);
  await heading(page, s6.word('診療・薬剤情報(処方・調剤情報)')).waitFor();
  s6.done();
  const told = await page.locator('main').innerText();
  assert.match(told, /0件[\s\S]*まだ保有していません/);
  assert.match(told, /診療年月[\s\S]*から[\s\S]*まで[\s\S]*同意の有効期限[\s\S]*あと\d+日/);
  const print = linkOf(page, '印刷');
  await look(page, { row: 'T13', name: 'medical-records', caption: '診療・薬剤情報(処方・調剤情報)', button: print });
  await hand.press(print);
  await page.locator('body.sheet-a4').waitFor();
  await look(page, { row: 'T13', name: 'medical-records-print', caption: '診療・薬剤情報（印刷）' });
  if (clinic.javaScript) await printed(page, pictures);
  await hand.press(linkOf(page, '元の画面へ戻る'));
  await hand.press(linkOf(page, '患者情報詳細へ'));
  await clinic.press(page, '特定健診閲覧');
  await heading(page, '特定健診情報').waitFor();
  await look(page, { row: 'T13', name: 'checkups', caption: '特定健診情報' });
  await page.goBack();
  await heading(page, '患者情報詳細').waitFor();
}

/** The doctor walks away from a patient's page: it is covered, and opens for who knows the password. */
export async function leaveAlone({ clinic, page, look }) {
  const { hand } = clinic;
  const there = page.url();
  if (clinic.javaScript) {
    await page.clock.install();
    await page.reload();
    await page.waitForLoadState('load');
    await page.clock.fastForward('05:01');
  } else {
    const [, seconds, place] = (await page.locator('meta[http-equiv="refresh"]').getAttribute('content')).match(/^(\d+); url=(.+)$/);
    assert.equal(seconds, '300');
    await page.goto(`${clinic.door}${place}`);
  }
  await heading(page, 'ご本人の確認').waitFor();
  assert.doesNotMatch(await page.locator('body').innerText(), new RegExp(AGREED));
  const password = page.getByLabel('パスワード', { exact: true });
  await look(page, { row: 'T12', name: 'uncover', caption: 'ご本人の確認（5分間操作がないとき）', button: buttonOf(page, '確認') });
  await hand.type(password, 'another-password-2026');
  await hand.press(buttonOf(page, '確認'));
  await page.getByText('パスワードが正しくありません。', { exact: false }).waitFor();
  await look(page, { row: 'T12', name: 'uncover-wrong', caption: 'ご本人の確認（パスワードの誤り）' });
  await hand.type(password, clinic.account('medical_viewer').password);
  await hand.press(buttonOf(page, '確認'));
  await heading(page, '患者情報詳細').waitFor();
  assert.equal(page.url(), there);
  // Without a script there are no passkeys.
  if (clinic.javaScript) await uncoverByPasskey({ clinic, page, look }, there);
}

/** The same, opened by the doctor's passkey. */
async function uncoverByPasskey({ clinic, page, look }, there) {
  const { hand } = clinic;
  await givePasskey(page);
  await clinic.go(page, 'アカウント情報管理', 'パスキー');
  await hand.type(page.getByLabel('パスキーの名前'), '診察室のパソコン');
  await hand.press(buttonOf(page, '登録'));
  await page.locator('tbody').getByText('診察室のパソコン').waitFor();
  await page.goto(there);
  await heading(page, '患者情報詳細').waitFor();
  await page.clock.fastForward('05:01');
  await heading(page, 'ご本人の確認').waitFor();
  assert.doesNotMatch(await page.locator('body').innerText(), new RegExp(AGREED));
  const confirm = buttonOf(page, 'パスキーで確認');
  await look(page, { row: 'T12', name: 'uncover-passkey', caption: 'ご本人の確認（パスキーがあるとき）', button: confirm });
  await hand.press(confirm);
  await heading(page, '患者情報詳細').waitFor();
  assert.equal(page.url(), there);
}

/** 同意取消, while somebody is about to view what it opened. `patient`: whose. */
export async function cancelConsent({ clinic, page, look }, viewer, patient) {
  const { hand } = clinic;
  await clinic.go(viewer, '医療情報閲覧', '同意取得済み患者一覧(訪問診療等・オンライン診療等)');
  await hand.press(linkOf(viewer, patient));
  await heading(viewer, '患者情報詳細').waitFor();
  await search({ clinic, page });
  await hand.press(linkOf(page, patient));
  await hand.press(linkOf(page, '同意取消'));
  await heading(page, '同意取消').waitFor();
  const on = buttonOf(page, '確認へ進む');
  await hand.press(on);
  await page.locator('.field.wrong').waitFor();
  await look(page, { row: 'T10', name: 'consent-cancel-wrong', caption: '同意取消（理由の選択もれ）', button: on });
  await hand.choose(page.getByRole('radio', { name: '患者による取消', exact: true }));
  await hand.press(on);
  await page.getByRole('region', { name: '確認メッセージ' }).waitFor();
  await look(page, { row: 'T10', name: 'consent-cancel-confirm', caption: '同意取消（確認）', button: buttonOf(page, 'OK') });
  await clinic.press(page, 'OK');
  await page.getByRole('status').getByText('同意を取り消しました').waitFor();
  await look(page, { row: 'T10', name: 'consent-cancelled', caption: '同意取消（完了）' });
  await clinic.press(viewer, '薬剤閲覧');
  await heading(viewer, '同意取得済み患者一覧(訪問診療等・オンライン診療等)').waitFor();
  assert.match(await viewer.getByRole('alert').innerText(), /OQSB1401W/);
  assert.equal(await linkOf(viewer, patient).count(), 0);
  await look(viewer, { row: 'T11', name: 'viewable-refused', caption: '同意取得済み患者一覧（同意が切れたとき）' });
}

/** 照会番号登録 from the menu: a patient is found by number first. */
export async function giveNumber({ clinic, page, look }, number) {
  const { hand } = clinic;
  const patient = await clinic.patient();
  await clinic.go(page, '資格確認', '照会番号登録');
  const find = buttonOf(page, '検索');
  await look(page, { row: 'T07', name: 'reference-number-find', caption: '照会番号登録（患者さんを探す）', button: find });
  await hand.type(page.getByLabel('保険者番号', { exact: false }).first(), patient.insurer_number);
  await hand.type(page.locator('#insured_symbol'), patient.insured_symbol);
  await hand.type(page.locator('#insured_number'), patient.insured_number);
  await hand.type(page.locator('#birthdate'), patient.birthdate.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'));
  await hand.press(find);
  const as_is = page.getByRole('checkbox', { name: '券面と見比べました。入力した保険者番号のまま確認します' });
  const field = page.getByLabel('照会番号', { exact: false }).first();
  await as_is.or(page.locator('#reference_number')).first().waitFor();
  if (await as_is.isVisible()) {
    await hand.choose(as_is);
    await hand.press(find);
  }
  await page.locator('#reference_number').waitFor();
  await hand.type(field, number);
  await clinic.press(page, '登録');
  await page.getByRole('heading', { name: '照会番号を登録しました' }).waitFor();
  assert.ok((await page.locator('main').innerText()).includes(number));
}
