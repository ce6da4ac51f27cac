// The API's own pages, from the binary alone: nothing is fetched from elsewhere, nothing is blocked.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, launch, photograph } from './harness/browser.mjs';
import { Server } from './harness/server.mjs';

let server;
let browser;

before(async () => {
  server = await Server.start();
  browser = await launch();
});

after(async () => {
  await finish(browser, server);
});

test('the pages of the API open offline under our content security policy and show every door', async () => {
  const document = await (await fetch(`${server.url}/api/openapi.json`)).json();
  const doors = Object.values(document.paths).flatMap(Object.keys).length;
  const page = await browser.page('desk');
  const answer = await page.goto(`${server.url}/api/docs`);
  const policy = answer.headers()['content-security-policy'];
  assert.match(policy, /default-src 'self'/);

  await page.getByRole('heading', { name: document.info.title }).waitFor();
  const shown = page.locator('.opblock');
  await shown.nth(doors - 1).waitFor();
  assert.equal(await shown.count(), doors);
  await page.locator('.opblock-summary-path[data-path="/api/reports"]').click();
  await page.locator('.opblock.is-open').getByText('danger_to_life').first().waitFor();
  await photograph(page, 'docs');
  browser.isUntroubled();
});
