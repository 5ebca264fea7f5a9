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
/** Passwords are hashed several times each: they are tried in so many steps. */
const PASSWORD_PARTS = 4;
/** What tells a string's make: the kinds of its characters, and whether it is longer than a name may be. */
const MAKES = [
  /\p{L}/u, /\p{N}/u, /\p{M}/u, /\p{C}/u, /\p{S}/u, /\p{Zs}/u, /[<>&]/, /["'`]/, /\\/, /[^\u0000-\uffff]/u, /^[=+\-@]/, /^.{41}/u,
];
/** The first string of each make, where each takes a second. */
const ofEachMake = (strings) => {
  const makes = new Map();
  for (const text of strings) {
    const make = MAKES.map((has) => Number(has.test(text))).join('');
    if (!makes.has(make)) makes.set(make, text);
  }
  return [...makes.values()];
};
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
      const after = await get(to);
      const there = held(after, field);
      if (field === 'name') assert.equal(there, bare(text), 'a name is kept as it was typed');
      // Whatever is not kept as it was typed is said.
      if (field.startsWith('name')) assert.equal(after.includes('入力されたままではなく'), there !== text, shown(text));
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
async function asPasswords({ clinic, page }, account, part) {
  const { post } = hand(clinic, page);
  let current = account.password;
  for (const password of STRINGS.filter((_, at) => at % PASSWORD_PARTS === part)) {
    const { status, to, html } = await post('/password', { current, password, password_again: password });
    if (status === 303 || (status === 200 && html.includes('パスワードを変更しました。'))) {
      current = password;
      continue;
    }
    assert.equal(status, 422, `${status} for ${shown(password)} ${to}`);
    assert.ok(faultOf(html, 'password').length > 10, `no reason for ${shown(password)}: ${html.slice(0, 3000)}`);
  }
  assert.notEqual(current, account.password, 'none was taken');
  // It is the one that was typed last, and no other.
  const again = await clinic.signedIn({ ...account, password: current });
  const { status } = await hand(clinic, again).post('/password', { current, password: account.password, password_again: account.password });
  assert.ok([200, 303].includes(status), `${status}: back to the first`);
  return again;
}

/** 操作した人 and the days of 操作履歴: found or not, shown as typed, refused with a reason; and the table has no formula. */
async function asSearches({ clinic, page }) {
  const { get } = hand(clinic, page);
  const today = new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' });
  for (const field of ['who', 'from', 'until']) {
    await forEach(STRINGS, async (text) => {
      const query = new URLSearchParams({ from: today, until: today, who: '', kind: '', outcome: '', [field]: text });
      const html = await get(`/history?${query}`);
      assert.equal(held(html, field), text, shown(text));
      assert.ok(html.includes('検索結果') || faultOf(html, field).length > 10, `no reason for ${shown(text)}`);
    });
  }
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

/** Fields of a question by number. */
const NUMBER_FIELDS = ['insurer_number', 'insured_symbol', 'insured_number', 'branch_number', 'birthdate', 'as_of'];
/** Strings that fit as 記号 or 番号 and are asked about: each costs the institution a guess. */
const ASKED_MAX = 6;

/** One field of what is asked by number, beside fields that are right: refused with a reason, or kept as it was typed. */
async function asNumber({ clinic, page }, field) {
  const { get, post } = hand(clinic, page);
  const right = { ...(await clinic.patient()), insurer_number_as_is: 'on', as_of: '' };
  // A second fault, told at its own field, keeps the string from being looked up.
  const other = field === 'as_of' ? 'birthdate' : 'as_of';
  const fitting = [];
  await forEach(STRINGS, async (text) => {
    const { status, html } = await post('/eligibility/number', { form_id: formId(), ...right, [other]: 'x', [field]: text });
    assert.equal(status, 422, shown(text));
    assert.equal(held(html, field), text, `${field} is still there`);
    assert.ok(faultOf(html, other).length > 10, `no reason at ${other}`);
    const fault = faultOf(html, field);
    if (fault === '') fitting.push(text);
    else assert.ok(fault.length > 10, `no reason for ${shown(text)}`);
  });
  if (!['insured_symbol', 'insured_number'].includes(field)) return;
  const odd = fitting.filter((text) => text.trim() !== '' && /[^0-9]/.test(text));
  for (const text of odd.slice(0, ASKED_MAX)) {
    const { status, to } = await post('/eligibility/number', { form_id: formId(), ...right, branch_number: '', [field]: text });
    assert.equal(status, 303, shown(text));
    assert.ok(plain(await get(to)).includes(`<dd>${text.trim()}</dd>`), `${field} ${shown(text)} is not what the result says was asked`);
  }
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
  const table = await page.request.get(`${clinic.door}${await page.getByRole('link', { name: 'CSV（UTF-8）', exact: true }).getAttribute('href')}`);
  const { headings, rows: records } = readTable(await table.body());
  assert.equal(records.length, sent.length);
  for (const [at, text] of sent.entries()) {
    const cell = (heading) => asTyped(records[at][headings.indexOf(heading)]);
    assert.ok(cell('任意の識別子') === text || (cell('処理結果') === 'エラー' && cell('処理結果メッセージ') !== ''), `${shown(text)} is ${shown(cell('任意の識別子'))} in the table`);
    const back = plain(rows[at].match(/<ArbitraryIdentifier>(.*?)<\/ArbitraryIdentifier>/s)?.[1] ?? '');
    const refused = /<ProcessingResultStatus>[^1]<\/ProcessingResultStatus>/.test(rows[at]) && /<ProcessingResultMessage>/.test(rows[at]);
    assert.ok(back === text || refused, `${shown(text)} came back as ${shown(back)}: ${rows[at].slice(0, 1500)}`);
  }
}

/** Columns of a file of questions, and what a result repeats each as. */
const COLUMNS = {
  保険者番号: 'InsurerNumber', 記号: 'InsuredCardSymbol', 番号: 'InsuredIdentificationNumber', 枝番: 'InsuredBranchNumber', 生年月日: 'Birthdate',
};

async function handInTable({ clinic, page }, lines) {
  const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
  await clinic.go(page, '資格確認', '資格確認一括照会');
  await page.getByLabel('ファイル', { exact: true }).setInputFiles({
    name: 'columns.csv', mimeType: 'text/csv', buffer: Buffer.from(`\ufeff${lines.map((line) => line.map(quoted).join(',')).join('\r\n')}\r\n`),
  });
  await page.getByRole('button', { name: 'アップロード', exact: true }).click();
}

/** One column of a file, beside columns that are right: the row is refused with a reason and repeats what was written. */
async function asColumn({ clinic, page }, column) {
  const headings = Object.keys(COLUMNS);
  const { insurer_number, insured_symbol, insured_number, birthdate } = await clinic.patient();
  // Another column is impossible, so that nobody is looked up.
  const right = [insurer_number, insured_symbol, insured_number, '', column === '生年月日' ? birthdate : '19800230'];
  if (column === '生年月日') right[0] = '0';
  const sent = STRINGS.filter((text) => text.trim() !== '' && !/[\u0000-\u001f\u007f]/.test(text) && [...text].length < 30);
  await handInTable({ clinic, page }, [headings, ...sent.map((text) => right.map((value, at) => (headings[at] === column ? text : value)))]);
  await page.waitForURL(/\/bulk\/[^/]+$/);
  const download = page.getByRole('link', { name: 'ダウンロード（UTF-8）', exact: true });
  await clinic.until(page, download, 'the result of the file');
  const xml = await (await page.request.get(`${clinic.door}${await download.getAttribute('href')}`)).text();
  const rows = xml.split('<BulkConfirmUnit>').slice(1);
  assert.equal(rows.length, sent.length);
  for (const [at, row] of rows.entries()) {
    assert.match(row, /<ProcessingResultMessage>[^<]+</, shown(sent[at]));
    const element = COLUMNS[column];
    const back = plain(row.match(new RegExp(`<${element}>(.*?)</${element}>`, 's'))?.[1] ?? '');
    // An apostrophe before a value is what keeps a spreadsheet from counting with it.
    const written = bare(bare(sent[at]).replace(/^'/, ''));
    const dashless = (day) => (column === '生年月日' ? day.replaceAll(/[-/]/g, '') : day);
    const same = dashless(bare(back)) === dashless(written);
    assert.ok(same, `${column} ${shown(sent[at])} came back as ${shown(back)}`);
  }
}

/** Hands a table in, as the page's form does. */
async function handIn({ clinic, page }, day, lines) {
  const text = lines.map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\r\n');
  const file = { name: 'table.csv', mimeType: 'text/csv', buffer: Buffer.from(`\ufeff${text}\r\n`) };
  const answer = await page.request.post(`${clinic.door}/bulk`, {
    multipart: { form_id: formId(), kind: 'eligibility', day, file }, headers: { Origin: clinic.door }, maxRedirects: 0,
  });
  return { status: answer.status(), html: await answer.text() };
}

/** The headings of a file: without those that must be there it is refused. */
async function asHeadings({ clinic, page }) {
  const headings = Object.keys(COLUMNS);
  const day = new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' });
  // One after the other: several files of one institution at once are sent away.
  for (const text of STRINGS.filter((one) => !/[\r\n]/.test(one))) {
    const { status, html } = await handIn({ clinic, page }, day, [[text, ...headings.slice(1)], headings.map(() => '1')]);
    assert.equal(status, 422, `${shown(text)}: ${html.slice(0, 1000)}`);
    assert.match(html, /id="file-error"/, shown(text));
  }
}

/** Bytes of a field beside a file; no browser sends more for a day. */
const FIELD_BYTES_MAX = 256;

/** 資格確認日 of a file: none of these is a day; an empty one is today. */
async function asFileDay({ clinic, page }) {
  const headings = Object.keys(COLUMNS);
  // What begins a text as the mark of its encoding is no part of it.
  const unmarked = STRINGS.map((one) => one.replace(/^\ufeff/, ''));
  for (const text of unmarked.filter((one) => one !== '')) {
    const { status, html } = await handIn({ clinic, page }, text, [headings, headings.map(() => '1')]);
    if (Buffer.byteLength(text) > FIELD_BYTES_MAX) {
      assert.equal(status, 400, shown(text));
      continue;
    }
    assert.equal(status, 422, `${shown(text)}: ${html.slice(0, 1000)}`);
    assert.match(html, /id="file-error"[\s\S]*資格確認日を/, shown(text));
    assert.equal(held(html, 'day'), text, `${shown(text)} is still there`);
  }
}

/** The days of 同意済資格情報取得: searched by, or refused with a reason, and still there. */
async function asConsentDays({ clinic, page }) {
  const { get } = hand(clinic, page);
  const today = new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' });
  const consented = { consented_from: today, consented_until: today, planned_from: '', planned_until: '' };
  const planned = { consented_from: '', consented_until: '', planned_from: today, planned_until: today };
  for (const [days, of] of [[consented, 'consented'], [planned, 'planned']]) {
    for (const field of [`${of}_from`, `${of}_until`]) {
      await forEach(STRINGS, async (text) => {
        const html = await get(`/consents?${new URLSearchParams({ care_form: '3', ...days, [field]: text })}`);
        assert.equal(held(html, field), text, shown(text));
        const faults = [`${of}_from`, `${of}_until`].map((id) => faultOf(html, id));
        assert.ok(html.includes('検索結果') || faults.some((fault) => fault.length > 10), `no reason for ${shown(text)} at ${field}`);
      });
    }
  }
}

/** パスキーの名前, one string of each make: shown in the list as it was typed. */
async function asPasskeyNames({ clinic }) {
  const scripted = new Clinic({ browser: clinic.browser, demo: clinic.demo });
  try {
    const page = await scripted.signedIn(scripted.account('medical_viewer'));
    for (const name of ofEachMake(STRINGS.filter((text) => !/[\u0000-\u001f]/.test(text) && text.trim() !== ''))) {
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
  for (const field of ['user_id', 'password']) {
    await forEach(STRINGS, async (text) => {
      const form = { user_id: 'nobody', password: 'not the password', next: text, [field]: text };
      const { status, html } = await post('/login', form);
      assert.ok(status === 422 || status === 429, `${status} for ${shown(text)}`);
      assert.equal(held(html, 'user_id'), form.user_id);
    });
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
  ...Object.fromEntries(NUMBER_FIELDS.map((field) => [`資格確認, ${field}`, ({ scene, general }) => asNumber({ ...scene, page: general }, field)])),
  '照会番号, and its column': async ({ scene, general, result }) => {
    await general.goto(result);
    await asReferenceNumbers({ ...scene, page: general });
  },
  '同意済資格情報取得, its days': ({ scene, general }) => asConsentDays({ ...scene, page: general }),
  '任意の識別子': ({ scene, general }) => asIdentifiers({ ...scene, page: general }),
  ...Object.fromEntries(Object.keys(COLUMNS).map((column) => [`a file, ${column}`, ({ scene, general }) => asColumn({ ...scene, page: general }, column)])),
  'a file, its headings': ({ scene, general }) => asHeadings({ ...scene, page: general }),
  'a file, its day': ({ scene, general }) => asFileDay({ ...scene, page: general }),
  ...Object.fromEntries(
    Array.from({ length: PASSWORD_PARTS }, (_, part) => [
      `パスワード, ${part + 1} of ${PASSWORD_PARTS}`,
      async ({ scene }) => {
        const account = scene.clinic.account('general');
        return asPasswords({ ...scene, page: await scene.clinic.signedIn(account) }, account, part);
      },
    ]),
  ),
  '操作履歴, and its table': ({ scene, administrator }) => asSearches({ ...scene, page: administrator }),
  'ログイン': ({ scene }) => asUserIds(scene),
};
