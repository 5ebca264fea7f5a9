// The pictures of a day with their captions, as pages for the manual; and what every screen of the day must meet.

import assert from 'node:assert/strict';
import { copyFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asItWas, assertAccessible, assertNoSidewaysScroll, assertNothingCutOff, assertTabReachesEverything } from '../../access.js';
import { SCREENS } from '../../browser.js';
import { reach } from '../../hands.js';

/** The screen of the desk at 200 %: half the room. */
async function atTwoHundredPercent(page, tale) {
  const { width, height } = SCREENS.zoomed;
  await page.setViewportSize({ width, height });
  await tale();
  await page.setViewportSize({ width: SCREENS.desk.width, height: SCREENS.desk.height });
}

/** Bytes of a picture that is kept at most: the program carries those of the manual. */
const KEPT_BYTES_MAX = 150_000;

/** Pictures with captions, in the order of the day. */
export class Album {
  #folder;
  #title;
  #chapters;
  #pictures = [];

  /** `chapters`: what a clinic calls the rows that the stories count by. */
  constructor(folder, title, chapters) {
    this.#folder = folder;
    this.#title = title;
    this.#chapters = chapters;
  }

  /** What stands under a picture: the chapter, then what is seen. */
  #words(row, caption) {
    const chapter = this.#chapters[row];
    assert.ok(chapter, `the row ${row} has no words for a clinic`);
    return `${chapter}　${caption}`;
  }

  /** Looks at a screen as everybody would: axe, 200 %, every control by Tab, the keyboard to its button; keeps a picture. */
  async look(page, { row, name, caption, button }) {
    const file = `${String(this.#pictures.length + 1).padStart(2, '0')}-${name}.png`;
    await page.screenshot({ path: join(this.#folder, file), fullPage: true, animations: 'disabled' });
    this.#pictures.push({ file, words: this.#words(row, caption) });
    await assertAccessible(page, name);
    await atTwoHundredPercent(page, async () => {
      await assertNoSidewaysScroll(page, `${name} at 200 %`);
      await assertNothingCutOff(page, `${name} at 200 %`);
    });
    await asItWas(page, () => assertTabReachesEverything(page, name));
    if (button) await reach(button);
  }

  /** Copies the pictures of these names to where the manual has its own, in the place of all that lie there; `version`
   * is that of the program they show. Call it when all of the day was told: a name without a picture fails. */
  async keep(folder, names, version) {
    const found = names.map((name) => [name, this.#pictures.find(({ file }) => file.slice(3) === `${name}.png`)?.file]);
    for (const [name, file] of found) {
      assert.ok(file, `no picture ${name} was taken`);
      const { size } = await stat(join(this.#folder, file));
      assert.ok(size < KEPT_BYTES_MAX, `${name} has ${size} bytes, which is too many to be kept`);
    }
    for (const old of await readdir(folder)) if (old.endsWith('.png')) await rm(join(folder, old));
    for (const [name, file] of found) await copyFile(join(this.#folder, file), join(folder, `${name}.png`));
    await writeFile(join(folder, 'version.txt'), `${version}\n`);
  }

  /** index.md and index.html beside the pictures. */
  async write() {
    const title = this.#title;
    const lines = this.#pictures.map(({ file, words }) => `## ${words}\n\n![${words}](${file})\n`);
    await writeFile(join(this.#folder, 'index.md'), `# ${title}\n\n${lines.join('\n')}`);
    const figures = this.#pictures.map(
      ({ file, words }) => `<figure><figcaption>${words}</figcaption><img src="${file}" alt="${words}" loading="lazy"></figure>`,
    );
    const style = 'body{font-family:"BIZ UDPGothic",sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}img{width:100%;border:1px solid #767676}figure{margin:2rem 0}figcaption{font-weight:700;padding:.5rem 0}';
    const html = `<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>${title}</title><style>${style}</style></head><body><h1>${title}</h1>${figures.join('\n')}</body></html>\n`;
    await writeFile(join(this.#folder, 'index.html'), html);
  }
}
