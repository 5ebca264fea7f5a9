// The day itself, S1 to S5, then the line (S11), the first check, and the look at the certificate (S7).

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as labels from './labels.js';
import { codesOf, oneTimeCode, saved, textOf, unpacked } from './papers.js';
import { signInWithTheSheet } from './first_account.js';
import { tellDecision, tellPosting, tellProof } from './operators.js';
import { downloadTwice } from '../../downloads.js';
import { MOUSE } from '../../hands.js';
import { givePasskey } from '../../people.js';
import { openProfile } from '../../profile.js';

/** With what the applicant signs in. */
export const ACCOUNT = { mail: 'jimu@kasai-kuzuryu.example', password: 'asagao to yuugata no kane' };
const { mail: MAIL, password: PASSWORD } = ACCOUNT;
/** 取扱パスワード. */
const FILE_PASSWORD = 'kawara-to-hisashi-2026';

const buttonOf = (page, name) => page.getByRole('button', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { level: 1, name });

async function signUp({ town, look, hand }) {
  const page = await town.person('applicant');
  await page.goto(town.about.portal);
  await heading(page, labels.PORTAL).waitFor();
  await look(page, { row: 'sign-up', name: 'portal', caption: labels.PORTAL, button: page.getByRole('link', { name: labels.SIGN_UP, exact: true }) });
  await hand.press(page.getByRole('link', { name: labels.SIGN_UP, exact: true }).first());
  await heading(page, labels.SIGN_UP).waitFor();
  await hand.press(buttonOf(page, '確認メールを送信する'));
  await page.locator('.field.wrong').first().waitFor();
  await look(page, { row: 'sign-up', name: 'register-wrong', caption: `${labels.SIGN_UP}（入力の誤り）` });
  await page.goto(`${town.about.portal}/register`);
  await hand.type(page.getByLabel('医療機関コード'), town.clinic.institution_code);
  await hand.type(page.getByLabel('医療機関等名称'), town.clinic.name);
  await hand.type(page.getByLabel('担当者氏名'), '架空　葉子');
  await hand.type(page.getByLabel('電話番号'), '03-0000-0000');
  await hand.type(page.getByLabel('メールアドレス'), MAIL);
  await hand.type(page.locator('#password'), PASSWORD);
  await hand.type(page.locator('#password_again'), PASSWORD);
  await hand.choose(page.locator('input[type=checkbox]'));
  const send = page.getByRole('button', { name: '確認メールを送信する' });
  await look(page, { row: 'sign-up', name: 'register', caption: labels.SIGN_UP, button: send });
  await hand.press(send);
  await heading(page, '確認メールを送信しました').waitFor();
  await look(page, { row: 'sign-up', name: 'mail-sent', caption: '確認メールの送信' });
  await page.goto(`${town.landing}/mailbox`);
  const link = page.locator('.mail a[href*="/confirm?token="]').first();
  await town.until(page, link, 'the confirmation mail');
  await look(page, { row: 'sign-up', name: 'mail', caption: '届いた確認メール', button: link });
  await hand.press(link);
  await look(page, { row: 'sign-up', name: 'confirm', caption: '登録の確認', button: page.getByRole('button', { name: '登録を完了する' }) });
  await hand.press(buttonOf(page, '登録を完了する'));
  await heading(page, '登録が完了しました').waitFor();
  await look(page, { row: 'sign-up', name: 'confirmed', caption: '登録の完了' });
}

