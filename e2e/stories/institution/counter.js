// The counter's everyday: 資格確認 by number with its result on paper, 照会番号, files with many rows.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { heading } from './clinic.js';
import { assertDatesWhole, readTable, receiptIn, scannedFrom } from './papers.js';

const run = promisify(execFile);
const WIDE = '０１２３４５６７８９';
/** As a Japanese keyboard types digits. */
const wide = (digits) => digits.replaceAll(/\d/g, (digit) => WIDE[Number(digit)]);
/** 19820514 in the words of a card: 昭和57年5月14日; 20150211 as 2015年2月11日. */
const era = (day) => {
  const year = Number(day.slice(0, 4));
  return `${year < 1989 ? `昭和${year - 1925}` : year}年${Number(day.slice(4, 6))}月${Number(day.slice(6))}日`;
};

/** Numbers of invented insurers have check digits that are wrong, so that they are nobody's: the page says so first. */
export async function compared(clinic, page) {
  const as_is = page.getByRole('checkbox', { name: '券面と見比べました。入力した保険者番号のまま確認します' });
  await as_is.or(page.locator('.band .word')).first().waitFor();
  if (!(await as_is.isVisible())) return;
  await clinic.hand.choose(as_is);
  await clinic.press(page, '検索');
  await page.locator('.band .word').waitFor();
}

export async function fill({ hand }, page, patient) {
  await hand.type(page.getByLabel('保険者番号', { exact: false }).first(), wide(patient.insurer_number));
  await hand.type(page.locator('#insured_symbol'), patient.insured_symbol);
  await hand.type(page.locator('#insured_number'), wide(patient.insured_number));
  await hand.type(page.locator('#branch_number'), patient.branch_number);
  await hand.type(page.locator('#birthdate'), era(patient.birthdate));
}

/** The printed result is one page of A4. */
export async function printed(page, folder) {
  const pdf = join(folder, 'result.pdf');
  await writeFile(pdf, await page.pdf({ preferCSSPageSize: true, format: 'A4', printBackground: true }));
  const { stdout } = await run('pdfinfo', [pdf]);
  assert.match(stdout, /^Pages:\s+1$/m, stdout);
  assert.match(stdout, /^Page size:\s+59[0-9.]+ x 84[0-9.]+ pts \(A4\)$/m, stdout);
}

/** Lines of the columns that each style of the sheet must hold, as the server chooses it. */
const SHEET_HOLDS = { '': 60, dense: 92, tight: 150 };

/** The sheet with as much as it may have to hold, in each of its styles. */
async function printedLong(page, folder) {
  for (const [style, lines] of Object.entries(SHEET_HOLDS)) {
    await page.evaluate(([name, all]) => {
      document.body.className = `sheet-a4 ${name}`;
      const columns = document.querySelector('.sheet-rows');
      columns.replaceChildren();
      // A heading counts as two lines; every third value is two lines long.
      for (let left = all, row = 0; left > 3;) {
        const section = columns.appendChild(Object.assign(document.createElement('section'), { className: 'facts' }));
        section.append(Object.assign(document.createElement('h2'), { textContent: '特定疾病療養受療証' }));
        const list = section.appendChild(Object.assign(document.createElement('dl'), { className: 'facts-list' }));
        left -= 2;
        for (let of = 0; of < 11 && left > 0; of += 1, row += 1) {
          const long = Math.min(left, row % 3 ? 1 : 2);
          list.append(Object.assign(document.createElement('dt'), { textContent: '被保険者氏名区分' }));
          list.append(Object.assign(document.createElement('dd'), { textContent: '鷗'.repeat(15 * long) }));
          left -= long;
        }
      }
    }, [style, lines]);
    await printed(page, folder);
  }
}

