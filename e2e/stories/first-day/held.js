// What was approved and must not be carried out any more: its registrant turns out to be a stranger. Two people of the
// operator stop that account; what it was granted is held, and ended with a reason.

import assert from 'node:assert/strict';
import { askForLater } from './forms.js';
import { signIn, tellDecision } from './operators.js';

const KIND = 'customer-id-change';
/** Why the registrant is stopped, and why what was approved is ended. */
const STOPPED = '台帳の電話番号に確認し、登録者は在籍していないとの回答';
const ENDED = '登録者が停止されたため、手続きを終了します。';

const buttonOf = (page, name) => page.getByRole('button', { name, exact: true });

/** 登録者の停止: one person asks, another does it. */
async function stopRegistrant(scene) {
  const { town, look, hand } = scene;
  const place = `${town.about.operator}/registrants/${town.clinic.institution_code}`;
  const [first, second] = [await signIn(scene, 'shinsa-1'), await signIn(scene, 'shinsa-2')];
  await first.goto(place);
  await hand.type(first.locator('#reason'), STOPPED);
  const ask = buttonOf(first, '停止を求める（1人目）');
  await look(first, { row: '運営', name: 'registrant-stop', caption: '登録者の停止（1人目）', button: ask });
  await hand.press(ask);
  await first.getByText('1人目として記録済みです。停止は、別の担当者が行います。').first().waitFor();
  assert.equal(await buttonOf(first, '2人目として停止する').count(), 0, 'the same person twice');
  await second.goto(place);
  await hand.type(second.locator('#reason'), STOPPED);
  const stop = buttonOf(second, '2人目として停止する');
  await look(second, { row: '運営', name: 'registrant-stop-second', caption: '登録者の停止（2人目）', button: stop });
  await hand.press(stop);
  await second.waitForURL((url) => url.pathname === '/registrants');
}

/** 手続きが止まっています, and 承認後の却下. */
export async function beHeld(scene) {
  const { town, look, hand } = scene;
  await askForLater(scene);
  await tellDecision(scene, KIND, ['shinsa-1'], '運営');
  await stopRegistrant(scene);
  const page = await signIn(scene, 'shinsa-1');
  await page.goto(`${town.about.operator}/queues`);
  const row = page.locator('tr', { hasText: '医療機関等の方ではないとして停止されました' });
  await town.until(page, row, 'the application that is held');
  await page.getByRole('heading', { name: '手続きが止まっている申請（承認済み）' }).waitFor();
  const link = row.getByRole('link');
  await look(page, { row: '運営', name: 'queues-held', caption: '手続きが止まっている申請', button: link });
  await hand.press(link);
  await page.getByRole('heading', { name: '手続きが止まっています' }).waitFor();
  const end = buttonOf(page, '却下する');
  await look(page, { row: '運営', name: 'held', caption: '手続きが止まっています', button: end });
  // Without a reason nothing ends.
  await hand.press(end);
  await page.getByRole('alert').first().waitFor();
  await page.getByRole('heading', { name: '承認後の却下' }).waitFor();
  await look(page, { row: '運営', name: 'held-no-reason', caption: '承認後の却下（理由の入力漏れ）' });
  await hand.type(page.locator('#reason'), ENDED);
  await hand.press(buttonOf(page, '却下する'));
  await page.getByRole('status').getByText('却下しました。').waitFor();
  const said = await page.locator('main').innerText();
  for (const words of ['承認後の却下', ENDED]) assert.ok(said.includes(words), `${words}\n${said}`);
  assert.equal(await page.getByRole('heading', { name: '手続きが止まっています' }).count(), 0, said);
  await look(page, { row: '運営', name: 'held-ended', caption: '承認後の却下（完了）' });
}