async function signIn({ town, look, hand }) {
  const page = await town.person('applicant');
  await hand.press(page.getByRole('link', { name: 'ログインへ' }));
  await hand.type(page.getByLabel('メールアドレス'), MAIL);
  await hand.type(page.getByLabel('パスワード'), PASSWORD);
  await look(page, { row: 'sign-up', name: 'login', caption: 'ログイン', button: page.getByRole('button', { name: 'ログイン', exact: true }) });
  if (town.javaScript) await givePasskey(page);
  await hand.press(buttonOf(page, 'ログイン'));
  await heading(page, '2段階認証の設定').waitFor();
  if (town.javaScript) {
    await hand.type(page.getByLabel('パスキーの名前'), '受付のパソコン');
    const make = page.getByRole('button', { name: 'パスキーを登録する' });
    await look(page, { row: 'sign-up', name: 'second-factor', caption: '2段階認証の設定', button: make });
    await hand.press(make);
    await page.waitForURL((url) => !url.pathname.endsWith('/setup'));
  } else {
    await hand.press(buttonOf(page, '認証アプリを設定する'));
    const typed = await page.locator('.guide code').first().innerText();
    await hand.type(page.getByLabel('6桁の数字'), oneTimeCode(typed));
    await hand.press(buttonOf(page, '確認'));
    await heading(page, '回復コード').waitFor();
    await hand.press(page.getByRole('link', { name: '控えたので次へ進む' }));
  }
  await page.goto(`${town.about.portal}/my-menu`);
  await heading(page, labels.MY_MENU).waitFor();
  await look(page, { row: 'sign-up', name: 'my-menu', caption: labels.MY_MENU });
}

async function signInAgain({ town, look, hand }) {
  const page = await town.person('applicant');
  await hand.press(buttonOf(page, 'ログアウト'));
  await buttonOf(page, 'ログアウト').waitFor({ state: 'detached' });
  await page.goto(`${town.about.portal}/login`);
  await hand.type(page.getByLabel('メールアドレス'), MAIL);
  await hand.type(page.getByLabel('パスワード'), PASSWORD);
  await hand.press(buttonOf(page, 'ログイン'));
  await heading(page, '2段階認証').waitFor();
  const use = page.getByRole('button', { name: 'パスキーで続ける' });
  await look(page, { row: 'sign-up', name: 'passkey', caption: '2段階認証（パスキー）', button: use });
  await hand.press(use);
  await heading(page, labels.MY_MENU).waitFor();
}

/** How many of the institution's applications stand in my menu under this name. */
const inMyMenu = async (town, page, name) => {
  await page.goto(`${town.about.portal}/my-menu`);
  return page.locator('#mine ~ * table td:first-child a, section[aria-labelledby=mine] td:first-child a', { hasText: name }).count();
};

/** The month after this one in Japan: as somebody types it into a form, and as 確認画面 says it back. */
function nextMonth() {
  const [year, month] = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Tokyo' }).format(new Date()).split('-').map(Number);
  const [then, number] = month === 12 ? [year + 1, 1] : [year, month + 1];
  return [`令和${then - 2018}年${number}月`, `${then}年${number}月`];
}

async function applyForUse({ town, look, hand }) {
  const page = await town.person('applicant');
  await page.goto(`${town.about.portal}/applications`);
  await hand.press(page.getByRole('link', { name: labels.USE }).first());
  await heading(page, labels.USE).waitFor();
  await hand.choose(page.getByLabel('IP-VPN（NTT・光コラボ）'));
  await hand.type(page.getByLabel('お客さまID'), town.clinic.customer_id);
  const [written, month] = nextMonth();
  await hand.type(page.getByLabel('利用開始予定年月', { exact: false }), written);
  await hand.press(buttonOf(page, '下書き保存'));
  await page.getByText('下書きを保存しました。').waitFor();
  assert.equal(await page.getByLabel('お客さまID').inputValue(), town.clinic.customer_id, 'the draft is kept');
  assert.equal(await page.getByLabel('利用開始予定年月', { exact: false }).inputValue(), written, 'and so is the month');
  await look(page, { row: 'use', name: 'use-form', caption: labels.USE, button: page.getByRole('button', { name: '確認画面へ進む' }) });
  await hand.press(buttonOf(page, '確認画面へ進む'));
  const submit = page.getByRole('button', { name: '申請する', exact: true });
  await submit.waitFor();
  assert.ok((await page.locator('main').innerText()).includes(month), `${written} is ${month}`);
  await look(page, { row: 'use', name: 'use-confirm', caption: `${labels.USE}（確認）`, button: submit });
  await twice(page, submit, hand);
  await page.getByText('受付番号').first().waitFor();
  await look(page, { row: 'use', name: 'use-submitted', caption: `${labels.USE}（受付）` });
  assert.equal(await inMyMenu(town, page, labels.USE), 1, 'handed in twice, it is one application');
}

