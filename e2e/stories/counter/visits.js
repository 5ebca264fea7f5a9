// Ordinary visits: by 暗証番号, by 目視確認, and what goes otherwise. What the receipt computer gets is read from its folder.

import assert from 'node:assert/strict';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertAccessible } from '../../access.js';
import { picture } from '../../browser.js';
import { waitFor } from '../../people.js';
import { faceFiles, newFile, atReader, press, put, screenOf, take, type, valueOf } from './reader.js';

const HANAKO = '架空　花子';
const PIN = '1234';
const WRONG_PIN = '9999';
/** What a flag of consent says. */
const AGREED = '1';
const DECLINED = '0';
/** Given by using the card, never asked. */
const NOT_ASKED = 'LimitApplicationCertificateRelated';

const askForPasscode = (code) => `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg>
  <MessageHeader>
    <MedicalInstitutionCode>${code}</MedicalInstitutionCode>
    <ArbitraryFileIdentifier>counter</ArbitraryFileIdentifier>
  </MessageHeader>
  <MessageBody></MessageBody>
</XmlMsg>
`;

/** A passcode, as the receipt computer asks for one by file; the answer is read and taken away, as it holds the digits. */
async function passcode({ demo }) {
  const { drop, institution_code: code } = demo.about;
  const stamp = `counter${Date.now()}`;
  await writeFile(join(drop, `${stamp}.tmp`), askForPasscode(code));
  await rename(join(drop, `${stamp}.tmp`), join(drop, 'req', `OQSsivpc01req_${stamp}.xml`));
  const answer = `OQSsivpc01res_${stamp}.xml`;
  await waitFor(async () => (await readdir(join(drop, 'res'))).includes(answer), answer);
  const xml = await readFile(join(drop, 'res', answer), 'utf8');
  await rm(join(drop, 'res', answer));
  const digits = xml.match(/>(\d{4})</)?.[1];
  assert.ok(digits, xml);
  return digits;
}

/** Everything after the proof: notices, consents, the kind of prescription, until the answer. */
async function throughConsent(reader, { consent = '同意する' } = {}) {
  const seen = [];
  for (;;) {
    const at = reader.page.locator('#screen:not([data-page="reading"], [data-page="sending"])');
    await reader.page.waitForFunction(
      (last) => !['reading', 'sending', 'pin', 'staff-put-card', last].includes(document.getElementById('screen').dataset.page),
      seen.at(-1) ?? '',
    );
    const id = await at.getAttribute('data-page');
    seen.push(id);
    if (id === 'notice') await press(reader, '確認しました');
    else if (id === 'consent') await press(reader, consent);
    else if (id === 'consent-items') await press(reader, 'これで決める');
    else if (id === 'prescription') await press(reader, '紙の処方箋');
    else return seen;
  }
}

function assertConsents(xml, wanted) {
  const flags = [...xml.matchAll(/<(\w+)ConsFlg>([^<]*)<\/\1ConsFlg>/g)].map(([, kind, flag]) => `${kind}=${flag}`)
    .filter((flag) => !flag.startsWith(NOT_ASKED));
  assert.ok(flags.length > 0, `no consent in ${xml}`);
  assert.ok(flags.every((flag) => flag.endsWith(`=${wanted}`)), flags.join(' '));
}

async function byPin(scene, display) {
  const before = await faceFiles(scene);
  await atReader(scene, display, async (reader) => {
    const { page } = reader;
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'マイナンバーカードを置いてください');
    await reader.screen.getByText('模擬カード').waitFor();
    await picture(scene, page, `visit-${display}-1-start`);
    await put(reader, HANAKO);
    await screenOf(reader, 'choose');
    await picture(scene, page, `visit-${display}-2-choose`);
    await press(reader, '暗証番号');
    await screenOf(reader, 'pin');
    await reader.screen.getByText('あと3回入力できます').waitFor();
    await type(reader, WRONG_PIN);
    await reader.screen.getByText('あと2回入力できます').waitFor();
    await picture(scene, page, `visit-${display}-3-pin-wrong`);
    await type(reader, PIN);
    const way = await throughConsent(reader);
    assert.ok(way.includes('consent'), way.join(' '));
    await screenOf(reader, 'result');
    await reader.screen.getByText('受付が終わりました').waitFor();
    await reader.screen.getByText('カードをお取りください').waitFor();
    await assertAccessible(page, `result ${display}`);
    await picture(scene, page, `visit-${display}-4-result`);
    await take(reader);
    await screenOf(reader, 'start');
    const left = await page.content();
    assert.ok(!left.includes('花子'), 'the patient is still on the page');
    const xml = await newFile(scene, before);
    assert.equal(valueOf(xml, 'QualificationValidity'), '1', xml);
    assertConsents(xml, AGREED);
  });
}

