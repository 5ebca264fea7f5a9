// Other pages in the same browser cannot press the demo's buttons, nor read it under another name.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { assertAccessible } from '../../access.js';
import { FOREIGN_NAME, SCREENS, onPage, picture } from '../../browser.js';

/** Serves one page with a form to the demo, from another port: another origin. */
async function withForeignPage(action, tale) {
  const page = `<!doctype html><form method="post" action="${action}">
    <input name="persona" value="hanako"><input name="ask" value="1"><button>press me</button></form>`;
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await tale(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const pressed = async (page) => {
  const answer = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: 'press me' }).click();
  return (await answer).status();
};

export function tellForeignPages(scene, step) {
  const { about, address } = scene.demo;
  step('a form of another page is refused and asks nothing', () =>
    withForeignPage(`http://${address}/checks/number`, (foreign) =>
      onPage(scene, SCREENS.desk, async (page) => {
        const answers = () => readdir(join(about.drop, 'res'));
        const before = await answers();
        await page.goto(foreign);
        assert.equal(await pressed(page), 403);
        assert.deepEqual(await answers(), before);
      })));

  step('under another name nothing is shown', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      const { port } = new URL(about.landing_page);
      const answer = await page.goto(`http://${FOREIGN_NAME}:${port}/`);
      assert.equal(answer.status(), 421);
      assert.ok(!(await page.content()).includes('hanako'));
    }));

  step('a page that is not there says so and leads back', () =>
    onPage(scene, SCREENS.desk, async (page) => {
      for (const path of ['/results/999999', '/nowhere']) {
        const answer = await page.goto(`http://${address}${path}`);
        assert.equal(answer.status(), 404);
        assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'ページがありません');
      }
      await assertAccessible(page, 'not found');
      await picture(scene, page, 'not-found');
      await page.getByRole('link', { name: '← はじめに戻る' }).click();
      assert.equal(new URL(page.url()).pathname, '/');
    }));
}