/** Hands in the form behind a button twice: by the network as well as by the finger. */
async function twice(page, button, hand) {
  await button.waitFor();
  const form = button.locator('xpath=ancestor::form');
  const fields = await form.locator('input[type=hidden]').evaluateAll((inputs) =>
    inputs.map((input) => [input.getAttribute('name'), input.getAttribute('value')]));
  const { origin, href } = new URL(page.url());
  const address = new URL(await form.getAttribute('action'), href).href;
  const first = await page.request.post(address, { form: Object.fromEntries(fields), headers: { Origin: origin } });
  assert.ok(first.ok(), `${first.status()}`);
  await hand.press(button);
}

async function fetchSheet({ town, look, hand }) {
  const page = await town.person('applicant');
  await page.goto(`${town.about.portal}/my-menu`);
  await town.until(page, page.locator('.tag', { hasText: '完了' }).first(), 'the completed application');
  await hand.press(page.getByRole('link', { name: labels.USE }).first());
  const button = page.getByRole('button', { name: '通知書をダウンロードする' });
  await look(page, { row: 'use', name: 'sheet', caption: '承認後の通知書', button });
  const [download] = await Promise.all([page.waitForEvent('download'), hand.press(button)]);
  const zip = join(town.folder, 'sheet.zip');
  await download.saveAs(zip);
  const [pdf, ...more] = await unpacked(zip);
  assert.ok(pdf.endsWith('.pdf') && more.length === 0, `${pdf}`);
  const text = await textOf(pdf);
  for (const letter of ['M', 'a']) assert.match(text, new RegExp(`${letter}${town.clinic.institution_code}`), text);
  for (const words of ['マスタアカウント', '医療機関等管理者アカウント', '日々の業務には使いません。']) assert.ok(text.includes(words), `${words}\n${text}`);
  assert.match(text, /（デモ環境）/, text);
  return text;
}

async function applyForCertificate({ town, look, hand }) {
  const page = await town.person('applicant');
  await page.goto(`${town.about.portal}/applications/certificate-issue`);
  await heading(page, labels.CERTIFICATE).waitFor();
  assert.ok((await page.locator('main').innerText()).includes(labels.SHARED), labels.SHARED);
  await hand.type(page.getByLabel('担当部署'), '医事課');
  await hand.type(page.getByLabel('担当者', { exact: false }).first(), '架空　葉子');
  await hand.type(page.getByLabel('電話番号'), '03-0000-0000');
  const mail = page.getByLabel('メールアドレス');
  if (await mail.count()) await hand.type(mail, MAIL);
  await hand.type(page.getByLabel('端末名称'), '受付1号機（髙﨑）');
  await hand.choose(page.getByLabel('オンライン資格確認端末として使う'));
  await hand.choose(page.getByLabel('オンライン請求用端末として使う'));
  await look(page, { row: 'certificate', name: 'certificate-form', caption: labels.CERTIFICATE, button: page.getByRole('button', { name: '確認画面へ進む' }) });
  await hand.press(buttonOf(page, '確認画面へ進む'));
  const submit = page.getByRole('button', { name: '申請する', exact: true });
  await look(page, { row: 'certificate', name: 'certificate-confirm', caption: `${labels.CERTIFICATE}（確認）`, button: submit });
  await hand.press(submit);
  await page.getByText('受付番号').first().waitFor();
  await look(page, { row: 'certificate', name: 'certificate-submitted', caption: `${labels.CERTIFICATE}（受付）` });
}

