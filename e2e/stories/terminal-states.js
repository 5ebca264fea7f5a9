// Story `terminal-states`: what the browser on a terminal's machine shows when the certificate is not simply valid. Each
// state is one: the certificate has ended, is revoked, was renewed, is of somebody else, and the real terminal asks the
// real centre with it. Between the two stands one in the only state that cannot be: a clock that is wrong.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:https';
import { createServer as listen } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseArgs, promisify } from 'node:util';
import { openBrowser } from '../browser.js';
import { download } from '../downloads.js';
import { People, waitFor } from '../people.js';
import { startDemo } from '../program.js';
import { Album } from './first-day/album.js';

/** A step that takes longer hangs, ms. */
const STEP_TIMEOUT = 180_000;
/** A clock is wrong that is so far from the centre's, ms. */
const ANOTHER_HOUR = 60 * 60 * 1000;
const CHAPTERS = { '—': '電子証明書の状態' };
/** The demo's institution, and the one that joins. */
const INSTITUTION = '1319990012';
const OTHER_INSTITUTION = '1319990052';
/** What the file that the demo gives away is opened with; it stands on its page. */
const GIVEN_PASSWORD = 'koushin-2026';
/** 取扱パスワード of the renewed one. */
const PASSWORD = 'kawara-to-hisashi-2026';
const RENEWAL = '/certificate-renewal';
const run = promisify(execFile);

/** How each state comes about, and what the page then has: its word, and what to do. */
const STATES = [
  { name: 'overlap', bring: renewed, says: ['更新済み（古い電子証明書）', '端末が新しい電子証明書を使っていることを確認してください。'] },
  { name: 'expired', bring: () => situation('expired-terminal', 'expired'), says: ['有効期限切れ', '「電子証明書発行申請」を行ってください。'] },
  { name: 'revoked', bring: revoked, says: ['失効', '失効'] },
  { name: 'superseded', bring: () => situation('superseded-terminal', 'superseded'), says: ['更新前の古い電子証明書', '更新した新しい電子証明書を端末に導入してください。'] },
  { name: 'strange', bring: () => situation('strange-terminal', 'strange'), says: ['使えない電子証明書', 'Online Billing NW Common RootCA'] },
  {
    name: 'wrong-institution',
    bring: async () => ({ ...own(), institution: OTHER_INSTITUTION }),
    says: ['ほかの医療機関等の電子証明書', '医療機関コードが同じ電子証明書を選んでください。'],
  },
  {
    name: 'unreachable',
    bring: async () => ({ ...own(), centre: `https://127.0.0.1:${await freePort()}` }),
    says: ['ネットワークエラー', 'LANケーブル'],
  },
  { name: 'clock', bring: withAnotherClock, says: ['日付と時刻が合っていません', '日付と時刻'] },
  { name: 'valid', bring: async () => own(), says: ['有効', '接続しています'] },
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
const eyes = await openBrowser(values.pictures);
const people = new People({ browser: eyes.browser });
const album = new Album(values.pictures, '電子証明書の状態ごとの画面', CHAPTERS);
const ends = [];
after(async () => {
  await people.close().finally(async () => {
    await eyes.browser.close();
    for (const end of ends.reverse()) await end();
    await demo.stop();
    await album.write();
    await rm(folder, { recursive: true, force: true });
  });
});

/** The certificate that the terminal at the demo's counter works with. */
function own() {
  return { certificate: key('terminal.cert.pem'), secret: key('terminal.key.pem') };
}

/** Lets the demo bring a situation about; the certificate of the terminal it did that with. */
async function situation(slug, place) {
  const landing = demo.about.landing_page.replace(/\/$/, '');
  const done = await fetch(`${landing}/situations`, {
    method: 'POST',
    headers: { origin: landing, 'content-type': 'application/x-www-form-urlencoded' },
    body: `situation=${slug}`,
  });
  assert.ok(done.ok, `${slug}: ${done.status} ${await done.text()}`);
  const at = join(demo.data, 'situations', place);
  return { certificate: join(at, 'terminal.cert.pem'), secret: join(at, 'terminal.key.pem') };
}

/** A certificate near its end, from the demo's page, as a terminal's settings name it. */
async function ending(name) {
  const page = await people.person('reader');
  await page.goto(new URL('/renewal', demo.about.landing_page).href);
  await page.getByLabel('残り90日', { exact: false }).check();
  const file = await download(page, () => page.getByRole('button', { name: 'ファイル（PKCS#12）を受け取る' }).click(), folder);
  const [certificate, secret] = [join(folder, `${name}.cert.pem`), join(folder, `${name}.key.pem`)];
  const open = ['pkcs12', '-in', file, '-passin', `pass:${GIVEN_PASSWORD}`];
  const parts = await Promise.all([['-clcerts', '-nokeys'], ['-cacerts', '-nokeys'], ['-nocerts', '-nodes']].map((which) => run('openssl', [...open, ...which])));
  const [leaf, chain, keys] = parts.map(({ stdout }) => stdout);
  await writeFile(certificate, pem(leaf) + pem(chain));
  await writeFile(secret, pem(keys), { mode: 0o600 });
  return { certificate, secret };
}

/** The PEM blocks of a text, without what OpenSSL says about them. */
const pem = (text) => `${text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g).join('\n')}\n`;

/** A certificate that was renewed on 電子証明書更新申請サイト, and is still used. */
async function renewed() {
  const held = await ending('renewed');
  return {
    ...held,
    async act(gateway, page) {
      await page.goto(`${gateway}${RENEWAL}`);
      await page.locator('#password').fill(PASSWORD);
      await page.locator('#password_again').fill(PASSWORD);
      await download(page, () => page.getByRole('button', { name: '更新', exact: true }).click(), folder);
    },
  };
}

/** A certificate that works, until the operator revokes it at the server's keyboard. */
async function revoked() {
  const held = await ending('revoked');
  return {
    ...held,
    async act() {
      const { stdout } = await run('openssl', ['x509', '-in', held.certificate, '-noout', '-serial']);
      const serial = stdout.trim().replace('serial=', '');
      const which = ['--serial', serial, '--reason', 'keyCompromise', '--certificate', held.certificate];
      await run(values.shikaku, ['ca', 'revoke', ...which, '--config', join(demo.data, 'server.toml')]);
    },
  };
}

/** The real centre's answers under a date that is another: nobody may set this machine's clock. */
async function withAnotherClock() {
  const [cert, secret, ca] = await Promise.all([key('server.cert.pem'), key('server.key.pem'), ROOT].map((file) => readFile(file)));
  const identity = { ca, cert: await readFile(key('terminal.cert.pem')), key: await readFile(key('terminal.key.pem')) };
  const settings = { cert, key: secret, ca, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' };
  const centre = createServer(settings, async (asked, answer) => {
    const { status, text } = await ask(asked.url, identity);
    answer.sendDate = false;
    answer.writeHead(status, { 'content-type': 'application/json', date: new Date(Date.now() + ANOTHER_HOUR).toUTCString() });
    answer.end(text);
  });
  centre.listen(0, '127.0.0.1');
  await once(centre, 'listening');
  ends.push(async () => {
    centre.closeAllConnections();
    centre.close();
  });
  return { ...own(), centre: `https://127.0.0.1:${centre.address().port}` };
}

/** The real centre's answer. */
function ask(path, identity) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(demo.about.terminal_api);
    const asked = request({ host: hostname, port, path, ...identity }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(pieces).toString() }));
    });
    asked.on('error', reject);
    asked.end();
  });
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

