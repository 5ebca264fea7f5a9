// 資格確認結果 beside 有効: what each means and what is to be done now, in full words, so that a changed word is a
// decision; the results of a person whose 限度額 is asked for; a result that is too old; a check that is refused.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SCREENS, onPage } from '../../browser.js';
import { askByNumber } from '../demo/steps.js';
import { compared, fill, printed } from './counter.js';
import { heading, numbersOf } from './clinic.js';
import { assertDatesWhole } from './papers.js';

const run = promisify(execFile);
const DAY_MS = 24 * 60 * 60 * 1000;
/** Numbers that nobody has, until checks by number are held back: more than the rule of the guard. */
const GUESSES_MAX = 80;

/** What stands in for an answer, from the surest to what is left. */
const WITHOUT_COVERAGE = [
  'マイナンバーカードと、スマートフォンに表示したマイナポータルの資格情報画面（または保存したPDF）を見せてもらいます。',
  '画面がなければ、マイナンバーカードと「資格情報のお知らせ」、または資格確認書を見せてもらいます。',
  '再診の方でどれもないときは、前に確認した保険に変わりがないかを口頭で確かめ、その内容で受け付けます。',
  '初診の方でどれもないときは、被保険者資格申立書に書けるところまで書いてもらい、マイナンバーカードと見比べて受け付けます。申立書は請求が済むまで保管します。',
];
/** What is charged and claimed meanwhile. */
const CHARGE = [
  '窓口では通常の割合（3割、未就学は2割、70歳以上は本人の申し出による1～3割）でいただきます。10割をいただくことはありません。',
  '請求は、新しい番号が分かればその番号で、分からなければ前の番号で行います。どちらも分からなければ番号の欄をすべて「7」で埋め、摘要欄に住所と連絡先を書きます。',
];

/** Each person of the demo whose number leads to it; `shows`: whether the page shows a coverage. */
const RESULTS = [
  {
    person: 'lost', name: '退職　次郎', caption: '無効', tone: 'stop', icon: '✕', word: '無効', shows: true, charge: CHARGE,
    now: '資格確認日に、この資格は使えません。受診は断らず、下の順に確かめてください。',
    says: ['資格喪失年月日', '資格喪失事由'],
    steps: [
      '資格喪失の日と事由を見ます。喪失の日より前の受診であれば、資格確認日をその日にして確認し直します。',
      '就職・退職・転居などで保険が変わっていないかを患者さんに聞き、新しい保険が分かればその番号で確認し直します。届け出てまもない資格は、まだ登録されていないことがあります。',
      'マイナンバーカードがあれば、カードリーダーで確認します。新しい資格が登録されていれば、そのまま分かります。',
      ...WITHOUT_COVERAGE,
    ],
  },
  {
    person: 'job-change', name: '転職　美恵', caption: '無効（新しい資格あり）', tone: 'care', icon: '!', word: '無効（新しい資格あり）', shows: true, charge: CHARGE,
    now: 'この資格は終わり、新しい資格があります。新しい資格で確認し直してください。',
    says: ['資格喪失年月日'],
    steps: [
      'マイナンバーカードがあれば、カードリーダーで確認します。新しい資格がそのまま分かります。',
      'カードがなければ、新しい資格確認書や「資格情報のお知らせ」を見せてもらい、その番号で確認し直します。',
      'どちらもなければ、新しい保険の名前と勤め先などを聞き、被保険者資格申立書に書いてもらって受け付けます。',
    ],
  },
  {
    person: 'no-match', name: '未届　四郎', caption: '該当資格なし（登録前の人）', tone: 'stop', icon: '?', word: '該当資格なし', shows: false, charge: CHARGE,
    now: '入力した内容に当てはまる資格が見つかりません。まず入力を見直してください。',
    says: ['入力した内容'],
    steps: [
      '入力を券面と見比べます。間違いの多いのは、記号と番号の区切り、3と8や1と7、生年月日の元号です。記号のない証では記号を空けます。',
      '枝番を入れていれば、空けて確認し直します。枝番がまだ登録されていないことがあります。',
      '合っていれば、まだ登録されていない資格かもしれません。事業主の届け出と保険者の登録にはそれぞれ5日ほどかかります。後日もう一度確認します。',
      ...WITHOUT_COVERAGE,
    ],
  },
  {
    person: 'twin-a', name: '双子　一葉', caption: '複数該当', tone: 'care', icon: '!', word: '複数該当', shows: false, charge: [],
    now: '当てはまる人が1人に決まりません。枝番を入力して確認し直してください。',
    says: ['入力した内容'],
    steps: [
      '券面の枝番（2桁）を入力して、もう一度確認します。',
      '券面に枝番がなければ、マイナンバーカードを使ってカードリーダーで確認します。',
      'どちらもできなければ、保険者に枝番を問い合わせます。',
    ],
  },
  {
    person: 'assistance-no-ticket', name: '無券　五月', caption: '有効（未登録）', tone: 'care', icon: '✓', word: '有効（未登録）', shows: true, charge: [],
    now: '医療扶助の資格はありますが、この医療機関の医療券・調剤券がまだ登録されていません。',
    says: ['医療扶助', '福祉事務所名'],
    steps: [
      '医療扶助の資格は有効です。受診を断る理由にはなりません。',
      '月の前半は、福祉事務所が医療券・調剤券をまだ登録していないことがあります。多くは20日ごろまでに登録されます。',
      'その月の初めての受診であれば、患者さんが福祉事務所に連絡してあるかを聞きます（急病のときは後からで構いません）。',
      '登録されたころに確認し直します。急ぐときは、表示された福祉事務所に問い合わせます。',
    ],
  },
];

