// The demo's institution: its people, each in a browser of their own at the terminal's door.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { People } from '../../people.js';

/** A button of the page under this name. */
export const buttonOf = (page, name) => page.getByRole('button', { name, exact: true });
/** A page's title. */
export const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });

/** A link of the menu under this name; it may say besides how much is unread. */
const linked = (line) => ({ name: new RegExp(`^${line.replaceAll(/[()]/g, '\\$&')}( 未読 \\d+件)?$`) });
/** A line of the menu at the left, in its group. */
export const menuLine = (page, group, line) =>
  page.locator('nav.menu h2').getByText(group, { exact: true }).locator('xpath=following-sibling::ul[1]').getByRole('link', linked(line));

/** What a file of the interface says was asked: the numbers on somebody's card. */
export function numbersOf(xml) {
  const value = (name) => xml.match(new RegExp(`<${name}>([^<]*)</${name}>`))?.[1] ?? '';
  return {
    insurer_number: value('InsurerNumber'),
    insured_symbol: value('InsuredCardSymbol'),
    insured_number: value('InsuredIdentificationNumber'),
    branch_number: value('InsuredBranchNumber'),
    birthdate: value('Birthdate'),
  };
}

export class Clinic extends People {
  constructor({ browser, demo, ...way }) {
    super({ browser, ...way });
    this.door = `http://localhost:${new URL(demo.about.gateway).port}`;
    this.data = demo.data;
    this.demo = demo;
    this.about = demo.about;
    this.landing = demo.about.landing_page.replace(/\/$/, '');
    this.accounts = demo.about.institution_accounts;
  }

  /** The account of this role. */
  account(role) {
    const found = this.accounts.find((account) => account.role === role);
    assert.ok(found, `no account of ${role}`);
    return found;
  }

  /** Presses the button under this name. */
  press(page, name) {
    return this.hand.press(buttonOf(page, name));
  }

  /** Hands ユーザーID and パスワード in. */
  async logIn(page, { user_id, password }) {
    await page.goto(`${this.door}/login`);
    await this.hand.type(page.getByLabel('ユーザーID', { exact: true }), user_id);
    await this.hand.type(page.getByLabel('パスワード', { exact: true }), password);
    await this.press(page, 'ログイン');
  }

  /** At [メニュー]; whoever was with this account is signed out. */
  async arrive(page) {
    const ok = buttonOf(page, 'OK');
    await heading(page, 'メニュー').or(ok).waitFor();
    if (await ok.isVisible()) await this.hand.press(ok);
    await heading(page, 'メニュー').waitFor();
  }

  /** A page of somebody who is signed in; whoever was with this account is signed out. */
  async signedIn(account) {
    const page = await this.page();
    await this.logIn(page, account);
    await this.arrive(page);
    return page;
  }

  /** From [メニュー] to a page: by the group and the line that the procedure names. */
  async go(page, group, line, title = line) {
    await page.goto(`${this.door}/menu`);
    await heading(page, 'メニュー').waitFor();
    const card = page.locator('main section', { has: page.getByRole('heading', { level: 2, name: group, exact: true }) });
    await this.hand.press(card.getByRole('link', linked(line)));
    await heading(page, title).waitFor();
    assert.equal(await menuLine(page, group, line).getAttribute('aria-current'), 'page', `${line} is marked in the menu`);
  }

  /** The numbers of the demo's first patient, as the sample request has them. */
  async patient() {
    return numbersOf(await readFile(join(this.data, 'samples', 'request.xml'), 'utf8'));
  }
}
