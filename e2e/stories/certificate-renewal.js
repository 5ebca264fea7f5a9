// Story `certificate-renewal`: within 90 days of its end a certificate is renewed on 電子証明書更新申請サイト, through the
// terminal's gateway and by a browser that holds it, with scripts and without; earlier it is refused, with the day from
// when on it can be.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseArgs } from 'node:util';
import { asItWas, assertAccessible, assertNoSidewaysScroll, assertNothingCutOff, assertTabReachesEverything } from '../access.js';
import { complaintsOf, onPage, openBrowser, picture, SCREENS } from '../browser.js';
import { download, downloadTwice } from '../downloads.js';
import { waitFor } from '../people.js';
import { openProfile, ownNames, told } from '../profile.js';
import { startDemo } from '../program.js';

/** A step that takes longer hangs, ms. */
const STEP_TIMEOUT = 120_000;
/** What the file that the demo gives away is opened with; it stands on its page. */
const GIVEN_PASSWORD = 'koushin-2026';
/** 取扱パスワード of the renewed one. */
const PASSWORD = 'kawara-to-hisashi-2026';
const SITE_PATH = '/certificate-renewal';
const TITLE = '電子証明書の更新';
const ISSUER = 'Online Billing NW Common RootCA';
/** Days before the end from which on a certificate is renewed. */
const WINDOW_DAYS = 90;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Certificates asked for until one is still there to be renewed by hand: the terminal renews by itself too. */
const TRIES = 4;
/** After this a terminal whose turn it is has renewed, ms: it looks every two seconds. */
const TERMINAL_LOOKS = 4_000;

const { values } = parseArgs({
  options: { shikaku: { type: 'string' }, pictures: { type: 'string' }, database: { type: 'string' } },
});
if (!values.shikaku || !values.pictures) {
  throw new Error('usage: certificate-renewal.js --shikaku PROGRAM --pictures FOLDER; started by `cargo xtask e2e`');
}

const demo = await startDemo(values.shikaku, values.database);
const folder = await mkdtemp(join(tmpdir(), 'shikaku-renewal-'));
const eyes = await openBrowser(values.pictures);
after(async () => {
  await eyes.browser.close();
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});
const root = join(demo.data, 'ca', 'root.cert.pem');
const step = (name, tale) => test(name, { timeout: STEP_TIMEOUT }, tale);
let files = 0;

/** A page with or without scripts; whatever it complains about fails. */
const onPlainPage = (javaScript, tale) => onPage(eyes, SCREENS.desk, tale, { javaScript });

/** A certificate with so many days left, from the demo's page. */
async function certificateWith(days, javaScript) {
  let file;
  await onPlainPage(javaScript, async (page) => {
    await page.goto(new URL('/renewal', demo.about.landing_page).href);
    await page.getByLabel(`残り${days}日`, { exact: false }).check();
    file = await download(page, () => page.getByRole('button', { name: 'ファイル（PKCS#12）を受け取る' }).click(), folder);
  });
  return file;
}

/** A browser that holds this certificate, on the site for renewal. */
async function withCertificate(pkcs12, password, javaScript, tale) {
  const site = demo.about.institution_web;
  const profile = await openProfile(join(folder, `profile-${(files += 1)}`), { root, pkcs12, password, site, javaScript });
  try {
    const [name] = ownNames(profile.listed);
    const page = await profile.context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(site + SITE_PATH);
    await page.getByRole('heading', { level: 1, name: TITLE, exact: true }).waitFor();
    await tale(page, await told(profile.database, name));
    assert.deepEqual(complaints, [], 'the page complained');
  } finally {
    await profile.close();
  }
}

/** A day as the sites write it: 令和9年2月21日. */
function japanese(moment) {
  const parts = { era: 'long', year: 'numeric', month: 'long', day: 'numeric', timeZone: 'Asia/Tokyo' };
  return new Intl.DateTimeFormat('ja-JP-u-ca-japanese', parts).format(moment);
}

/** The site as it is while renewal is open: in words, for everybody; gives the renewed file. */
async function renew(page, state, javaScript) {
  const button = page.getByRole('button', { name: '更新', exact: true });
  await button.waitFor();
  if (javaScript) {
    await assertAccessible(page, state);
    await assertTabReachesEverything(page, state);
    await page.setViewportSize(SCREENS.zoomed);
    await assertNoSidewaysScroll(page, `${state} at 200 %`);
    await page.setViewportSize(SCREENS.desk);
    await picture(eyes, page, state);
    // A slip of the hand costs nothing.
    await page.locator('#password').fill(PASSWORD);
    await page.locator('#password_again').fill(`${PASSWORD}x`);
    await button.click();
    await page.locator('.field.wrong').first().waitFor().catch(async () => assert.fail(await page.locator('main').innerText()));
    await picture(eyes, page, `${state}-wrong`);
  }
  await page.locator('#password').fill(PASSWORD);
  await page.locator('#password_again').fill(PASSWORD);
  // A double click, as people do with a mouse: one certificate comes, and it works.
  const settled = async () => {
    await page.reload();
    await page.getByRole('heading', { level: 1, name: TITLE, exact: true }).waitFor();
  };
  const file = await downloadTwice(page, () => button.dblclick(), { folder, password: PASSWORD, settled });
  if (javaScript) await picture(eyes, page, `${state}-done`);
  return file;
}

