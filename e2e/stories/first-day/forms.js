// The applications after the first two: each up to its 確認画面, one returned and rejected, one carried out.

import assert from 'node:assert/strict';
import * as labels from './labels.js';
import { signIn } from './operators.js';

const buttonOf = (page, name) => page.getByRole('button', { name, exact: true });
const linkOf = (page, name) => page.getByRole('link', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { level: 1, name });
/** A day in Japan, so many from today, as people write it. */
const japanese = (days) =>
  new Intl.DateTimeFormat('ja-JP-u-ca-japanese', { dateStyle: 'long', timeZone: 'Asia/Tokyo' }).format(new Date(Date.now() + days * 86_400_000));
const today = () => japanese(0);

/** Who answers questions; on every form. */
const CONTACT = [['#contact_name', '架空　葉子'], ['#phone', '03-0000-0000']];
/** Another institution of the demo. */
const NEIGHBOUR = '1319990012';
/** Why one is returned, and why it is rejected in the end. */
const RETURNED = '新しいお客さまIDが契約書の番号と異なります。契約書を確認してください。';
const REJECTED = '回線の契約が確認できませんでした。';

/** The forms: what is typed, and what 確認画面 then says. */
const FORMS = {
  'use-change': { title: labels.USE_CHANGE, typed: () => [], says: ['CAF0000000052'] },
  succession: {
    title: labels.SUCCESSION,
    typed: () => [['#predecessor_code', NEIGHBOUR], ['#date', today()], ['#owner', '架空　太郎'], ...CONTACT],
    says: [NEIGHBOUR, '架空　太郎'],
  },
  'code-change': {
    title: labels.CODE_CHANGE,
    typed: () => [['#new_code', NEIGHBOUR], ['#date', today()], ...CONTACT],
    says: [NEIGHBOUR],
  },
  'customer-id-change': {
    title: labels.CUSTOMER_ID_CHANGE,
    typed: () => [['#customer_id', 'COP0000000077'], ['#date', today()], ...CONTACT],
    says: ['COP0000000077'],
  },
  'certificate-revocation': { title: labels.REVOCATION, typed: () => CONTACT, says: ['端末の使用終了'], certificate: true },
};

/** From the empty form to 確認画面; `instead` is typed in the place of what the table says. */
async function fillIn({ town, look, hand }, kind, instead = []) {
  const { title, typed, says, certificate } = FORMS[kind];
  const page = await town.person('applicant');
  await page.goto(`${town.about.portal}/applications/${kind}`);
  await heading(page, title).waitFor();
  const on = buttonOf(page, '確認画面へ進む');
  if (certificate) {
    await hand.press(on);
    await page.locator('.field.wrong').first().waitFor();
    await look(page, { row: 'others', name: `${kind}-wrong`, caption: `${title}（入力の誤り）` });
    await hand.choose(page.locator('input[name=serial]').first());
    await hand.choose(page.getByLabel('端末の使用終了'));
    await hand.choose(page.locator('#understood'));
  }
  for (const [field, text] of [...typed(), ...instead]) await hand.type(page.locator(field), text);
  await look(page, { row: 'others', name: kind, caption: title, button: on });
  await hand.press(on);
  const submit = buttonOf(page, '申請する');
  await submit.waitFor();
  const said = await page.locator('main').innerText();
  for (const words of says) assert.ok(said.includes(words), `${words}\n${said}`);
  await look(page, { row: 'others', name: `${kind}-confirm`, caption: `${title}（確認）`, button: submit });
  return page;
}

/** A draft that is not wanted any more. */
async function withdraw({ town, look, hand }, kind) {
  const page = await town.person('applicant');
  await page.goto(`${town.about.portal}/my-menu`);
  await hand.press(linkOf(page, FORMS[kind].title).first());
  const open = page.locator('summary', { hasText: 'この申請を取り下げる' });
  await look(page, { row: 'others', name: `${kind}-draft`, caption: `${FORMS[kind].title}（下書き）`, button: open });
  await hand.press(open);
  await hand.press(buttonOf(page, '取り下げる'));
  await page.getByText('申請は取り下げられました。').first().waitFor();
  await look(page, { row: 'others', name: `${kind}-withdrawn`, caption: `${FORMS[kind].title}（取下げ）` });
}

