// Who takes part in a story, each with a browser context of their own; whatever one of their pages complains about
// fails the story.

import assert from 'node:assert/strict';
import { SCREENS, complaintsOf, settingsOf } from './browser.js';
import { KEYBOARD, MOUSE, forbidMouse } from './hands.js';

/** How long something that happens in the background may take, ms. */
const PATIENCE = 90_000;
/** Between two looks at it, ms. */
const POLL = 300;

/** Asks again and again until there is an answer; `told` says what was there instead. */
export async function waitFor(ask, what, told = () => '') {
  for (let waited = 0; waited < PATIENCE; waited += POLL) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
  return assert.fail(`${what} did not come in ${PATIENCE} ms: ${await told()}`);
}

/** A passkey in the browser of this page: always there, always confirmed by its owner. */
export async function givePasskey(page) {
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

/** The people of one telling. */
export class People {
  #open = [];
  #named = new Map();

  constructor({ browser, javaScript = true, hand = MOUSE }) {
    this.browser = browser;
    this.javaScript = javaScript;
    this.hand = hand;
  }

  /** A page in a browser context of its own. */
  async page(name = `${this.#open.length + 1}`) {
    return this.join(name, await this.browser.newContext(settingsOf(SCREENS.desk, this.javaScript)));
  }

  /** The page of somebody; the same one each time. */
  async person(name, open = () => this.page(name)) {
    if (!this.#named.has(name)) this.#named.set(name, await open());
    return this.#named.get(name);
  }

  /** A page of a context that was opened elsewhere. */
  async join(name, context) {
    const complaints = [];
    if (this.hand === KEYBOARD) await forbidMouse(context, complaints);
    const page = await context.newPage();
    complaintsOf(page, complaints);
    this.#open.push({ name, page, context, complaints });
    return page;
  }

  /** Loads the page again until this is seen: things are done in the background. What was pressed before has been answered. */
  async until(page, locator, what) {
    const seen = async () => {
      if (await locator.isVisible()) return true;
      // Where another page is on its way already, that one is looked at.
      await page.reload().catch((error) => assert.match(error.message, /ERR_ABORTED/));
      return locator.isVisible();
    };
    await waitFor(seen, what, () => page.locator('main').innerText());
  }

  /** What everybody has before their eyes. */
  async seen() {
    const said = this.#open.map(async ({ name, page, complaints }) => {
      const words = await page.locator('body').innerText().catch(() => '');
      return `--- ${name}: ${page.url()} ${complaints.join(' ')}\n${words.slice(0, 1500)}`;
    });
    return (await Promise.all(said)).join('\n');
  }

  /** No page of anybody has complained so far. */
  assertNoComplaints() {
    for (const { name, complaints } of this.#open) assert.deepEqual(complaints, [], `the page of ${name} complained`);
  }

  async close() {
    for (const { context } of this.#open) await context.close();
    this.assertNoComplaints();
  }
}
