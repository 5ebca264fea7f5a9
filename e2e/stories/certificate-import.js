// Story `certificate-import`: the terminal's certificate, written out as PKCS#12 and imported into a browser's own
// store, opens the institution web directly; without it nobody gets in; and the terminal's own pages say the same.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseArgs, promisify } from 'node:util';
import { assertAccessible, assertNoSidewaysScroll, assertTabReachesEverything } from '../access.js';
import { openBrowser, onPage, picture, SCREENS } from '../browser.js';
import { openProfile, ownNames, told } from '../profile.js';
import { startDemo } from '../program.js';

/** A step that takes longer hangs, ms. */
const STEP_TIMEOUT = 120_000;
const PASSWORD = 'correct-horse-battery';
/** The terminal's own pages, and what each is for. */
const PAGES = [
  ['state', '/terminal/', '端末の状態'],
  ['certificate', '/terminal/certificate', '電子証明書'],
  ['letter', '/terminal/certificate/letter', '通知書から電子証明書を導入'],
  ['file', '/terminal/certificate/file', 'ファイルから電子証明書を導入'],
  ['export', '/terminal/certificate/export', '電子証明書のバックアップ'],
  ['check', '/terminal/certificate/check', '電子証明書の確認方法'],
  ['network', '/terminal/network', 'ネットワークのトラブル'],
];
/** What the procedure says to look for. */
const ISSUER = 'Online Billing NW Common RootCA';
const run = promisify(execFile);

const { values } = parseArgs({
  options: { shikaku: { type: 'string' }, pictures: { type: 'string' }, database: { type: 'string' } },
});
if (!values.shikaku || !values.pictures) {
  throw new Error('usage: certificate-import.js --shikaku PROGRAM --pictures FOLDER; started by `cargo xtask e2e`');
}

const demo = await startDemo(values.shikaku, values.database);
const folder = await mkdtemp(join(tmpdir(), 'shikaku-import-'));
const eyes = await openBrowser(values.pictures);
after(async () => {
  await eyes.browser.close();
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});
const base = Number(new URL(demo.about.landing_page).port);
const web = `https://localhost:${base + 4}/`;
const gateway = `http://127.0.0.1:${base + 10}`;
const root = join(demo.data, 'ca', 'root.cert.pem');
/** 有効期限 as the sites write it, counted in Japan. */
function written(moment) {
  const [year, month, day] = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Tokyo' }).format(moment).split('-').map(Number);
  return `（${year}年${month}月${day}日）`;
}

/** The store says of the certificate what the site says: until when it is good; and who issued it, as the procedure says. */
async function assertTold(database, name, said) {
  const { text, issuer, notAfter } = await told(database, name);
  assert.match(issuer, new RegExp(`CN=${ISSUER}(,|$)`), text);
  assert.ok(said.includes(written(notAfter)), `${written(notAfter)}\n${said}\n${text}`);
}

const step = (name, tale) => test(name, { timeout: STEP_TIMEOUT }, tale);

step('a browser without the certificate does not get in', async () => {
  const profile = await openProfile(join(folder, 'without'), { root });
  try {
    const page = await profile.context.newPage();
    await assert.rejects(page.goto(web), /ERR_(BAD_SSL_CLIENT_AUTH_CERT|SSL_CLIENT_AUTH|CONNECTION|SOCKET_NOT_CONNECTED|SSL)/);
  } finally {
    await profile.close();
  }
});

step('with the imported PKCS#12 the institution web opens and says whose certificate it is', async () => {
  const password = join(folder, 'password.txt');
  const file = join(folder, 'terminal.p12');
  await writeFile(password, `${PASSWORD}\n`, { mode: 0o600 });
  const settings = join(demo.data, 'terminal.toml');
  const words = ['terminal', 'certificate', 'export', '--config', settings, '--out', file, '--password-file', password];
  await run(values.shikaku, words);
  const profile = await openProfile(join(folder, 'with'), { root, pkcs12: file, password: PASSWORD, site: web });
  try {
    const [name, ...more] = ownNames(profile.listed);
    assert.ok(name && more.length === 0, `the store holds the certificate with its key, and no other:\n${profile.listed}`);
    const page = await profile.context.newPage();
    await page.goto(web);
    await page.getByRole('heading', { level: 1, name: '初期画面' }).waitFor();
    const text = await page.locator('main').innerText();
    assert.match(text, /1319990012/);
    assert.match(text, /受付1/);
    assert.match(text, /あと\d+日/);
    await assertTold(profile.database, name, text);
    await mkdir(values.pictures, { recursive: true });
    await page.screenshot({ path: join(values.pictures, 'institution-web.png'), fullPage: true });
    await assertNoSidewaysScroll(page, 'institution web');
  } finally {
    await profile.close();
  }
});

step('the gateway shows the same page without any import', async () => {
  await onPage(eyes, SCREENS.desk, async (page) => {
    await page.goto(`${gateway}/`);
    await page.getByRole('heading', { level: 1, name: '初期画面' }).waitFor();
    await picture(eyes, page, 'gateway');
  });
});

for (const [name, path, title] of PAGES) {
  step(`the terminal's page 「${title}」 is for everybody`, async () => {
    for (const [screen, size] of Object.entries({ desk: SCREENS.desk, zoomed: SCREENS.zoomed })) {
      await onPage(eyes, size, async (page) => {
        await page.goto(`${gateway}${path}`);
        await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
        await assertAccessible(page, name);
        await assertNoSidewaysScroll(page, name);
        await picture(eyes, page, `${name}-${screen}`);
      });
    }
    await onPage(eyes, SCREENS.desk, async (page) => {
      await page.goto(`${gateway}${path}`);
      await assertTabReachesEverything(page, name);
    });
    await onPage(
      eyes,
      SCREENS.desk,
      async (page) => {
        await page.goto(`${gateway}${path}`);
        await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
      },
      { javaScript: false },
    );
  });
}

step('a letter that is mistyped is told at once, by keyboard and without a script', async () => {
  await onPage(
    eyes,
    SCREENS.desk,
    async (page) => {
      await page.goto(`${gateway}/terminal/certificate/letter`);
      await page.getByLabel('リファレンスナンバー').fill('123');
      await page.getByLabel('認証ID').fill('ABC');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('リファレンスナンバーは12桁の数字です。').waitFor();
      await picture(eyes, page, 'letter-mistyped');
    },
    { javaScript: false },
  );
});