/** The renewed certificate opens the site, and is good for three years and three months. */
function assertRenewed(file, javaScript) {
  return withCertificate(file, PASSWORD, javaScript, async (page, { issuer, notAfter, text }) => {
    assert.match(issuer, new RegExp(`CN=${ISSUER}(,|$)`), text);
    const months = (notAfter.getFullYear() - new Date().getFullYear()) * 12 + notAfter.getMonth() - new Date().getMonth();
    assert.ok(months >= 38 && months <= 39, text);
    const said = await page.locator('main').innerText();
    assert.ok(said.includes(japanese(notAfter)), said);
  });
}

async function install(page, file, password) {
  await page.goto(`${demo.about.gateway}/terminal/certificate/file`);
  await page.getByLabel('電子証明書のファイル').setInputFiles(file);
  await page.getByLabel('パスワード').fill(password);
  await page.getByRole('button', { name: '導入', exact: true }).click();
  await page.getByText('電子証明書を導入しました。').waitFor();
}

/** The terminal holds a certificate that is to be renewed, and has not renewed it by itself. */
async function atTheSite(page, javaScript) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    await install(page, await certificateWith(WINDOW_DAYS, javaScript), GIVEN_PASSWORD);
    await page.waitForTimeout(TERMINAL_LOOKS);
    await page.goto(`${demo.about.gateway}${SITE_PATH}`);
    if (await page.getByRole('button', { name: '更新', exact: true }).count()) return;
  }
  assert.fail(await page.locator('main').innerText());
}

/** What the terminal says of its certificate, once it has asked the centre. */
async function lookAtTerminal(page, words, name) {
  await page.goto(`${demo.about.gateway}/terminal/`);
  await page.getByRole('button', { name: 'もう一度確認する', exact: true }).click();
  await page.goto(`${demo.about.gateway}/terminal/certificate`);
  await waitFor(async () => words.test(await page.locator('.band').innerText()) || (await page.reload(), false), `${words} at the terminal`, () => page.locator('main').innerText());
  await assertAccessible(page, name);
  await asItWas(page, () => assertTabReachesEverything(page, name));
  await page.setViewportSize(SCREENS.zoomed);
  await assertNoSidewaysScroll(page, `${name} at 200 %`);
  await assertNothingCutOff(page, `${name} at 200 %`);
  await page.setViewportSize(SCREENS.desk);
  await picture(eyes, page, name);
}

for (const javaScript of [true, false]) {
  const how = javaScript ? '' : ', without a script';
  step(`a browser with the certificate renews it${how}`, async () => {
    const old = await certificateWith(WINDOW_DAYS, javaScript);
    let renewed;
    await withCertificate(old, GIVEN_PASSWORD, javaScript, async (page, { notAfter }) => {
      assert.ok((await page.locator('main').innerText()).includes(japanese(notAfter)), '有効期限');
      renewed = await renew(page, 'direct', javaScript);
    });
    await assertRenewed(renewed, javaScript);
  });

  step(`the browser on the terminal's machine renews it through the gateway${how}`, () =>
    onPlainPage(javaScript, async (page) => {
      await atTheSite(page, javaScript);
      if (javaScript) await lookAtTerminal(page, /更新/, 'terminal-renewal-open');
      await page.goto(`${demo.about.gateway}${SITE_PATH}`);
      const renewed = await renew(page, 'gateway', javaScript);
      if (javaScript) await lookAtTerminal(page, /更新済み（古い電子証明書）/, 'terminal-overlap');
      await install(page, renewed, PASSWORD);
      await page.goto(`${demo.about.gateway}/terminal/certificate/check`);
      const said = await page.locator('main').innerText();
      assert.ok(said.includes(ISSUER), said);
      assert.match(said, new RegExp(`${new Date().getFullYear() + 3}年|${new Date().getFullYear() + 4}年`), said);
      if (javaScript) await picture(eyes, page, 'gateway-check');
    }));
}

step('earlier it is refused in words that say from when on', async () => {
  const early = await certificateWith(120, true);
  await withCertificate(early, GIVEN_PASSWORD, true, async (page, { notAfter }) => {
    const opens = japanese(new Date(notAfter.getTime() - WINDOW_DAYS * DAY_MS));
    const words = `まだ更新できません。更新できるのは、有効期限の90日前の${opens}からです。`;
    const said = await page.locator('main').innerText();
    assert.ok(said.includes(words), `${words}\n${said}`);
    assert.ok(said.includes(japanese(notAfter)), said);
    assert.equal(await page.getByRole('button', { name: '更新', exact: true }).count(), 0);
    await assertAccessible(page, 'not yet');
    await picture(eyes, page, 'not-yet');
    // Whoever sends the form all the same hears the same.
    await page.evaluate((password) => {
      const form = document.createElement('form');
      form.method = 'post';
      for (const name of ['password', 'password_again']) form.append(Object.assign(document.createElement('input'), { name, value: password }));
      document.querySelector('main').append(form);
    }, PASSWORD);
    const answer = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.evaluate(() => document.querySelector('main > form:last-of-type').submit());
    assert.ok([403, 409, 422].includes((await answer).status()), `${(await answer).status()}`);
    await page.getByRole('heading', { name: '更新できませんでした' }).waitFor();
    assert.ok((await page.locator('main').innerText()).includes(opens), opens);
    await picture(eyes, page, 'not-yet-refused');
  });
});