/** One more terminal, with a folder of its own and this certificate. */
async function startTerminal(name, { certificate, secret, institution = INSTITUTION, centre = demo.about.terminal_api }) {
  const place = join(folder, name);
  const door = `127.0.0.1:${await freePort()}`;
  await mkdir(join(place, 'OQS'), { recursive: true });
  const settings = [
    `institution_code = "${institution}"`,
    `state = ${JSON.stringify(join(place, 'state'))}`,
    '[drop]',
    `root = ${JSON.stringify(join(place, 'OQS'))}`,
    '[central]',
    `url = "${centre}"`,
    `ca_file = ${JSON.stringify(ROOT)}`,
    `certificate_file = ${JSON.stringify(certificate)}`,
    `key_file = ${JSON.stringify(secret)}`,
    `receipt_keys_file = ${JSON.stringify(key('receipt-keys.json'))}`,
    '[certificate]',
    'automatic_renewal = false',
    '[reader_link]',
    'listen = "127.0.0.1:0"',
    '[gateway]',
    `listen = "${door}"`,
    `institution_web = "${demo.about.institution_web}"`,
  ];
  const file = join(place, 'terminal.toml');
  await writeFile(file, `${settings.join('\n')}\n`);
  const child = spawn(values.shikaku, ['terminal', 'run', '--config', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SHIKAKU_LOG: 'warn' },
  });
  const said = [];
  child.stderr.on('data', (piece) => said.push(piece));
  process.once('exit', () => child.kill('SIGKILL'));
  ends.push(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });
  const gateway = `http://${door}`;
  await waitFor(
    () => {
      assert.equal(child.exitCode, null, `the terminal ended: ${said.join('')}`);
      return fetch(`${gateway}/terminal/`).then((answer) => answer.ok, () => false);
    },
    'the terminal',
    () => said.join(''),
  );
  return gateway;
}

/** Asks the centre anew until the page has this word. */
async function untilItSays(page, gateway, word) {
  const band = page.locator('.band .word', { hasText: new RegExp(`^${word}$`) });
  await waitFor(
    async () => {
      await page.goto(`${gateway}/terminal/`);
      await page.getByRole('button', { name: 'もう一度確認する' }).click();
      await page.waitForLoadState();
      return band.isVisible();
    },
    word,
    () => page.locator('main').innerText(),
  );
}

for (const { name, bring, says } of STATES) {
  const [word, remedy] = says;
  test(`the terminal's pages say 「${word}」, and what to do (${name})`, { timeout: STEP_TIMEOUT }, async () => {
    const held = await bring();
    const gateway = await startTerminal(name, held);
    const page = await people.person('pc');
    if (held.act) {
      await untilItSays(page, gateway, '有効（更新できます）');
      await held.act(gateway, page);
    }
    await untilItSays(page, gateway, word);
    await album.look(page, { row: '—', name: `state-${name}`, caption: `端末の状態（${word}）`, button: page.getByRole('button', { name: 'もう一度確認する' }) });
    const said = await page.locator('main').innerText();
    assert.ok(said.includes(remedy), `${remedy}\n${said}`);
    // Nobody has put a card on this terminal's reader yet, and the page says no more than that.
    assert.ok(said.includes('未接続') && said.includes('端末が動き始めてから、まだありません'), said);
    await page.goto(`${gateway}/terminal/certificate`);
    await page.locator('.band .word', { hasText: new RegExp(`^${word}$`) }).waitFor();
    await album.look(page, { row: '—', name: `certificate-${name}`, caption: `電子証明書（${word}）` });
    people.assertNoComplaints();
  });
}
