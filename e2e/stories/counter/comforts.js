// Who reads another language, sees badly, sits, needs help, or is slow.

import assert from 'node:assert/strict';
import { assertAccessible } from '../../access.js';
import { picture } from '../../browser.js';
import { atReader, press, screenOf } from './reader.js';

const LANGUAGES = [
  ['やさしい にほんご', 'マイナンバーカードを おいてください'],
  ['English', 'Please put your My Number Card on the reader'],
  ['简体中文', '请放置个人编号卡（My Number Card）'],
  ['한국어', '마이넘버 카드를 올려 주세요'],
  ['Tiếng Việt', 'Xin đặt thẻ My Number lên máy đọc'],
  ['Português', 'Coloque o cartão My Number no leitor'],
];

async function languages(scene) {
  await atReader(scene, 'upright', async (reader) => {
    const { page } = reader;
    await screenOf(reader, 'start');
    for (const [name, title] of [...LANGUAGES, ['日本語', 'マイナンバーカードを置いてください']]) {
      await page.getByRole('button', { name: /Language/ }).click();
      await page.locator('#languages').waitFor({ state: 'visible' });
      await assertAccessible(page, `choice of language before ${name}`);
      await page.locator('#languages').getByRole('button', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
    }
    await page.getByRole('button', { name: /Language/ }).click();
    await picture(scene, page, 'languages');
  });
}

async function comforts(scene) {
  await atReader(scene, 'lying', async (reader) => {
    const { page } = reader;
    for (const [label, mark] of [['くっきり表示', 'contrast'], ['座って使う', 'seated'], ['音声を流す', 'voice']]) {
      await page.getByRole('button', { name: '声と見やすさ' }).click();
      await page.locator('#comfort').waitFor({ state: 'visible' });
      await assertAccessible(page, label);
      await press(reader, label);
      await page.locator(`#screen[data-${mark}]`).waitFor();
    }
    await picture(scene, page, 'comforts-all');
    await assertAccessible(page, 'high contrast, seated');
    for (const label of ['ふつうの表示', '立って使う', '音声を止める']) {
      await page.getByRole('button', { name: '声と見やすさ' }).click();
      await press(reader, label);
    }
    await page.locator('#screen:not([data-contrast], [data-seated], [data-voice])').waitFor();
  });
}

async function help(scene) {
  await atReader(scene, 'upright', async (reader) => {
    const { page } = reader;
    await press(reader, '係員を呼ぶ');
    await page.getByRole('status').getByText('係員を呼んでいます').waitFor();
    await assertAccessible(page, 'help called');
    await picture(scene, page, 'help');
    await press(reader, '閉じる');
    await reader.screen.getByText('係員を呼んでいます').waitFor({ state: 'detached' });
  });
}

/** Every sentence of a screen is said, in the order of reading; what is heard is a recording. */
async function voice(scene) {
  await atReader(scene, 'upright', async (reader) => {
    const { page } = reader;
    const asked = [];
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith('/voice/') && response.ok()) asked.push(pathname);
    });
    await page.getByRole('button', { name: '声と見やすさ' }).click();
    await press(reader, '音声を流す');
    await page.locator('#screen[data-voice="ja"]').waitFor();
    const wanted = ['/voice/ja/start_title.wav', '/voice/ja/start_lead.wav'];
    for (let left = 100; !wanted.every((one) => asked.includes(one)) && left > 0; left -= 1) await page.waitForTimeout(200);
    assert.deepEqual([...new Set(asked)], wanted);
    const seconds = await page.evaluate(async () => {
      const sound = new Audio('/voice/ja/start_title.wav');
      await new Promise((resolve, reject) => {
        sound.addEventListener('loadedmetadata', resolve);
        sound.addEventListener('error', () => reject(new Error('not a sound')));
      });
      return sound.duration;
    });
    assert.ok(seconds > 1 && seconds < 10, `${seconds} s`);
    const outside = await page.evaluate(async () => (await fetch('/voice/ja/..%2Fvoices.json')).status);
    assert.equal(outside, 404);
    await page.getByRole('button', { name: '声と見やすさ' }).click();
    await press(reader, '音声を止める');
    await page.locator('#screen:not([data-voice])').waitFor();
  });
}

/** A passcode that is not typed in time: the page asks first, gives more time, and ends by itself. */
async function slow(scene) {
  await atReader(scene, 'upright', async (reader) => {
    const { page } = reader;
    page.setDefaultTimeout(120_000);
    await press(reader, '職員用');
    await screenOf(reader, 'staff-passcode');
    const hurry = page.getByRole('alertdialog', { name: 'もう少し時間がいりますか' });
    await hurry.waitFor();
    await assertAccessible(page, 'time is nearly over');
    await picture(scene, page, 'hurry');
    const left = async () => Number((await hurry.locator('[data-countdown]').innerText()).match(/\d+/)[0]);
    const first = await left();
    await page.waitForTimeout(2_500);
    assert.ok((await left()) < first, 'the seconds stand still');
    await press(reader, '時間を延ばす');
    await hurry.waitFor({ state: 'detached' });
    await screenOf(reader, 'staff-passcode');
    await press(reader, 'やめる');
    await screenOf(reader, 'start');
  });
}

export function tellComforts(scene, step) {
  step('the first screen in seven languages', () => languages(scene));
  step('high contrast, seated, with a voice, and back', () => comforts(scene));
  step('the screen is said as it is written', () => voice(scene));
  step('somebody calls staff', () => help(scene));
  step('somebody needs more time', () => slow(scene));
}