/** What somebody of the demo would have on paper: out of the answer that the receipt computer got about them. */
async function onPaper({ browser, landing }, { person, name }) {
  let asked = '';
  await onPage({ browser }, SCREENS.desk, async (page) => {
    await page.goto(landing);
    await askByNumber(page, { person, name });
    const xml = await page.locator('section', { has: page.getByRole('heading', { name: 'レセコンに届いた XML' }) }).locator('pre').textContent();
    asked = xml.match(/<QualificationConfirmSearchInfo>.*?<\/QualificationConfirmSearchInfo>/s)?.[0] ?? '';
    assert.ok(asked, xml);
  });
  return numbersOf(asked);
}

async function assertResult(page, line) {
  const band = page.locator('.band');
  assert.deepEqual((await band.getAttribute('class')).split(' '), ['band', line.tone], line.person);
  assert.equal(await band.locator('.mark').innerText(), line.icon);
  assert.equal(await band.locator('.word').innerText(), line.word);
  assert.equal(await band.locator('.next').innerText(), line.now);
  const listed = (title, items) => page.getByRole('heading', { level: 2, name: title, exact: true }).locator('xpath=following-sibling::*[1]').locator(items).allInnerTexts();
  assert.deepEqual(await listed('次に行うこと', 'li'), line.steps, line.person);
  if (line.charge.length > 0) assert.deepEqual(await listed('窓口での負担と請求', 'li'), line.charge, line.person);
  else assert.equal(await page.getByRole('heading', { level: 2, name: '窓口での負担と請求' }).count(), 0, line.person);
  const said = await page.locator('main').innerText();
  for (const words of line.says) assert.ok(said.includes(words), `${line.person}: ${words}\n${said}`);
  assert.equal((await page.getByRole('heading', { level: 2, name: /^(資格情報|医療扶助)$/ }).count()) > 0, line.shows, line.person);
}

/** Each result that is not plainly 有効, on the screen and on paper. */
export async function meetResults({ clinic, page, look, pictures }) {
  for (const line of RESULTS) {
    const paper = await onPaper(clinic, line);
    await clinic.go(page, '資格確認', '資格確認(被保険者証等)');
    await fill(clinic, page, paper);
    await clinic.press(page, '検索');
    await compared(clinic, page);
    await assertResult(page, line);
    const next = page.getByRole('link', { name: line.shows ? '次の患者さんを確認する' : '入力を直して確認し直す', exact: true });
    await look(page, { row: 'T06', name: `result-${line.person}`, caption: `資格確認結果（${line.caption}）`, button: next });
    const result = page.url();
    await clinic.hand.press(page.getByRole('link', { name: '印刷', exact: true }));
    await page.locator('body.sheet-a4').waitFor();
    assert.equal(await page.locator('.band .word').innerText(), line.word);
    assert.deepEqual(await page.locator('ol.guide li').allInnerTexts(), line.steps, `${line.person} on paper`);
    await assertDatesWhole(page);
    if (clinic.javaScript) await printed(page, pictures);
    await page.goto(result);
    await clinic.hand.press(next);
    await heading(page, '資格確認(被保険者証等)').waitFor();
    // What was typed is there to be corrected, and nothing of the patient before.
    assert.equal((await page.locator('#insured_number').inputValue()).normalize('NFKC'), line.shows ? '' : paper.insured_number.normalize('NFKC'));
  }
}

