// Who takes part in the day: the institution's applicant, the operator's people, whoever sits at the terminal; each
// with a browser context of their own.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LINE_NAME, SCREENS, complaintsOf, settingsOf } from '../../browser.js';
import { KEYBOARD, MOUSE, forbidMouse } from '../../hands.js';
import { openProfile } from '../../profile.js';

/** How long something that happens in the background may take, ms. */
const PATIENCE = 30_000;
const POLL = 300;

/** The institution and its people. */
export class Town {
  #people = new Map();
  #pc;

  constructor({ browser, demo, folder, javaScript = true, hand = MOUSE }) {
    this.browser = browser;
    this.javaScript = javaScript;
    this.hand = hand;
    this.folder = folder;
    this.about = demo.about;
    this.clinic = demo.about.new_clinic;
    this.landing = demo.about.landing_page.replace(/\/$/, '');
    this.data = demo.data;
  }

  /** The page of one of the people; the same one each time. */
  async person(name) {
    if (!this.#people.has(name)) {
      const context = await this.browser.newContext(settingsOf(SCREENS.desk, this.javaScript));
      this.#people.set(name, await this.#opened(context));
    }
    return this.#people.get(name).page;
  }

  /** The browser of the machine the terminal runs on: it trusts the network's root and uses the institution's line. */
  async pc() {
    if (!this.#pc) {
      await mkdir(this.folder, { recursive: true });
      const line = new URL(this.clinic.line_authentication).host;
      this.#pc = await openProfile(this.folder, {
        root: join(this.data, 'ca', 'root.cert.pem'),
        javaScript: this.javaScript,
        rules: `MAP ${LINE_NAME}:443 ${line}`,
      });
      this.#people.set('pc', await this.#opened(this.#pc.context));
    }
    return this.#people.get('pc').page;
  }

  async #opened(context) {
    const complaints = [];
    if (this.hand === KEYBOARD) await forbidMouse(context, complaints);
    const page = await context.newPage();
    complaintsOf(page, complaints);
    return { page, context, complaints };
  }

  /** A passkey in the browser of this page: always there, always confirmed by its owner. */
  async givePasskey(page) {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable');
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
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

  /** What everybody has before their eyes. */
  async seen() {
    const said = [...this.#people].map(async ([name, { page, complaints }]) => {
      const words = await page.locator('body').innerText().catch(() => '');
      return `--- ${name}: ${page.url()} ${complaints.join(' ')}\n${words.slice(0, 1500)}`;
    });
    return (await Promise.all(said)).join('\n');
  }

  /** No page of anybody has complained so far. */
  assertNoComplaints() {
    for (const [name, { complaints }] of this.#people) assert.deepEqual(complaints, [], `the page of ${name} complained`);
  }

  async close() {
    for (const { context } of this.#people.values()) await context.close();
    this.assertNoComplaints();
  }
}
