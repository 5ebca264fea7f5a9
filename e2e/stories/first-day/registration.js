// 登録情報の変更: the contact is another person, and another mail address is asked for and not taken after all.

import assert from 'node:assert/strict';

const TITLE = '登録情報の変更';
const OTHER = 'soumu@kasai-kuzuryu.example';

const buttonOf = (page, name) => page.getByRole('button', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { level: 1, name });
const done = (page, words) => page.getByRole('status').getByText(words).waitFor();

/** 担当者, 担当部署, 電話番号: in force at once. */
async function changeContact({ look, hand }, page) {
  const change = buttonOf(page, '担当者の情報を変更する');
  await hand.type(page.locator('#phone'), '12');
  await hand.press(change);
  await page.locator('.field.wrong').first().waitFor();
  await look(page, { row: 'sign-up', name: 'registration-wrong', caption: `${TITLE}（入力の誤り）` });
  await hand.type(page.locator('#name'), '架空　次郎');
  await hand.type(page.locator('#department'), '医事課');
  await hand.type(page.locator('#phone'), '03-0000-0001');
  await look(page, { row: 'sign-up', name: 'registration', caption: TITLE, button: change });
  await hand.press(change);
  await done(page, '担当者の情報を変更しました。');
}

/** メールアドレス: a link goes to the new one; nothing changes before it is opened. */
async function wantAnotherMail({ town, look, hand }, page) {
  const send = buttonOf(page, '確認メールを送信する');
  await hand.type(page.locator('#mail'), OTHER);
  await look(page, { row: 'sign-up', name: 'registration-mail', caption: `${TITLE}（メールアドレス）`, button: send });
  await hand.press(send);
  await heading(page, '確認メールを送信しました').waitFor();
  await look(page, { row: 'sign-up', name: 'registration-mail-sent', caption: `${TITLE}（確認メールの送信）` });
  await page.goto(`${town.landing}/mailbox`);
  const link = page.locator('.mail a[href*="/registration/mail/confirm?token="]').first();
  await town.until(page, link, 'the mail to the new address');
  return link.getAttribute('href');
}

export async function changeRegistration(scene) {
  const { town, look, hand } = scene;
  const page = await town.person('applicant');
  await page.goto(`${town.about.portal}/my-menu`);
  await hand.press(page.getByRole('link', { name: TITLE, exact: true }));
  await heading(page, TITLE).waitFor();
  await changeContact(scene, page);
  const link = await wantAnotherMail(scene, page);
  await page.goto(`${town.about.portal}/registration`);
  await page.getByRole('heading', { name: '新しいメールアドレスの確認を待っています' }).waitFor();
  const drop = buttonOf(page, 'メールアドレスの変更を取りやめる');
  await look(page, { row: 'sign-up', name: 'registration-waits', caption: `${TITLE}（確認待ち）`, button: drop });
  await hand.press(drop);
  await done(page, 'メールアドレスの変更を取りやめました。');
  await page.goto(link);
  const confirm = buttonOf(page, 'メールアドレスを変更する');
  await look(page, { row: 'sign-up', name: 'registration-confirm', caption: 'メールアドレスの変更の確認', button: confirm });
  await hand.press(confirm);
  await heading(page, 'このリンクは使えません').waitFor();
  await page.goto(`${town.about.portal}/my-menu`);
  const said = await page.locator('main').innerText();
  assert.ok(said.includes('架空　次郎（医事課）') && !said.includes(OTHER), said);
}