async function declined(scene) {
  const before = await faceFiles(scene);
  await atReader(scene, 'lying', async (reader) => {
    await put(reader, HANAKO);
    await screenOf(reader, 'choose');
    await press(reader, '暗証番号');
    await screenOf(reader, 'pin');
    await type(reader, PIN);
    await throughConsent(reader, { consent: '同意しない' });
    await screenOf(reader, 'result');
    await take(reader);
    await screenOf(reader, 'start');
    assertConsents(await newFile(scene, before), DECLINED);
  });
}

/** The procedure of 目視確認, in its order and words. */
async function byEye(scene) {
  const code = await passcode(scene);
  const before = await faceFiles(scene);
  await atReader(scene, 'lying', async (reader) => {
    const { page } = reader;
    await screenOf(reader, 'start');
    // ① 初期画面で職員用ボタンをクリックします。
    await press(reader, '職員用');
    await screenOf(reader, 'staff-passcode');
    // ② 目視確認用パスコードを入力します。
    assert.match(await page.getByRole('heading', { level: 1 }).innerText(), /目視確認用パスコードを\s*入力してください/);
    await assertAccessible(page, 'staff passcode');
    await type(reader, code);
    await page.getByRole('alert').getByText('職員の氏名を入力してください').waitFor();
    await picture(scene, page, 'eye-1-name-missing');
    await page.getByLabel('確認する職員の氏名').fill('受付　一郎');
    await type(reader, code);
    // ③ 券面写真と患者の顔を確認します。
    await screenOf(reader, 'staff-compare');
    await reader.screen.getByText('受付　一郎').waitFor();
    await assertAccessible(page, 'staff compare');
    await picture(scene, page, 'eye-2-compare');
    await press(reader, '本人と確認しました');
    // ④ カードを置きます。
    await screenOf(reader, 'staff-put-card');
    await picture(scene, page, 'eye-3-put-card');
    await put(reader, HANAKO);
    // 以降は通常どおりの同意画面にすすみ、完了します。
    const way = await throughConsent(reader);
    assert.ok(way.includes('consent'), way.join(' '));
    await reader.screen.getByText('受付が終わりました').waitFor();
    await picture(scene, page, 'eye-4-result');
    await take(reader);
    await screenOf(reader, 'start');
    const xml = await newFile(scene, before);
    assert.equal(valueOf(xml, 'QualificationValidity'), '1', xml);
  });
}

async function anotherPerson(scene) {
  const code = await passcode(scene);
  const before = await faceFiles(scene);
  await atReader(scene, 'lying', async (reader) => {
    await press(reader, '職員用');
    await screenOf(reader, 'staff-passcode');
    await reader.page.getByLabel('確認する職員の氏名').fill('受付　一郎');
    await type(reader, code);
    await screenOf(reader, 'staff-compare');
    await press(reader, '本人と確認できません');
    await screenOf(reader, 'trouble');
    await reader.screen.getByText('ご本人と確認できませんでした').waitFor();
    await picture(scene, reader.page, 'eye-different');
    assert.deepEqual(await faceFiles(scene), before, 'a file came of nobody');
    await press(reader, 'やめる');
    await screenOf(reader, 'start');
  });
}

async function takenAway(scene) {
  const before = await faceFiles(scene);
  await atReader(scene, 'upright', async (reader) => {
    await put(reader, HANAKO);
    await screenOf(reader, 'choose');
    await press(reader, '暗証番号');
    await screenOf(reader, 'pin');
    await take(reader);
    // The first page comes back by itself.
    await reader.page.locator('#screen:is([data-page="trouble"], [data-page="start"])').waitFor();
    await picture(scene, reader.page, 'taken-away');
    assert.deepEqual(await faceFiles(scene), before, 'a file came of a card that was gone');
    if (await reader.page.locator('#screen[data-page="trouble"]').count()) await press(reader, 'やめる');
    await screenOf(reader, 'start');
  });
}

export function tellVisits(scene, step) {
  step('with 暗証番号, one of them wrong, upright', () => byPin(scene, 'upright'));
  step('with 暗証番号, lying', () => byPin(scene, 'lying'));
  step('who declines is not asked twice, and the file says so', () => declined(scene));
  step('by 目視確認, in the order and words of the procedure', () => byEye(scene));
  step('staff say that it is another person', () => anotherPerson(scene));
  step('the card is taken away before the end', () => takenAway(scene));
}
