// Story `terminal-states`: what the browser on a terminal's machine shows when the certificate is not simply valid. The
// terminal is the real program; between it and the real centre stands one that changes what the centre said, as years
// pass in no story.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:https';
import { createServer as listen } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseArgs } from 'node:util';
import { openBrowser } from '../browser.js';
import { People, waitFor } from '../people.js';
import { startDemo } from '../program.js';
import { Album } from './first-day/album.js';

/** A step that takes longer hangs, ms. */
const STEP_TIMEOUT = 120_000;
const STANDING = '/v1/certificates/standing';
/** A clock is wrong that is so far from the centre's, ms. */
const ANOTHER_HOUR = 60 * 60 * 1000;
const CHAPTERS = { '—': '電子証明書の状態' };

/** What the centre says of a certificate, and what the page then has: its word, and what to do. */
const STATES = [
  {
    name: 'overlap',
    stage: 'overlap',
    words: { sentence: '電子証明書は更新済みです。', remedy: '端末が新しい電子証明書を使っていることを確認してください。' },
    says: ['更新済み（古い電子証明書）', '端末が新しい電子証明書を使っていることを確認してください。'],
  },
  {
    name: 'expired',
    stage: 'expired',
    words: { sentence: '電子証明書の有効期限が切れています。', remedy: '更新はできません。ポータルサイトから「電子証明書発行申請」を行ってください。' },
    says: ['有効期限切れ', '「電子証明書発行申請」を行ってください。'],
  },
  {
    name: 'superseded',
    stage: 'superseded',
    words: { sentence: '更新前の古い電子証明書のため、使えません。', remedy: '更新した新しい電子証明書を端末に導入してください。' },
    says: ['更新前の古い電子証明書', '更新した新しい電子証明書を端末に導入してください。'],
  },
  {
    name: 'unknown',
    stage: 'unknown',
    words: { sentence: 'この電子証明書は、この認証局が発行したものではありません。', remedy: '発行者が「Online Billing NW Common RootCA」の電子証明書を選んでいるか確認してください。' },
    says: ['使えない電子証明書', 'Online Billing NW Common RootCA'],
  },
  { name: 'clock', late: ANOTHER_HOUR, says: ['日付と時刻が合っていません', '日付と時刻'] },
  { name: 'valid', says: ['有効', '接続しています'] },
];

const { values } = parseArgs({
  options: { shikaku: { type: 'string' }, pictures: { type: 'string' }, database: { type: 'string' } },
});
if (!values.shikaku || !values.pictures) {
  throw new Error('usage: terminal-states.js --shikaku PROGRAM --pictures FOLDER; started by `cargo xtask e2e`');
}

const demo = await startDemo(values.shikaku, values.database);
const folder = await mkdtemp(join(tmpdir(), 'shikaku-states-'));
const key = (name) => join(demo.data, 'keys', name);
const ROOT = join(demo.data, 'ca', 'root.cert.pem');
let state = STATES.at(-1);

/** The real centre's answer, as this terminal gets it. */
function ask(path, identity) {
  return new Promise((resolve, reject) => {
    const base = Number(new URL(demo.about.landing_page).port);
    const asked = request({ host: '127.0.0.1', port: base + 3, path, ...identity }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(pieces).toString() }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** The centre that says what the state has it say. */
async function openCentre() {
  const [cert, secret, ca] = await Promise.all([key('server.cert.pem'), key('server.key.pem'), ROOT].map((file) => readFile(file)));
  const identity = { ca, cert: await readFile(key('terminal.cert.pem')), key: await readFile(key('terminal.key.pem')) };
  const centre = createServer({ cert, key: secret, ca, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' }, async (asked, answer) => {
    const { status, text } = await ask(asked.url, identity);
    const { stage, words, late = 0 } = state;
    const said = asked.url === STANDING && stage ? JSON.stringify({ ...JSON.parse(text), stage, words }) : text;
    answer.sendDate = false;
    answer.writeHead(status, { 'content-type': 'application/json', date: new Date(Date.now() + late).toUTCString() });
    answer.end(said);
  });
  centre.listen(0, '127.0.0.1');
  await once(centre, 'listening');
  return centre;
}

/** A port that is free now. */
async function freePort() {
  const server = listen();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** The terminal of the demo's institution once more, with a folder of its own; it asks this centre. */
async function startTerminal(centre) {
  const door = `127.0.0.1:${await freePort()}`;
  await mkdir(join(folder, 'OQS'), { recursive: true });
  const settings = [
    'institution_code = "1319990012"',
    `state = ${JSON.stringify(join(folder, 'state'))}`,
    '[drop]',
    `root = ${JSON.stringify(join(folder, 'OQS'))}`,
    '[central]',
    `url = "https://127.0.0.1:${centre.address().port}"`,
    `ca_file = ${JSON.stringify(ROOT)}`,
    `certificate_file = ${JSON.stringify(key('terminal.cert.pem'))}`,
    `key_file = ${JSON.stringify(key('terminal.key.pem'))}`,
    `receipt_keys_file = ${JSON.stringify(key('receipt-keys.json'))}`,
    '[reader_link]',
    'listen = "127.0.0.1:0"',
    '[gateway]',
    `listen = "${door}"`,
  ];
  const file = join(folder, 'terminal.toml');
  await writeFile(file, `${settings.join('\n')}\n`);
  const child = spawn(values.shikaku, ['terminal', 'run', '--config', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SHIKAKU_LOG: 'warn' },
  });
  const said = [];
  child.stderr.on('data', (piece) => said.push(piece));
  process.once('exit', () => child.kill('SIGKILL'));
  const gateway = `http://${door}`;
  await waitFor(
    () => {
      assert.equal(child.exitCode, null, `the terminal ended: ${said.join('')}`);
      return fetch(`${gateway}/terminal/`).then((answer) => answer.ok, () => false);
    },
    'the terminal',
    () => said.join(''),
  );
  return { child, gateway };
}

const centre = await openCentre();
const { child, gateway } = await startTerminal(centre);
const eyes = await openBrowser(values.pictures);
const people = new People({ browser: eyes.browser });
const album = new Album(values.pictures, '電子証明書の状態ごとの画面', CHAPTERS);
after(async () => {
  await people.close().finally(async () => {
    await eyes.browser.close();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    centre.closeAllConnections();
    centre.close();
    await demo.stop();
    await album.write();
    await rm(folder, { recursive: true, force: true });
  });
});

for (const one of STATES) {
  test(`the terminal's pages say 「${one.says[0]}」, and what to do`, { timeout: STEP_TIMEOUT }, async () => {
    state = one;
    const page = await people.person('pc');
    const [word, remedy] = one.says;
    await page.goto(`${gateway}/terminal/`);
    await page.getByRole('button', { name: 'もう一度確認する' }).click();
    const band = page.locator('.band .word', { hasText: new RegExp(`^${word}$`) });
    await people.until(page, band, word);
    await album.look(page, { row: '—', name: `state-${one.name}`, caption: `端末の状態（${word}）`, button: page.getByRole('button', { name: 'もう一度確認する' }) });
    assert.ok((await page.locator('main').innerText()).includes(remedy), `${remedy}\n${await page.locator('main').innerText()}`);
    await page.goto(`${gateway}/terminal/certificate`);
    await page.locator('.band .word', { hasText: new RegExp(`^${word}$`) }).waitFor();
    await album.look(page, { row: '—', name: `certificate-${one.name}`, caption: `電子証明書（${word}）` });
    people.assertNoComplaints();
  });
}
