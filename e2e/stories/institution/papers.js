// What leaves a screen and is read by something else: tables for a spreadsheet, two-dimensional codes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** With what a field becomes a formula in one spreadsheet or another. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/**
 * The records of a table, read by the letter of RFC 4180: a byte order mark, CR LF behind every record, fields in
 * quotation marks or free of them, as many in each record. No field may be a formula.
 */
export function readTable(bytes) {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  assert.equal(text[0], '\ufeff', 'a byte order mark');
  assert.ok(text.endsWith('\r\n'), 'CR LF at the end');
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  field.lastIndex = 1;
  const records = [[]];
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const found = field.exec(text);
    assert.ok(found, `no field at ${at}: ${JSON.stringify(text.slice(at, at + 80))}`);
    const [, quoted, bare, end] = found;
    records.at(-1).push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end === '\r\n' && field.lastIndex < text.length) records.push([]);
  }
  const [headings, ...rows] = records;
  for (const row of rows) assert.equal(row.length, headings.length, `${row}`);
  for (const one of records.flat()) assert.ok(!FORMULA.test(one), `a formula: ${JSON.stringify(one)}`);
  return { headings, rows };
}

/** What a field of a table was before it was kept from being a formula. */
export const asTyped = (field) => (field.startsWith("'") && FORMULA.test(field.slice(1)) ? field.slice(1) : field);

/** What a two-dimensional code in a picture says. */
export async function scanned(picture) {
  const { stdout } = await run('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', picture]);
  return stdout.replace(/\n$/, '');
}

/** What the code on a page says, as a camera in front of the screen sees it. */
export async function scannedFrom(element, file) {
  await element.screenshot({ path: file, animations: 'disabled' });
  return scanned(file);
}

/** What a code in a PDF says, printed as an office printer prints it. */
export async function scannedFromPaper(pdf) {
  const page = pdf.replace(/\.pdf$/, '-page');
  await run('pdftoppm', ['-png', '-r', '200', '-singlefile', pdf, page]);
  return scanned(`${page}.png`);
}

/** A receipt: signed with one of the published keys; gives what it says. */
export async function receiptIn(text, data) {
  const parts = text.split('.');
  assert.equal(parts.length, 3, text);
  const [head, said] = parts.slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  const { keys } = JSON.parse(await readFile(join(data, 'keys', 'receipt-keys.json'), 'utf8'));
  const key = keys.find(({ kid }) => kid === head.kid);
  assert.ok(key, `${head.kid} is not published`);
  const signed = Buffer.from(parts.slice(0, 2).join('.'));
  const signature = Buffer.from(parts[2], 'base64url');
  const good = verify('sha256', signed, { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }, signature);
  assert.ok(good, 'the signature of the receipt');
  return said;
}

/** A download, kept as a file. */
export async function keep(download, folder, name) {
  const file = join(folder, name);
  await download.saveAs(file);
  return file;
}

/** What an address answers, kept as a file. */
export async function fetched(page, address, folder, name) {
  const answer = await page.request.get(address);
  assert.equal(answer.status(), 200, address);
  const file = join(folder, name);
  await writeFile(file, await answer.body());
  return file;
}

/** No date on the sheet is broken by the end of a line. */
export async function assertDatesWhole(page) {
  const broken = await page.locator('.day').evaluateAll((days) =>
    days.filter((day) => new Set([...day.getClientRects()].map((box) => Math.round(box.top))).size > 1).map((day) => day.textContent));
  assert.ok((await page.locator('.day').count()) > 0, 'there are dates');
  assert.deepEqual(broken, [], 'broken dates');
}
