// What people and programs type: a public list of strings that break programs, into every text input. Each is kept and
// shown as it was typed, or refused with a reason at its field.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { heading } from './clinic.js';

/** The list, and what it lacks: control characters, a lone variation selector, a field of a spreadsheet. */
const STRINGS = [
  ...createRequire(import.meta.url)('big-list-of-naughty-strings/blns.json'),
  'a\u0000b', 'a\u0007b', 'a\tb', 'a\nb', 'a\rb', '\u{E0100}', '葛\u{E0100}城', '=1+1', '＝1+1', '𠮷野家', 'が\u3099', '\ufeffa', '\u202egnp', '~'.repeat(1500),
];
/** Requests under way at once. */
const ABREAST = 8;
/** One name in so many is looked for in the list, too. */
const LISTED_EVERY = 10;
/** Devices that may have a code at once. */
const DEVICES = 20;

const NAMED = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** Text out of HTML or XML. */
const plain = (text) =>
  text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) =>
    hex ? String.fromCodePoint(Number.parseInt(hex, 16)) : decimal ? String.fromCodePoint(Number(decimal)) : (NAMED[name] ?? whole));
/** What an input holds, as a browser reads it: U+0000 is shown as a replacement character. */
const held = (html, id) => {
  const input = html.match(new RegExp(`<input type="[a-z]+" id="${id}"[^>]*? value="([^"]*)"`));
  assert.ok(input, `no input ${id} in ${html.slice(0, 2000)}`);
  return plain(input[1]);
};
const faultOf = (html, id) => plain(html.match(new RegExp(`id="${id}-error">(.*?)</p>`, 's'))?.[1] ?? '');
/** A form's own id, as pages give theirs. */
const formId = () => randomUUID().replaceAll('-', '');