async function openLetter({ town, look }, letters) {
  const page = await town.person('applicant');
  await page.goto(`${town.landing}/mailbox#post`);
  const link = page.getByRole('link', { name: /封筒を開けて通知書/ });
  await town.until(page, link.first(), 'the letter');
  assert.ok((await page.locator('main').innerText()).includes(labels.REGISTERED_MAIL));
  await look(page, { row: 'letter', name: `post-${letters}`, caption: `${labels.LETTER}が${labels.REGISTERED_MAIL}で届く`, button: link.first() });
  const pdf = await saved(page, new URL(await link.first().getAttribute('href'), page.url()).href, join(town.folder, `letter-${letters}.pdf`));
  const codes = await codesOf(pdf);
  assert.ok(codes.text.includes(labels.LETTER) && codes.text.includes(town.clinic.institution_code), codes.text);
  return codes;
}

/** Everything of the letter is right, and the line is not connected yet. */
async function withoutLine({ town, look, codes, hand }) {
  const page = await town.pc();
  await page.goto(`${town.clinic.gateway}/`);
  await page.getByText('電子証明書がありません').first().waitFor();
  await look(page, { row: 'setup', name: 'terminal-none', caption: '端末の画面（電子証明書の導入前）' });
  await page.goto(`${town.clinic.gateway}/terminal/certificate/letter`);
  await hand.type(page.getByLabel('リファレンスナンバー'), codes.number);
  await hand.type(page.getByLabel('認証ID'), codes.secret.toLowerCase());
  const button = page.getByRole('button', { name: '導入', exact: true });
  await look(page, { row: 'setup', name: 'install', caption: '通知書から電子証明書を導入', button });
  await hand.press(button);
  await page.locator('#fault').waitFor();
  assert.match(await page.locator('#fault').innerText(), /ネットワークエラー|回線認証/);
  await look(page, { row: 'line', name: 'install-no-line', caption: '回線認証が済んでいないときの導入' });
}

/** The other way: a file from 電子証明書取得サイト. The other tellings go it. */
async function lookAtOtherWay({ town, look }) {
  const page = await town.pc();
  await page.goto(town.about.authority);
  const fetch = page.getByRole('button', { name: '取得', exact: true });
  await look(page, { row: 'setup', name: 'retrieval', caption: '電子証明書取得サイト', button: fetch });
  await page.goto(`${town.clinic.gateway}/terminal/certificate/file`);
  const install = page.getByRole('button', { name: '導入', exact: true });
  await look(page, { row: 'setup', name: 'install-file', caption: 'ファイルから電子証明書を導入', button: install });
}

/** With a key made on the terminal. */
async function installFromLetter({ town, look, codes, hand }) {
  const page = await town.pc();
  await page.goto(`${town.clinic.gateway}/terminal/certificate/letter`);
  await hand.type(page.getByLabel('リファレンスナンバー'), codes.number);
  await hand.type(page.getByLabel('認証ID'), codes.secret);
  await hand.press(buttonOf(page, '導入'));
  await page.getByText('電子証明書を導入しました。').waitFor();
  await look(page, { row: 'setup', name: 'installed', caption: '電子証明書の導入の完了' });
}

/** With a file from 電子証明書取得サイト. */
async function installFromFile({ town, codes, hand }) {
  const page = await town.pc();
  await page.goto(town.about.authority);
  await hand.type(page.getByLabel('リファレンスナンバー'), codes.number);
  await hand.type(page.getByLabel('認証ID'), codes.secret);
  await hand.type(page.locator('#password'), FILE_PASSWORD);
  await hand.type(page.locator('#password_again'), FILE_PASSWORD);
  const fetch = page.getByRole('button', { name: '取得', exact: true });
  const settled = async () => {
    await page.reload();
    await fetch.waitFor();
  };
  const file = await downloadTwice(page, () => hand.pressTwice(fetch), { folder: town.folder, password: FILE_PASSWORD, settled });
  await page.goto(`${town.clinic.gateway}/terminal/certificate/file`);
  await hand.give(page.getByLabel('電子証明書のファイル'), file);
  await hand.type(page.getByLabel('パスワード'), FILE_PASSWORD);
  await hand.press(buttonOf(page, '導入'));
  await page.getByText('電子証明書を導入しました。').waitFor();
}