/** 限度額: a person who has none of the certificates, and a check that was not allowed to look. */
export async function meetCeilings({ clinic, page, look }) {
  const nobody = await onPaper(clinic, { person: 'job-change', name: '転職　美恵' });
  const patient = await clinic.patient();
  for (const [name, paper, agreed, caption, said] of [
    ['ceiling-none', nobody, true, '限度額：認定証なし', /限度額適用認定証[^]*該当する認定証はありません/],
    ['ceiling-not-asked', patient, false, '限度額：同意なし', /限度額適用認定証[^]*提供の同意がないため、確認していません/],
  ]) {
    await clinic.go(page, '資格確認', '資格確認(被保険者証等)');
    await fill(clinic, page, paper);
    if (agreed) await clinic.hand.choose(page.getByRole('checkbox', { name: /限度額適用認定証提供同意/ }));
    await clinic.press(page, '検索');
    await compared(clinic, page);
    assert.match(await page.locator('main').innerText(), said);
    await look(page, { row: 'T06', name: `result-${name}`, caption: `資格確認結果（${caption}）` });
  }
}

/** A day goes by for this check: what is kept of it is a day older. */
async function aDayGoesBy(demo, request) {
  assert.match(request, /^web-[0-9a-f]{32}$/);
  const aged = `UPDATE verification SET recorded_at = recorded_at - ${DAY_MS} WHERE request_id = '${request}'`;
  if (demo.database) return run('psql', [demo.database, '--quiet', '--no-psqlrc', '--command', aged]);
  const script = 'import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=30) as db:\n    assert db.execute(sys.argv[2]).rowcount == 1';
  return run('python3', ['-c', script, join(demo.data, 'shikaku.db'), aged]);
}

/** A result is shown for a day; afterwards the page leads to another check. */
export async function comeTooLate({ clinic, demo, page, look }, result) {
  await page.goto(result);
  await page.locator('.band .word').waitFor();
  await aDayGoesBy(demo, new URL(result).pathname.split('/').at(-1));
  const answer = await page.goto(result);
  assert.equal(answer.status(), 410, result);
  await page.getByRole('heading', { name: 'この結果を表示できる時間を過ぎました', exact: true }).waitFor();
  const again = page.getByRole('link', { name: 'もう一度確認する', exact: true });
  await look(page, { row: 'T06', name: 'result-over', caption: '資格確認結果（表示できる時間の後）', button: again });
  const help = await page.request.get(`${clinic.door}${await page.getByRole('link', { name: 'この画面の説明', exact: true }).getAttribute('href')}`);
  assert.equal(help.status(), 200);
  await clinic.hand.press(again);
  await heading(page, '資格確認(被保険者証等)').waitFor();
}

/** Whoever tries number after number is held back, and told for how long and what to do. The telling's last check. */
export async function beHeldBack({ clinic, page, look }) {
  const patient = await clinic.patient();
  const search = async (insured_number) => {
    await clinic.go(page, '資格確認', '資格確認(被保険者証等)');
    await fill(clinic, page, { ...patient, insured_number, branch_number: '' });
    await clinic.press(page, '検索');
    const as_is = page.getByRole('checkbox', { name: '券面と見比べました。入力した保険者番号のまま確認します' });
    await as_is.or(page.locator('.band .word')).or(heading(page, '資格確認ができませんでした')).first().waitFor();
    if (!(await as_is.isVisible())) return;
    await clinic.hand.choose(as_is);
    await clinic.press(page, '検索');
    await page.locator('.band .word').or(heading(page, '資格確認ができませんでした')).first().waitFor();
  };
  await search('8800000');
  assert.equal(await page.locator('.band .word').innerText(), '該当資格なし');
  // The same form with other numbers, as a program would guess.
  await clinic.go(page, '資格確認', '資格確認(被保険者証等)');
  for (let guess = 0, held = false; !held; guess += 1) {
    assert.ok(guess < GUESSES_MAX, 'nobody was held back');
    const form = {
      ...patient, form_id: randomUUID().replaceAll('-', ''), insurer_number_as_is: 'on', as_of: '',
      insured_number: `88${String(guess).padStart(5, '0')}`, branch_number: '',
    };
    const answer = await page.request.post(`${clinic.door}/eligibility/number`, { form, headers: { Origin: clinic.door }, maxRedirects: 0 });
    held = answer.status() === 429;
    assert.ok(held || answer.status() === 303, `${answer.status()} ${await answer.text()}`);
  }
  await search(patient.insured_number);
  await heading(page, '資格確認ができませんでした').waitFor();
  const said = await page.locator('main').innerText();
  for (const words of ['OQSB1003W', '窓口で行うこと', '保守事業者が行うこと', 'もう一度お試しください']) assert.ok(said.includes(words), `${words}\n${said}`);
  const back = page.getByRole('link', { name: '入力の画面へ戻る', exact: true });
  await look(page, { row: 'T05', name: 'check-refused', caption: '資格確認ができませんでした', button: back });
  await clinic.hand.press(back);
  await heading(page, '資格確認(被保険者証等)').waitFor();
}
