// The demo's institution: its people, each in a browser of their own at the terminal's door.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SCREENS, complaintsOf, settingsOf } from '../../browser.js';

/** How long something that happens in the background may take, ms. */
const PATIENCE = 30_000;
const POLL = 300;

/** Presses a button under this name. */
export const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
/** A page's title. */
export const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });

/** A line of the menu at the left, in its group. */
export const menuLine = (page, group, line) =>
  page.locator('nav.menu h2').getByText(group, { exact: true }).locator('xpath=following-sibling::ul[1]').getByRole('link', { name: line, exact: true });

export class Clinic {
  #browser;
  #open = [];

  constructor({ browser, demo, javaScript }) {
    this.#browser = browser;
    this.javaScript = javaScript;
    this.door = `http://localhost:${new URL(demo.about.gateway).port}`;
    this.data = demo.data;
    this.accounts = demo.about.institution_accounts;
  }

  /** The account of this role. */
  account(role) {
    const found = this.accounts.find((account) => account.role === role);
    assert.ok(found, `no account of ${role}`);
    return found;
  }

  /** A page in a browser of its own. */
  async page() {
    const context = await this.#browser.newContext(settingsOf(SCREENS.desk, this.javaScript));
    const page = await context.newPage();
    this.#open.push({ context, page, complaints: complaintsOf(page) });
    return page;
  }

  /** Hands ユーザID and パスワード in. */
  async logIn(page, { user_id, password }) {
    await page.goto(`${this.door}/login`);
    await page.getByLabel('ユーザID', { exact: true }).fill(user_id);
    await page.getByLabel('パスワード', { exact: true }).fill(password);
    await press(page, 'ログイン');
  }

  /** A page of somebody who is signed in; whoever was with this account is signed out. */
  async signedIn(account) {
    const page = await this.page();
    await this.logIn(page, account);
    const ok = page.getByRole('button', { name: 'OK', exact: true });
    await heading(page, 'メニュー').or(ok).waitFor();
    if (await ok.isVisible()) await ok.click();
    await heading(page, 'メニュー').waitFor();
    return page;
  }

  /** From [メニュー] to a page: by the group and the line that the procedure names. */
  async go(page, group, line) {
    await page.goto(`${this.door}/menu`);
    await heading(page, 'メニュー').waitFor();
    const card = page.locator('main section', { has: page.getByRole('heading', { level: 2, name: group, exact: true }) });
    await card.getByRole('link', { name: line, exact: true }).click();
    await heading(page, line).waitFor();
    assert.equal(await menuLine(page, group, line).getAttribute('aria-current'), 'page', `${line} is marked in the menu`);
  }

  /** Loads the page again until this is seen: things are done in the background. */
  async until(page, locator, what) {
    for (let waited = 0; waited < PATIENCE; waited += POLL) {
      if (await locator.isVisible()) return;
      await page.waitForTimeout(POLL);
      await page.reload();
    }
    assert.fail(`${what} did not come in ${PATIENCE} ms: ${await page.locator('main').innerText()}`);
  }

  /** The numbers of the demo's first patient, as the sample request has them. */
  async patient() {
    const xml = await readFile(join(this.data, 'samples', 'request.xml'), 'utf8');
    const value = (name) => xml.match(new RegExp(`<${name}>([^<]*)</${name}>`))?.[1] ?? '';
    return {
      insurer_number: value('InsurerNumber'),
      insured_symbol: value('InsuredCardSymbol'),
      insured_number: value('InsuredIdentificationNumber'),
      branch_number: value('InsuredBranchNumber'),
      birthdate: value('Birthdate'),
    };
  }

  /** What everybody has before their eyes. */
  async seen() {
    const said = this.#open.map(async ({ page, complaints }) => {
      const words = await page.locator('body').innerText().catch(() => '');
      return `--- ${page.url()} ${complaints.join(' ')}\n${words.slice(0, 1500)}`;
    });
    return (await Promise.all(said)).join('\n');
  }

  async close() {
    for (const { context, complaints } of this.#open) {
      await context.close();
      assert.deepEqual(complaints, [], 'a page complained');
    }
  }
}