async function connectLine({ town, look, hand }) {
  const page = await town.pc();
  await page.goto(`${town.clinic.gateway}/terminal/network`);
  const said = await page.locator('main').innerText();
  const told = `${town.clinic.line_door}/`;
  for (const words of labels.networkSteps(told)) assert.ok(said.includes(words), `${words}\n${said}`);
  await look(page, { row: 'line', name: 'network', caption: 'ネットワーク関連のトラブル時にチェックしていただきたいこと' });
  // What this terminal tells to type leads to the buttons, and so does the address of the procedures.
  await page.goto(told);
  await page.getByRole('button', { name: labels.WISH, exact: true }).waitFor();
  await page.goto(labels.LINE_SITE);
  const wish = page.getByRole('button', { name: labels.WISH, exact: true });
  await page.getByRole('button', { name: labels.DECLINE, exact: true }).waitFor();
  await look(page, { row: 'line', name: 'line-choice', caption: '回線認証（希望する/希望しない）', button: wish });
  await hand.press(wish);
  await page.getByText(labels.CONNECTED).first().waitFor();
  await look(page, { row: 'line', name: 'line-connected', caption: labels.CONNECTED });
  await page.goto(labels.LINE_SITE);
  await page.getByText(labels.CONNECTED).first().waitFor();
  await guideGoesOn(town);
}

/** What the demo tells to write into the hosts file is what leads there: the same page, under its own name. */
async function opensByName(town, guide) {
  const hosts = await guide.getByLabel('hosts ファイルに加える行').innerText();
  const link = guide.locator('a[href^="https://www.lineauth.mnw"]');
  const address = await link.getAttribute('href');
  // What is read there is what is typed.
  assert.equal(await link.innerText(), address);
  const [ip, name] = hosts.trim().split(' ');
  assert.equal(new URL(address).hostname, name);
  const root = await guide.locator('code', { hasText: 'root.cert.pem' }).innerText();
  const profile = await openProfile(join(town.folder, 'by-name'), { root, javaScript: town.javaScript, rules: `MAP ${name} ${ip}` });
  const page = await town.join('by-name', profile.context);
  await page.goto(address);
  await page.getByText(labels.CONNECTED).first().waitFor();
}

/** With the line connected the guide leads to the certificate; and its links find the person signed in. */
async function guideGoesOn(town) {
  const page = await town.person('applicant');
  await page.goto(`${town.landing}/first-day`);
  assert.match(await page.locator('.step.next h2').innerText(), /システムの導入/);
  // One browser more; its way is the same for everybody.
  if (town.javaScript && town.hand === MOUSE) await opensByName(town, page);
  await town.hand.press(page.locator('.day').getByRole('link', { name: labels.MY_MENU, exact: true }));
  await heading(page, labels.MY_MENU).waitFor();
}

async function firstCheck({ town, look, hand }) {
  const page = await town.person('applicant');
  const face = join(town.clinic.drop, 'face');
  const before = await readdir(face);
  await page.goto(`${town.landing}/cards/hanako?counter=new-clinic`);
  await hand.press(buttonOf(page, 'この内容でカードを置く'));
  await page.locator('.band .word').waitFor();
  assert.equal(await page.locator('.band .word').innerText(), '有効', await page.locator('main').innerText());
  await look(page, { row: 'setup', name: 'first-check', caption: 'はじめての資格確認' });
  const files = (await readdir(face)).filter((name) => !before.includes(name) && name.endsWith('.xml'));
  assert.equal(files.length, 1, `${files}`);
  assert.match(files[0], /^OQSsiquc01res_face_\w+\.xml$/);
  const xml = await readFile(join(face, files[0]), 'utf8');
  assert.ok(xml.includes(`<MedicalInstitutionCode>${town.clinic.institution_code}</MedicalInstitutionCode>`), xml);
  await page.goto(`${town.landing}/first-day`);
  assert.equal(await page.locator('.step.done').count(), 7, await page.locator('.day').innerText());
  await look(page, { row: '—', name: 'first-day-done', caption: 'はじめての一日（すべて完了）' });
}