/** T05, T06, T07, T09; the address of the last result. */
export async function checkByNumber({ clinic, page, look, pictures }) {
  const patient = await clinic.patient();
  await clinic.go(page, '資格確認', '資格確認(被保険者証等)');
  const search = page.getByRole('button', { name: '検索', exact: true });
  await clinic.hand.press(search);
  await page.locator('.field.wrong').first().waitFor();
  await look(page, { row: 'T05', name: 'number-wrong', caption: '資格確認（入力の誤り）' });
  await fill(clinic, page, patient);
  await look(page, { row: 'T05', name: 'number', caption: '資格確認(被保険者証等)', button: search });
  await clinic.hand.press(search);
  await page.getByText('保険者番号の検証番号が合いません').first().waitFor();
  await look(page, { row: 'T05', name: 'number-digit', caption: '資格確認（検証番号の誤り）' });
  await compared(clinic, page);
  assert.equal(await page.locator('.band .word').innerText(), '有効', await page.locator('main').innerText());
  const code = page.getByRole('img', { name: '資格確認の控えの二次元バーコード' });
  const receipt = await receiptIn(await scannedFrom(code, join(pictures, 'receipt.png')), clinic.data);
  assert.ok(JSON.stringify(receipt).includes(clinic.about.institution_code), JSON.stringify(receipt));
  const register = page.locator('main').getByRole('link', { name: '照会番号登録', exact: true });
  await look(page, { row: 'T06', name: 'result', caption: '資格確認結果', button: register });
  const result = page.url();
  await registerNumber({ clinic, page, look, register });
  const csv = await page.request.get(new URL(await page.getByRole('link', { name: 'CSV', exact: true }).getAttribute('href'), page.url()).href);
  assert.equal(csv.status(), 200);
  const { headings, rows } = readTable(await csv.body());
  assert.equal(rows[0][headings.indexOf('番号')], patient.insured_number, `${rows}`);
  assert.equal(rows[0][headings.indexOf('資格有効性')], '有効', `${rows}`);
  await clinic.hand.press(page.getByRole('link', { name: '印刷', exact: true }));
  await page.locator('body.sheet-a4').waitFor();
  await look(page, { row: 'T06', name: 'print', caption: '資格確認結果（印刷）' });
  await assertDatesWhole(page);
  if (clinic.javaScript) {
    await printed(page, pictures);
    await printedLong(page, pictures);
  }
  await page.goto(result);
  await clinic.hand.press(page.getByRole('link', { name: '次の患者さんを確認する', exact: true }));
  await findNobody({ clinic, page, look, pictures }, patient);
  await clinic.go(page, '資格確認', '限度額適用認定証');
  await fill(clinic, page, patient);
  await clinic.hand.choose(page.getByRole('checkbox', { name: /限度額適用認定証提供同意/ }));
  await look(page, { row: 'T09', name: 'ceiling', caption: '限度額適用認定証', button: search });
  await clinic.hand.press(search);
  await compared(clinic, page);
  assert.match(await page.locator('main').innerText(), /適用区分/);
  await look(page, { row: 'T09', name: 'ceiling-result', caption: '資格確認結果（限度額）' });
  return page.url();
}

async function registerNumber({ clinic, page, look, register }) {
  await clinic.hand.press(register);
  await heading(page, '照会番号登録').waitFor();
  await clinic.hand.type(page.getByLabel('照会番号', { exact: false }).first(), 'Ｋ０００１２４');
  const add = page.getByRole('button', { name: '登録', exact: true });
  await look(page, { row: 'T07', name: 'reference-number', caption: '照会番号登録', button: add });
  await clinic.hand.press(add);
  await page.getByRole('heading', { name: '照会番号を登録しました' }).waitFor();
  assert.match(await page.locator('main').innerText(), /K000124/);
}

async function findNobody({ clinic, page, look, pictures }, patient) {
  await heading(page, '資格確認(被保険者証等)').waitFor();
  await fill(clinic, page, { ...patient, insured_number: '9999999', branch_number: '' });
  await clinic.press(page, '検索');
  await compared(clinic, page);
  assert.equal(await page.locator('.band .word').innerText(), '該当資格なし');
  await look(page, { row: 'T06', name: 'result-nobody', caption: '該当資格なし' });
  await clinic.hand.press(page.getByRole('link', { name: '印刷', exact: true }));
  await page.locator('body.sheet-a4').waitFor();
  if (clinic.javaScript) await printed(page, pictures);
}

