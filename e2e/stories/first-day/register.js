// What the operator's people keep: the register of institutions (two people for a change), lines, お知らせ.

import assert from 'node:assert/strict';
import { addColleague, signIn } from './operators.js';

/** An institution that is entered, renamed and closed. */
const OTHER = { code: '1319990078', name: '架空そよかぜ内科医院', renamed: '架空そよかぜ内科クリニック' };
export const NOTICE = { title: '年末年始の運用窓口について', body: '12月29日から1月3日まで、電話の窓口は休みます。\n\n電子証明書の失効は、休みの間も受け付けます。' };
/** An address range that no demo uses (documentation addresses). */
const PREFIX = '198.51.100.8/29';

const buttonOf = (page, name) => page.getByRole('button', { name, exact: true });
const linkOf = (page, name) => page.getByRole('link', { name, exact: true });
const done = (page, words) => page.getByRole('status').getByText(words).waitFor();

/** One person enters an institution. */
async function enter(scene, page) {
  const { town, look, hand } = scene;
  await page.goto(`${town.about.operator}/institutions`);
  const add = linkOf(page, '医療機関を登録する');
  await look(page, { row: '運営', name: 'institutions', caption: '医療機関マスタ', button: add });
  await hand.press(add);
  await hand.press(buttonOf(page, '登録する'));
  await page.locator('.field.wrong').first().waitFor();
  await look(page, { row: '運営', name: 'institution-wrong', caption: '医療機関の登録（入力の誤り）' });
  await hand.type(page.locator('#code'), OTHER.code);
  await hand.choose(page.getByLabel('検証番号が合わなくても', { exact: false }));
  await hand.type(page.locator('#name'), OTHER.name);
  await hand.type(page.locator('#postal_code'), '100-0013');
  await hand.type(page.locator('#first_line'), '東京都千代田区架空町1-2-3');
  await hand.type(page.locator('#phone'), '03-0000-0078');
  const save = buttonOf(page, '登録する');
  await look(page, { row: '運営', name: 'institution-new', caption: '医療機関の登録', button: save });
  await hand.press(save);
  await done(page, '医療機関を登録しました。');
  await look(page, { row: '運営', name: 'institution-added', caption: '医療機関の登録（完了）', button: linkOf(page, '変更する') });
}

/** What one asked for, another carries out. */
async function agree({ town, look, hand }, page, { name, what, words }) {
  await page.goto(`${town.about.operator}/institutions`);
  await look(page, { row: '運営', name: `institutions-${name}`, caption: `2人目の確認を待っている${what}`, button: linkOf(page, OTHER.code).first() });
  await hand.press(linkOf(page, OTHER.code).first());
  const button = buttonOf(page, '2人目として反映する');
  await look(page, { row: '運営', name: `institution-${name}-second`, caption: `${what}（2人目）`, button });
  await hand.press(button);
  await done(page, words);
  await look(page, { row: '運営', name: `institution-${name}-done`, caption: `${what}（反映後）` });
}

/** Entered by one, renamed and closed by two. */
export async function keepRegister(scene) {
  const { look, hand } = scene;
  const [first, second] = [await signIn(scene, 'shinsa-1'), await signIn(scene, 'shinsa-2')];
  await enter(scene, first);
  await hand.press(linkOf(first, '変更する'));
  await hand.type(first.locator('#name'), OTHER.renamed);
  const ask = buttonOf(first, '変更を依頼する（1人目）');
  await look(first, { row: '運営', name: 'institution-change', caption: '医療機関の変更', button: ask });
  await hand.press(ask);
  await done(first, '1人目として記録しました。');
  assert.equal(await buttonOf(first, '2人目として反映する').count(), 0, 'the same person twice');
  await look(first, { row: '運営', name: 'institution-change-asked', caption: '医療機関の変更（1人目のあと）' });
  await agree(scene, second, { name: 'change', what: '変更', words: '変更を反映しました。' });
  await hand.press(buttonOf(second, '廃止を依頼する（1人目）'));
  await second.locator('.field.wrong').first().waitFor();
  await hand.type(second.locator('#reason'), '廃止届（令和8年11月30日付）');
  await look(second, { row: '運営', name: 'institution-close', caption: '廃止の依頼', button: buttonOf(second, '廃止を依頼する（1人目）') });
  await hand.press(buttonOf(second, '廃止を依頼する（1人目）'));
  await done(second, '1人目として記録しました。');
  await agree(scene, first, { name: 'close', what: '廃止', words: '廃止にしました。' });
}

/** Who keeps the lines enters what the carrier notified, and takes it back. */
export async function keepLines(scene) {
  const { town, look, hand } = scene;
  const page = await addColleague(scene, 'kaisen');
  const code = town.clinic.institution_code;
  await page.goto(`${town.about.operator}/lines`);
  const line = linkOf(page, code);
  await look(page, { row: '運営', name: 'lines', caption: '回線の一覧', button: line });
  await hand.press(line);
  const add = buttonOf(page, 'アドレス範囲を追加する');
  await look(page, { row: '運営', name: 'line', caption: '回線', button: add });
  await hand.type(page.locator('#prefixes'), '198.51.100.8/99');
  await hand.press(add);
  await page.locator('.field.wrong').first().waitFor();
  await look(page, { row: '運営', name: 'line-wrong', caption: '回線（入力の誤り）' });
  await hand.type(page.locator('#prefixes'), PREFIX);
  await hand.press(add);
  await done(page, 'アドレス範囲を追加しました。');
  const back = buttonOf(page, `${PREFIX} を取り消す`);
  await look(page, { row: '運営', name: 'line-added', caption: '回線（アドレス範囲の追加後）', button: back });
  await hand.press(back);
  await done(page, 'アドレス範囲を取り消しました。');
  assert.equal(await page.getByText(PREFIX).count(), 0, 'it is gone');
}

/** An お知らせ, published by a person of the operator, is read on the portal. */
export async function publishNotice(scene, { title, body } = NOTICE) {
  const { town, look, hand } = scene;
  const page = await signIn(scene, 'shinsa-1');
  await page.goto(`${town.about.operator}/notices`);
  const publish = buttonOf(page, '公開する');
  await hand.press(publish);
  await page.getByRole('alert').first().waitFor();
  await hand.type(page.locator('#title'), title);
  await hand.type(page.locator('#body'), body);
  await hand.choose(page.getByLabel('重要なお知らせとして目立たせる'));
  await look(page, { row: '運営', name: 'notice', caption: 'お知らせの公開', button: publish });
  await hand.press(publish);
  await page.getByRole('cell', { name: title }).first().waitFor();
  const reader = await town.person('applicant');
  await reader.goto(`${town.about.portal}/notices`);
  const link = linkOf(reader, title);
  await look(reader, { row: 'sign-up', name: 'notices', caption: 'お知らせの一覧', button: link });
  await hand.press(link);
  await reader.getByRole('heading', { level: 1, name: title }).waitFor();
  const said = await reader.locator('main').innerText();
  for (const words of ['重要', ...body.split('\n\n')]) assert.ok(said.includes(words), `${words}\n${said}`);
  await look(reader, { row: 'sign-up', name: 'notice-one', caption: 'お知らせ' });
}
