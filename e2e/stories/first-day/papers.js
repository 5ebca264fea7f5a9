// What is read from paper and telephones: the letter, the sheet with the first account, one-time codes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Seconds a one-time code lasts. */
const STEP_S = 30;

/** The text of a PDF as it is printed. */
export async function textOf(pdf) {
  const { stdout } = await run('pdftotext', ['-layout', pdf, '-']);
  return stdout;
}

/** リファレンスナンバー and 認証ID of a letter. */
export async function codesOf(pdf) {
  const text = await textOf(pdf);
  const number = text.match(/リファレンスナンバー\s+数字12桁\s+([0-9 ]{12,20})\n/)?.[1];
  const secret = text.match(/認証ID\s+英数字16文字\s+([0-9A-Z ]{16,24})\n/)?.[1];
  assert.ok(number && secret, `no codes in the letter:\n${text}`);
  return { number: number.trim(), secret: secret.trim(), text };
}

/** The files of a ZIP, unpacked beside it. */
export async function unpacked(zip) {
  const folder = `${zip}.d`;
  await mkdir(folder);
  await run('python3', ['-m', 'zipfile', '-e', zip, folder]);
  return (await readdir(folder)).map((name) => join(folder, name));
}

/** What an authenticator app shows now for this typed key (RFC 6238). */
export function oneTimeCode(typed) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...typed.replaceAll(' ', '')].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / STEP_S)));
  const hash = createHmac('sha1', key).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Saves what a page answers under this address. */
export async function saved(page, address, file) {
  const answer = await page.request.get(address);
  assert.equal(answer.status(), 200, address);
  await writeFile(file, await answer.body());
  return file;
}