async function checkCertificate({ town, look, made }) {
  const page = await town.pc();
  await page.goto(`${town.clinic.gateway}/terminal/certificate/check`);
  const said = await page.locator('main').innerText();
  for (const words of labels.CHECK_STEPS) assert.ok(said.includes(words), `${words}\n${said}`);
  assert.ok(said.includes(labels.ISSUER), said);
  assert.match(said, /令和\d+年\d+月\d+日（20\d\d年\d+月\d+日）/, said);
  // Where a key is that was made here, Windows shows nothing of it: nobody is sent there for nothing.
  const words = made === 'letter' ? '次の手順は不要です。' : 'Windows（Microsoft Edge）にも同じファイルを取り込んでいるときは';
  assert.ok(said.includes(words), `${words}\n${said}`);
  await look(page, { row: 'check', name: 'check', caption: '正しくインストールされていることを確認する方法' });
  await page.goto(`${town.clinic.gateway}/terminal/`);
  await page.getByText('有効', { exact: false }).first().waitFor();
  await look(page, { row: 'setup', name: 'terminal-valid', caption: '端末の画面（電子証明書の導入後）' });
  await page.goto(`${town.clinic.gateway}/`);
  await page.getByText('あと', { exact: false }).first().waitFor();
  await look(page, { row: 'setup', name: 'institution-web', caption: 'オンライン資格確認等システム' });
}

/** Tells the whole day in this town; `album`, if there is one, looks at every screen and gets its picture. */
export function tellDay({ then, scene, album }) {
  const { town, look } = scene;
  then('the guide shows the first step', async () => {
    const page = await town.person('applicant');
    await page.goto(`${town.landing}/first-day`);
    assert.equal(await page.locator('.step.next').count(), 1);
    await look(page, { row: '—', name: 'first-day', caption: 'はじめての一日' });
  });
  then('signing up, the mailed link, signing in, a second factor', async () => {
    await signUp(scene);
    await signIn(scene);
    if (town.javaScript) await signInAgain(scene);
  });
  then('the application to use it, kept as a draft, handed in twice, is one', () => applyForUse(scene));
  then('a person of the operator makes sure who registered', () => tellProof(scene));
  then('a person of the operator approves it', () => tellDecision(scene, 'use-start', ['shinsa-1'], 'use'));
  then('the sheet with the first account comes as PDF in a ZIP', async () => {
    scene.sheet = await fetchSheet(scene);
  });
  then('the application for a certificate', () => applyForCertificate(scene));
  then('two people of the operator approve it', () =>
    tellDecision(scene, 'certificate-issue', ['shinsa-1', 'shinsa-2'], 'certificate'));
  then('the letter is posted and arrives', async () => {
    await tellPosting(scene);
    scene.codes = await openLetter(scene, 1);
  });
  if (album) then('without its line the terminal meets ネットワークエラー', () => withoutLine(scene));
  then('the steps in their order, 希望する, 回線認証接続済み', () => connectLine(scene));
  if (album) then('the terminal installs its certificate from the letter', async () => {
    await lookAtOtherWay(scene);
    await installFromLetter(scene);
  });
  else then('the terminal installs a file from 電子証明書取得サイト', () => installFromFile(scene));
  then('the first check of a card lands in the folder of its own receipt computer', () => firstCheck(scene));
  then('the certificate is looked at in words and in the browser', () =>
    checkCertificate({ ...scene, made: album ? 'letter' : 'file' }));
  then('the first accounts of the sheet sign in at the terminal', () => signInWithTheSheet(scene));
}
