// What people and programs type: a public list of strings that break programs, into every text input. Each is kept and
// shown as it was typed, or refused with a reason at its field.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { givePasskey } from '../../people.js';
import { Clinic, heading } from './clinic.js';
import { asTyped, readTable } from './papers.js';

/** The list, and what it lacks: control characters, a lone variation selector, a field of a spreadsheet. */
const STRINGS = [
  ...createRequire(import.meta.url)('big-list-of-naughty-strings/blns.json'),
  'a\u0000b', 'a\u0007b', 'a\tb', 'a\nb', 'a\rb', '\u{E0100}', '葛\u{E0100}城', '=1+1', '＝1+1', '𠮷野家', 'が\u3099', '\ufeffa', '\u202egnp', '~'.repeat(1500),
];
/** Requests under way at once. */
const ABREAST = 8;
/** One name in so many is looked for in the list, too. */
const LISTED_EVERY = 10;
/** One string in so many is tried where each takes its time: as a password, as a passkey's name, as a heading. */
const PASSWORD_EVERY = 6;
const PASSKEY_EVERY = 25;
const HEADING_EVERY = 40;
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

/** ユーザ名, ユーザ名(カナ), days: kept, shown on its page and in the list; or refused with a reason, and still there. */
async function asParticulars({ clinic, page }, user_id, field) {
  const { get, post } = hand(clinic, page);
  let kept = 0;
  for (const text of STRINGS) {
    const form = { name: '架空　髙子', name_kana: 'カクウ　タカコ', starts_on: '2026-01-01', ends_on: '', [field]: text };
    const { status, to, html } = await post(`/accounts/${user_id}`, form);
    if (status === 303) {
      kept += 1;
      const there = held(await get(to), field);
      if (field === 'name') assert.equal(there, bare(text), 'a name is kept as it was typed');
      // Kana of one width are kept in the other, and an empty day is none.
      else assert.ok(there !== '' || bare(text) === '', `${field}: nothing is kept of ${shown(text)}`);
      if (kept % LISTED_EVERY === 0) assert.ok(plain(await get('/accounts')).includes(there), shown(text));
    } else {
      assert.equal(status, 422, shown(text));
      assert.ok(faultOf(html, field).length > 10, `no reason for ${shown(text)}`);
      assert.equal(held(html, field), text, `${field} is still there`);
    }
  }
  return kept;
}

/** ユーザーID of new accounts. */
async function asNewIds({ clinic, page }) {
  const { get, post } = hand(clinic, page);
  const starts_on = new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' });
  const made = [];
  for (const user_id of STRINGS) {
    const form = { form_id: formId(), role: 'general', user_id, name: '架空　髙子', name_kana: 'カクウ　タカコ', starts_on, ends_on: '' };
    const { status, html } = await post('/accounts/new', form);
    if (status === 200) {
      assert.ok(html.includes('class="password-once"'), shown(user_id));
      const [, kept] = html.match(/ユーザーID<\/dt><dd><code>(.*?)<\/code>/);
      // Case, width and blanks are forgiven, nothing else.
      assert.equal(kept.toLowerCase(), user_id.normalize('NFKC').replaceAll(/\p{White_Space}/gu, '').toLowerCase(), shown(user_id));
      made.push(kept);
    } else {
      assert.equal(status, 422, shown(user_id));
      assert.ok(faultOf(html, 'user_id').length > 10, `no reason for ${shown(user_id)}: ${html.slice(0, 3000)}`);
      assert.equal(held(html, 'user_id'), user_id, 'it is still there');
    }
  }
  const list = plain(await get('/accounts'));
  for (const user_id of made) assert.ok(list.includes(`>${user_id}<`), `${user_id} is not in the list`);
}

/** A new password: refused with a reason, or the one that counts from now on, character by character. */
async function asPasswords({ clinic, page }, account) {
  const { post } = hand(clinic, page);
  let current = account.password;
  for (const [at, password] of STRINGS.entries()) {
    if (at % PASSWORD_EVERY !== 0) continue;
    const { status, to, html } = await post('/password', { current, password, password_again: password });
    if (status === 303 || (status === 200 && html.includes('パスワードを変更しました。'))) {
      current = password;
      continue;
    }
    assert.equal(status, 422, `${status} for ${shown(password)} ${to}`);
    assert.ok(faultOf(html, 'password').length > 10, `no reason for ${shown(password)}: ${html.slice(0, 3000)}`);
  }
  const again = await clinic.signedIn({ ...account, password: current });
  const { status } = await hand(clinic, again).post('/password', { current, password: account.password, password_again: account.password });
  assert.ok([200, 303].includes(status), `${status}: back to the first`);
}

