// What a person does on the demo's pages.

/** Opens the first page. */
export async function openLanding(scene, page) {
  await page.goto(scene.demo.about.landing_page);
}

/** Opens the group somebody is in, as one does with a mouse. */
async function open(page, person) {
  const group = page.locator('details', { has: page.locator(`#${person}`) });
  if (!(await group.evaluate((details) => details.open))) await group.locator('summary').click();
}

/** Presses a button of the list and waits for the page that says what came of it. */
async function press(page, button) {
  await Promise.all([page.waitForURL(/\/(results|checks)\/\w+$/), button.click()]);
}

/** Puts somebody's card on the reader and proves them in this way. */
export async function putCard(page, { person, name, proof = 'pin' }) {
  await open(page, person);
  const form = page.locator(`#${person} form`, { has: page.getByRole('button', { name: `${name}さんのカードを置く` }) });
  await form.first().getByRole('combobox').selectOption(proof);
  await press(page, form.first().getByRole('button'));
}

/** Asks about somebody in their nth way by number. */
export async function askByNumber(page, { person, name, index = 0 }) {
  await open(page, person);
  const buttons = page.locator(`#${person}`).getByRole('button', { name: `${name}さんを番号で照会` });
  await press(page, buttons.nth(index));
}

/** Does what a line of the list says. */
export async function ask(page, line) {
  if (line.ask.way === 'number') return askByNumber(page, { ...line, index: line.ask.index });
  return putCard(page, { ...line, proof: line.ask.proof });
}
