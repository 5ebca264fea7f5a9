// The counter's everyday: 資格確認 by number with its result on paper, 照会番号, files with many rows.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { heading, press } from './clinic.js';

const run = promisify(execFile);
const WIDE = '０１２３４５６７８９';
/** As a Japanese keyboard types digits. */
const wide = (digits) => digits.replaceAll(/\d/g, (digit) => WIDE[Number(digit)]);
/** 19820514 in the words of a card: 昭和57年5月14日. */
const era = (day) => `昭和${Number(day.slice(0, 4)) - 1925}年${Number(day.slice(4, 6))}月${Number(day.slice(6))}日`;

/** Numbers of invented insurers have check digits that are wrong, so that they are nobody's: the page says so first. */
async function compared(page) {
  const as_is = page.getByRole('checkbox', { name: '券面と見比べました。入力した保険者番号のまま確認します' });
  await as_is.or(page.locator('.band .word')).first().waitFor();
  if (!(await as_is.isVisible())) return;
  await as_is.check();
  await press(page, '検索');
  await page.locator('.band .word').waitFor();
}

async function fill(page, patient) {
  await page.getByLabel('保険者番号', { exact: false }).first().fill(wide(patient.insurer_number));
  await page.locator('#insured_symbol').fill(patient.insured_symbol);
  await page.locator('#insured_number').fill(wide(patient.insured_number));
  await page.locator('#branch_number').fill(patient.branch_number);
  await page.locator('#birthdate').fill(era(patient.birthdate));
}

/** The printed result is one page of A4. */
async function printed(page, folder) {
  const pdf = join(folder, 'result.pdf');
  await writeFile(pdf, await page.pdf({ preferCSSPageSize: true, format: 'A4', printBackground: true }));
  const { stdout } = await run('pdfinfo', [pdf]);
  assert.match(stdout, /^Pages:\s+1$/m, stdout);
  assert.match(stdout, /^Page size:\s+59[0-9.]+ x 84[0-9.]+ pts \(A4\)$/m, stdout);
}

/** T05, T06, T07, T09; the address of the last result. */
export async function checkByNumber({ clinic, page, look, pictures }) {
  const patient = await clinic.patient();
  await clinic.go(page, '資格確認', '資格確認(被保険者証等)');
  const search = page.getByRole('button', { name: '検索', exact: true });
  await search.click();
  await page.locator('.field.wrong').first().waitFor();
  await look(page, { row: 'T05', name: 'number-wrong', caption: '資格確認（入力の誤り）' });
  await fill(page, patient);
  await look(page, { row: 'T05', name: 'number', caption: '資格確認(被保険者証等)', button: search });
  await search.click();
  await page.getByText('保険者番号の検証番号が合いません').first().waitFor();
  await look(page, { row: 'T05', name: 'number-digit', caption: '資格確認（検証番号の誤り）' });
  await compared(page);
  assert.equal(await page.locator('.band .word').innerText(), '有効', await page.locator('main').innerText());
  await page.getByRole('img', { name: '資格確認の控えの二次元バーコード' }).waitFor();
  const register = page.getByRole('link', { name: '照会番号登録', exact: true });
  await look(page, { row: 'T06', name: 'result', caption: '資格確認結果', button: register });
  const result = page.url();
  await registerNumber({ page, look, register });
  const csv = await page.request.get(new URL(await page.getByRole('link', { name: 'CSV', exact: true }).getAttribute('href'), page.url()).href);
  assert.equal(csv.status(), 200);
  assert.match(await csv.text(), new RegExp(patient.insured_number));
  await page.getByRole('link', { name: '印刷', exact: true }).click();
  await page.locator('body.sheet-a4').waitFor();
  await look(page, { row: 'T06', name: 'print', caption: '資格確認結果（印刷）' });
  if (clinic.javaScript) await printed(page, pictures);
  await page.goto(result);
  await page.getByRole('link', { name: '次の患者さんを確認する', exact: true }).click();
  await findNobody({ clinic, page, look, pictures }, patient);
  await clinic.go(page, '資格確認', '限度額適用認定証');
  await fill(page, patient);
  await page.getByRole('checkbox', { name: /限度額適用認定証提供同意/ }).check();
  await look(page, { row: 'T09', name: 'ceiling', caption: '限度額適用認定証', button: search });
  await search.click();
  await compared(page);
  assert.match(await page.locator('main').innerText(), /適用区分/);
  await look(page, { row: 'T09', name: 'ceiling-result', caption: '資格確認結果（限度額）' });
  return page.url();
}