/** 操作した人 of 操作履歴: found or not, shown as typed, refused with a reason; and the table has no formula. */
async function asSearches({ clinic, page }) {
  const { get } = hand(clinic, page);
  const today = new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' });
  await forEach(STRINGS, async (who) => {
    const query = new URLSearchParams({ from: today, until: today, who, kind: '', outcome: '' });
    const html = await get(`/history?${query}`);
    assert.equal(held(html, 'who'), who, shown(who));
    assert.ok(html.includes('検索結果') || faultOf(html, 'who').length > 10, `no reason for ${shown(who)}`);
  });
  const query = new URLSearchParams({ from: today, until: today, who: '', kind: '', outcome: '' });
  const answer = await page.request.get(`${clinic.door}/history/csv?${query}`);
  const { rows } = readTable(await answer.body());
  assert.ok(rows.length > 500, `${rows.length} lines of history`);
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
      const kept = text.normalize('NFKC').trim();
      assert.ok(plain(await get(result)).includes(kept), shown(text));
      const { headings, rows } = readTable(await (await page.request.get(`${clinic.door}${result}/csv`)).body());
      assert.equal(asTyped(rows[0][headings.indexOf('照会番号')]), kept, shown(text));
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
  await page.waitForURL(/\/bulk\/[^/]+$/);
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

/** Every column of a file, and its headings: each row is answered or refused, and a table without its headings is. */
async function asColumns({ clinic, page }) {
  const headings = ['保険者番号', '記号', '番号', '枝番', '生年月日', '任意の識別子'];
  const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
  const sent = STRINGS.filter((text) => text.trim() !== '' && !/[\r\n]/.test(text) && text.length < 300);
  const hand = async (lines) => {
    await clinic.go(page, '資格確認', '資格確認一括照会');
    await page.getByLabel('ファイル', { exact: true }).setInputFiles({
      name: 'columns.csv', mimeType: 'text/csv', buffer: Buffer.from(`\ufeff${lines.map((line) => line.map(quoted).join(',')).join('\r\n')}\r\n`),
    });
    await page.getByRole('button', { name: 'アップロード', exact: true }).click();
  };
  await hand([headings, ...sent.map((text) => headings.map(() => text))]);
  await page.waitForURL(/\/bulk\/[^/]+$/);
  const download = page.getByRole('link', { name: 'ダウンロード（UTF-8）', exact: true });
  await clinic.until(page, download, 'the result of the file');
  const xml = await (await page.request.get(`${clinic.door}${await download.getAttribute('href')}`)).text();
  const rows = xml.split('<BulkConfirmUnit>').slice(1);
  assert.equal(rows.length, sent.length);
  for (const [at, row] of rows.entries()) assert.match(row, /<ProcessingResultMessage>[^<]+</, shown(sent[at]));
  for (const heading of sent.filter((_, at) => at % HEADING_EVERY === 0)) {
    await hand([[heading, ...headings.slice(1)], headings.map(() => '1')]);
    await page.locator('#file-error').waitFor();
  }
}

/** パスキーの名前: shown in the list as it was typed. */
async function asPasskeyNames({ clinic }) {
  const scripted = new Clinic({ browser: clinic.browser, demo: clinic.demo });
  try {
    const page = await scripted.signedIn(scripted.account('medical_viewer'));
    for (const name of STRINGS.filter((text, at) => at % PASSKEY_EVERY === 0 && !/[\u0000-\u001f]/.test(text) && text.trim() !== '')) {
      // An authenticator keeps one passkey of an account at a time.
      await givePasskey(page);
      await page.goto(`${scripted.door}/passkeys`);
      const field = page.getByLabel('パスキーの名前');
      await field.fill(name);
      const typed = await field.inputValue();
      await page.getByRole('button', { name: '登録', exact: true }).click();
      const told = page.locator('tbody th').or(page.locator('[data-passkey-words]:visible'));
      await told.first().waitFor();
      const words = await told.first().textContent();
      assert.ok(words === bare(typed).slice(0, 40) || words.length > 10, `${shown(name)} became ${shown(words)}`);
      const remove = page.getByRole('button', { name: /を削除$/ });
      if (await remove.count()) {
        await remove.first().click();
        await remove.waitFor({ state: 'detached' });
      }
      await page.context().newCDPSession(page).then((session) => session.send('WebAuthn.disable').catch(() => undefined));
    }
  } finally {
    await scripted.close();
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

/** What takes the strings, each a step of its own; the door is the last, as whoever guesses so much there is held back. */
export const PLACES = {
  'ユーザ名': async ({ scene, administrator, account }) => {
    const names = await asParticulars({ ...scene, page: administrator }, account, 'name');
    assert.ok(names > 100, `only ${names} names were kept`);
  },
  'ユーザ名(カナ)': ({ scene, administrator, account }) => asParticulars({ ...scene, page: administrator }, account, 'name_kana'),
  '利用開始年月日, 利用終了年月日': async ({ scene, administrator, account }) => {
    for (const field of ['starts_on', 'ends_on']) await asParticulars({ ...scene, page: administrator }, account, field);
  },
  'ユーザーID': ({ scene, administrator }) => asNewIds({ ...scene, page: administrator }),
  'パスキーの名前': ({ scene }) => asPasskeyNames(scene),
  '端末識別メモ情報': ({ scene, administrator }) => asMemos({ ...scene, page: administrator }),
  '資格確認': ({ scene, general }) => asNumbers({ ...scene, page: general }),
  '照会番号, and its column': async ({ scene, general, result }) => {
    await general.goto(result);
    await asReferenceNumbers({ ...scene, page: general });
  },
  '任意の識別子': ({ scene, general }) => asIdentifiers({ ...scene, page: general }),
  'every column of a file': ({ scene, general }) => asColumns({ ...scene, page: general }),
  'パスワード': ({ scene, general }) => asPasswords({ ...scene, page: general }, scene.clinic.account('general')),
  '操作履歴, and its table': ({ scene, administrator }) => asSearches({ ...scene, page: administrator }),
  'ログイン': ({ scene }) => asUserIds(scene),
};