/** The rows of a result file with many rows. */
function rowsOf(xml) {
  const value = (row, element) => row.match(new RegExp(`<${element}>([^<]*)</${element}>`))?.[1];
  return xml.split('<BulkConfirmUnit>').slice(1).map((row) => ({
    identifier: value(row, 'ArbitraryIdentifier'),
    status: value(row, 'ProcessingResultStatus'),
  }));
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
  await clinic.hand.give(page.getByLabel('ファイル', { exact: true }), {
    name: '予約.csv', mimeType: 'text/csv', buffer: Buffer.from(`\ufeff${rows.join('\r\n')}\r\n`),
  });
  const send = page.getByRole('button', { name: 'アップロード', exact: true });
  await look(page, { row: 'T08', name: 'bulk', caption: '一括照会', button: send });
  await clinic.hand.press(send);
  await page.waitForURL(/\/bulk\/[^/]+$/);
  const download = page.getByRole('link', { name: 'ダウンロード（UTF-8）', exact: true });
  await clinic.until(page, download, 'the result of the file');
  await look(page, { row: 'T08', name: 'bulk-done', caption: '一括照会（完了）', button: download });
  const told = [];
  for (const [name, encoding] of [['ダウンロード（UTF-8）', 'utf-8'], ['ダウンロード（Shift_JIS）', 'shift_jis']]) {
    const href = await page.getByRole('link', { name, exact: true }).getAttribute('href');
    const answer = await page.request.get(`${clinic.door}${href}`);
    assert.equal(answer.status(), 200, href);
    const text = new TextDecoder(encoding, { fatal: true }).decode(await answer.body());
    for (const words of ['予約1', '予約2', '予約3', insured_number]) assert.ok(text.includes(words), `${words}\n${text}`);
    assert.match(text, encoding === 'utf-8' ? /^<\?xml [^>]*encoding="UTF-8"/i : /^<\?xml [^>]*encoding="Shift_JIS"/i);
    told.push(rowsOf(text));
  }
  // In either encoding it says the same; what Shift_JIS has no place for is a 〓, or a filler.
  assert.equal(told[0].length, 3);
  assert.deepEqual(told[1].map((row) => row.identifier), told[0].map((row) => row.identifier));
  assert.deepEqual(told[1].map((row) => row.status), told[0].map((row) => row.status));
  // The same as a table, row by row.
  const tables = [];
  for (const [name, encoding] of [['CSV（UTF-8）', 'utf-8'], ['CSV（Shift_JIS）', 'shift_jis']]) {
    const answer = await page.request.get(`${clinic.door}${await page.getByRole('link', { name, exact: true }).getAttribute('href')}`);
    assert.equal(answer.status(), 200, name);
    const text = new TextDecoder(encoding, { fatal: true }).decode(await answer.body());
    const { headings, rows } = readTable(Buffer.from(`\ufeff${text}`));
    tables.push(rows.map((row) => ['任意の識別子', '処理結果', '処理結果コード'].map((heading) => row[headings.indexOf(heading)]).join()));
  }
  assert.deepEqual(tables[0], ['予約1,正常終了,', '予約2,エラー,OQSA9001E', '予約3,エラー,OQSB1001W']);
  assert.deepEqual(tables[1], tables[0]);
  await clinic.go(page, '資格確認', '資格確認一括照会');
  await clinic.hand.give(page.getByLabel('ファイル', { exact: true }), { name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\r\n1,2\r\n') });
  await clinic.press(page, 'アップロード');
  await page.locator('#file-error').waitFor();
  await look(page, { row: 'T08', name: 'bulk-refused', caption: '一括照会（受け付けられないファイル）' });
}

/** T24. */
export async function fetchEntrusted({ clinic, page, look }) {
  await clinic.go(page, '資格確認', '委託先資格情報一括取得');
  const get = page.getByRole('button', { name: '取得', exact: true });
  await look(page, { row: 'T24', name: 'entrusted', caption: '委託先資格情報一括取得', button: get });
  await clinic.hand.press(get);
  await page.waitForURL(/\/entrusted\/[^/]+$/);
  await clinic.until(page, page.getByRole('link', { name: 'ダウンロード（UTF-8）', exact: true }), 'the entrusted eligibility');
  await look(page, { row: 'T24', name: 'entrusted-done', caption: '委託先資格情報一括取得（完了）' });
}