/** Every form that nothing comes of today. */
export async function fillForms(scene) {
  for (const kind of ['use-change', 'succession', 'code-change']) {
    const page = await fillIn(scene, kind);
    await scene.hand.press(linkOf(page, '修正する'));
    await buttonOf(page, '確認画面へ進む').waitFor();
  }
  await withdraw(scene, 'use-change');
  const { town, look } = scene;
  const page = await town.person('applicant');
  await page.goto(`${town.about.portal}/applications/certificate-renewal`);
  await heading(page, labels.RENEWAL).waitFor();
  await look(page, { row: 'renewal', name: 'certificate-renewal', caption: labels.RENEWAL });
}

/** A person of the operator opens the newest application of a kind, and says why not. */
async function refuse(scene, kind, { decision, reason, name, words }) {
  const { town, look, hand } = scene;
  const page = await signIn(scene, 'shinsa-1');
  await page.goto(`${town.about.operator}/queues/${kind}`);
  const link = page.locator(`a[href^="/applications/${town.clinic.institution_code}/"]`).first();
  await town.until(page, link, 'the application in the queue');
  await hand.press(link);
  await hand.type(page.locator('#reason'), reason);
  const button = buttonOf(page, decision);
  await look(page, { row: '運営', name, caption: `審査（${decision}）`, button });
  await hand.press(button);
  await page.getByRole('status').getByText(words).waitFor();
  await look(page, { row: '運営', name: `${name}-done`, caption: `審査（${decision}のあと）` });
}

/** 差戻し, made good, and rejected all the same. */
export async function beReturned(scene) {
  const { town, look, hand } = scene;
  const kind = 'customer-id-change';
  const page = await fillIn(scene, kind);
  await hand.press(buttonOf(page, '申請する'));
  await page.getByText('受付番号').first().waitFor();
  await refuse(scene, kind, { decision: '差し戻す', reason: RETURNED, name: 'return', words: '差し戻しました。' });
  await page.goto(`${town.about.portal}/my-menu`);
  await page.getByText(RETURNED).first().waitFor();
  const again = linkOf(page, '修正して再申請する');
  await look(page, { row: 'others', name: 'returned', caption: `${labels.MY_MENU}（差戻し）`, button: again });
  await hand.press(again);
  await page.getByRole('heading', { name: '差戻しの理由' }).waitFor();
  assert.ok((await page.locator('main').innerText()).includes(RETURNED), RETURNED);
  assert.equal(await page.locator('#customer_id').inputValue(), 'COP0000000077', 'what was typed is kept');
  await hand.type(page.locator('#customer_id'), 'COP0000000078');
  await look(page, { row: 'others', name: 'returned-form', caption: `${FORMS[kind].title}（差戻しの修正）`, button: buttonOf(page, '確認画面へ進む') });
  await hand.press(buttonOf(page, '確認画面へ進む'));
  await hand.press(buttonOf(page, '申請する'));
  await page.getByText('受付番号').first().waitFor();
  await refuse(scene, kind, { decision: '却下する', reason: REJECTED, name: 'reject', words: '却下しました。' });
  await page.goto(`${town.about.portal}/my-menu`);
  await hand.press(linkOf(page, FORMS[kind].title).first());
  await page.getByText(REJECTED).first().waitFor();
  await look(page, { row: 'others', name: 'rejected', caption: `${FORMS[kind].title}（却下）` });
}

/** お客さまID変更申請 for a later day (not the next: a story may be told at midnight): approved today, it waits for its day. */
export async function askForLater(scene) {
  const page = await fillIn(scene, 'customer-id-change', [['#date', japanese(2)]]);
  await scene.hand.press(buttonOf(page, '申請する'));
  await page.getByText('受付番号').first().waitFor();
}

/** The certificate shall end: handed in, for one person of the operator to approve. */
export async function askForRevocation(scene) {
  const page = await fillIn(scene, 'certificate-revocation');
  await scene.hand.press(buttonOf(page, '申請する'));
  await page.getByText('受付番号').first().waitFor();
}