/** Does this for every string, some at a time. */
async function forEach(strings, tale) {
  const left = [...strings];
  const worker = async () => {
    for (let text = left.shift(); text !== undefined; text = left.shift()) await tale(text);
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
}

/** Requests of who is signed in on this page. */
function hand(clinic, page) {
  return {
    get: async (path) => (await page.request.get(`${clinic.door}${path}`)).text(),
    post: async (path, form) => {
      const answer = await page.request.post(`${clinic.door}${path}`, { form, headers: { Origin: clinic.door }, maxRedirects: 0 });
      const html = await answer.text();
      assert.ok(answer.status() < 500, `${answer.status()} for ${JSON.stringify(form).slice(0, 300)}: ${html.slice(0, 500)}`);
      return { status: answer.status(), to: answer.headers().location, html };
    },
  };
}

const shown = (text) => JSON.stringify(text.slice(0, 60));

/** Without the blanks around it: they are no part of a name. */
const bare = (name) => name.replaceAll(/^\p{White_Space}+|\p{White_Space}+$/gu, '');

/** ユーザ名: kept, shown on its page and in the list. */
async function asNames({ clinic, page }, user_id) {
  const { get, post } = hand(clinic, page);
  let kept = 0;
  for (const name of STRINGS) {
    const form = { name, name_kana: 'カクウ　タカコ', starts_on: '2026-01-01', ends_on: '' };
    const { status, to, html } = await post(`/accounts/${user_id}`, form);
    if (status === 303) {
      kept += 1;
      assert.equal(held(await get(to), 'name'), bare(name), 'a name is kept as it was typed');
      if (kept % LISTED_EVERY === 0) assert.ok(plain(await get('/accounts')).includes(bare(name)), shown(name));
    } else {
      assert.equal(status, 422, shown(name));
      assert.ok(faultOf(html, 'name').length > 10, `no reason for ${shown(name)}`);
    }
  }
  assert.ok(kept > 100, `only ${kept} names were kept`);
}

/** 端末識別メモ情報: kept, shown when issued, in the list and where it is ended. */
async function asMemos({ clinic, page }) {
  const { get, post } = hand(clinic, page);
  let live = [];
  const end = async () => {
    const list = await get('/activation');
    for (const memo of live) assert.ok(plain(list).includes(`<td>${memo}</td>`), shown(memo));
    for (const [, id] of list.matchAll(/href="\/activation\/([^/"]+)\/invalidate"/g)) await post(`/activation/${id}/invalidate`, {});
    live = [];
  };
  let kept = 0;
  for (const memo of STRINGS) {
    const { status, html } = await post('/activation', { form_id: formId(), device_memo: memo });
    if (status === 200) {
      kept += 1;
      assert.ok(plain(html).includes(`端末識別メモ情報：${memo}</p>`), shown(memo));
      live.push(memo);
    } else {
      assert.equal(status, 422, shown(memo));
      assert.ok(faultOf(html, 'device_memo').length > 10, `no reason for ${shown(memo)}: ${html.slice(0, 3000)}`);
    }
    if (live.length >= DEVICES - 2) await end();
  }
  await end();
  assert.ok(kept > 100, `only ${kept} memos were kept`);
}

/** What is asked by number: refused with reasons, and still there to be corrected. */
async function asNumbers({ clinic, page }) {
  const { post } = hand(clinic, page);
  const fields = ['insurer_number', 'insured_symbol', 'insured_number', 'branch_number', 'birthdate', 'as_of'];
  await forEach(STRINGS, async (text) => {
    const { status, html } = await post('/eligibility/number', { form_id: formId(), ...Object.fromEntries(fields.map((id) => [id, text])) });
    assert.equal(status, 422, shown(text));
    for (const id of fields) assert.equal(held(html, id), text, id);
    assert.ok(faultOf(html, 'insurer_number').length > 10, `no reason for ${shown(text)}`);
  });
}

/** 照会番号 of a patient. */
async function asReferenceNumbers({ clinic, page }) {
  const { get, post } = hand(clinic, page);
  const result = new URL(page.url()).pathname;
  for (const text of STRINGS) {
    const { status, html } = await post(`${result}/reference-number`, { form_id: formId(), reference_number: text });
    if (status === 303) {
      assert.ok(plain(await get(result)).includes(text.normalize('NFKC').trim()), shown(text));
    } else {
      assert.equal(status, 422, shown(text));
      assert.equal(held(html, 'reference_number'), text);
      assert.ok(faultOf(html, 'reference_number').length > 10, `no reason for ${shown(text)}`);
    }
  }
}

/** 任意の識別子 of rows in a file: in the result as it was, or its row refused. */
export async function asIdentifiers({ clinic, page }) {
  const { insurer_number, insured_symbol, insured_number, birthdate } = await clinic.patient();
  // Within a table a line end is a part of a quoted field; an empty field is none.
  const sent = STRINGS.filter((text) => text !== '' && !/[\r\n]/.test(text));
  const lines = sent.map((text) => `${insurer_number},${insured_symbol},${insured_number},${birthdate},"${text.replaceAll('"', '""')}"`);
  await clinic.go(page, '資格確認', '資格確認一括照会');
  await page.getByLabel('ファイル', { exact: true }).setInputFiles({
    name: 'naughty.csv', mimeType: 'text/csv', buffer: Buffer.from(`\ufeff保険者番号,記号,番号,生年月日,任意の識別子\r\n${lines.join('\r\n')}\r\n`),
  });
  await page.getByRole('button', { name: 'アップロード', exact: true }).click();
  const download = page.getByRole('link', { name: 'ダウンロード（UTF-8）', exact: true });
  await clinic.until(page, download, 'the result of the file');
  const xml = await (await page.request.get(`${clinic.door}${await download.getAttribute('href')}`)).text();
  const rows = xml.split('<BulkConfirmUnit>').slice(1);
  assert.equal(rows.length, sent.length, xml.slice(0, 2000));
  for (const [at, text] of sent.entries()) {
    const back = plain(rows[at].match(/<ArbitraryIdentifier>(.*?)<\/ArbitraryIdentifier>/s)?.[1] ?? '');
    const refused = /<ProcessingResultStatus>[^1]<\/ProcessingResultStatus>/.test(rows[at]) && /<ProcessingResultMessage>/.test(rows[at]);
    assert.ok(back === text || refused, `${shown(text)} came back as ${shown(back)}: ${rows[at].slice(0, 1500)}`);
  }
}

/** What is typed at the door is shown again, and nobody comes in. */
export async function asUserIds({ clinic }) {
  const page = await clinic.page();
  await page.goto(`${clinic.door}/login`);
  await heading(page, 'ログイン').waitFor();
  const { post } = hand(clinic, page);
  for (const text of STRINGS.slice(0, 60)) {
    const { status, html } = await post('/login', { user_id: text, password: text, next: text });
    assert.ok(status === 422 || status === 429, `${status} for ${shown(text)}`);
    assert.equal(held(html, 'user_id'), text);
  }
}

/** Tells all of it; the last step of the story, as whoever guesses so much at a terminal is held back there. */
export async function typeEverything({ scene, administrator, general, account, result }) {
  await asNames({ ...scene, page: administrator }, account);
  await asMemos({ ...scene, page: administrator });
  await asNumbers({ ...scene, page: general });
  await general.goto(result);
  await asReferenceNumbers({ ...scene, page: general });
  await asIdentifiers({ ...scene, page: general });
  await asUserIds(scene);
}