async function registerNumber({ page, look, register }) {
  await register.click();
  await heading(page, '照会番号登録').waitFor();
  await page.getByLabel('照会番号', { exact: false }).first().fill('Ｋ０００１２４');
  const add = page.getByRole('button', { name: '登録', exact: true });
  await look(page, { row: 'T07', name: 'reference-number', caption: '照会番号登録', button: add });
  await add.click();
  await page.getByRole('heading', { name: '照会番号を登録しました' }).waitFor();
  assert.match(await page.locator('main').innerText(), /K000124/);
}

async function findNobody({ clinic, page, look, pictures }, patient) {
  await heading(page, '資格確認(被保険者証等)').waitFor();
  await fill(page, { ...patient, insured_number: '9999999', branch_number: '' });
  await press(page, '検索');
  await compared(page);
  assert.equal(await page.locator('.band .word').innerText(), '該当資格なし');
  await look(page, { row: 'T06', name: 'result-nobody', caption: '該当資格なし' });
  await page.getByRole('link', { name: '印刷', exact: true }).click();
  await page.locator('body.sheet-a4').waitFor();
  if (clinic.javaScript) await printed(page, pictures);
}

/** T08. */
export async function checkMany({ clinic, page, look }) {
  const { insurer_number, insured_symbol, insured_number, birthdate } = await clinic.patient();
  await clinic.go(page, '資格確認', '資格確認一括照会');
  const rows = [
    '保険者番号,記号,番号,枝番,生年月日,任意の識別子',
    `${insurer_number},${insured_symbol},${insured_number},,${birthdate},予約1`,
    `${insurer_number},${insured_symbol},${insured_number},,19820230,予約2`,
    `${insurer_number},,9999999,,19820514,予約3`,
  ];
  await page.getByLabel('ファイル', { exact: true }).setInputFiles({
    name: '予約.csv', mimeType: 'text/csv', buffer: Buffer.from(`\ufeff${rows.join('\r\n')}\r\n`),
  });
  const send = page.getByRole('button', { name: 'アップロード', exact: true });
  await look(page, { row: 'T08', name: 'bulk', caption: '一括照会', button: send });
  await send.click();
  await page.getByText('受付番号', { exact: true }).first().waitFor();
  const download = page.getByRole('link', { name: 'ダウンロード（UTF-8）', exact: true });
  await clinic.until(page, download, 'the result of the file');
  await look(page, { row: 'T08', name: 'bulk-done', caption: '一括照会（完了）', button: download });
  for (const [name, encoding] of [['ダウンロード（UTF-8）', 'utf-8'], ['ダウンロード（Shift_JIS）', 'shift_jis']]) {
    const href = await page.getByRole('link', { name, exact: true }).getAttribute('href');
    const answer = await page.request.get(`${clinic.door}${href}`);
    assert.equal(answer.status(), 200, href);
    const text = new TextDecoder(encoding, { fatal: true }).decode(await answer.body());
    for (const words of ['予約1', '予約2', '予約3', insured_number]) assert.ok(text.includes(words), `${words}\n${text}`);
  }
  await clinic.go(page, '資格確認', '資格確認一括照会');
  await page.getByLabel('ファイル', { exact: true }).setInputFiles({ name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\r\n1,2\r\n') });
  await press(page, 'アップロード');
  await page.locator('#file-error').waitFor();
  await look(page, { row: 'T08', name: 'bulk-refused', caption: '一括照会（受け付けられないファイル）' });
}

/** T24. */
export async function fetchEntrusted({ clinic, page, look }) {
  await clinic.go(page, '資格確認', '委託先資格情報一括取得');
  const get = page.getByRole('button', { name: '取得', exact: true });
  await look(page, { row: 'T24', name: 'entrusted', caption: '委託先資格情報一括取得', button: get });
  await get.click();
  await clinic.until(page, page.getByRole('link', { name: 'ダウンロード（UTF-8）', exact: true }), 'the entrusted eligibility');
  await look(page, { row: 'T24', name: 'entrusted-done', caption: '委託先資格情報一括取得（完了）' });
}
