// Where a network lets no WebSocket through, the wall lives on server-sent events: live, and missing nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, launch, photograph, t } from './harness/browser.mjs';
import { openWall, row, sendReport } from './harness/people.mjs';
import { BlockingProxy } from './harness/proxy.mjs';
import { Server } from './harness/server.mjs';

let server;
let proxy;
let browser;

before(async () => {
  server = await Server.start();
  proxy = await BlockingProxy.before(server.port);
  browser = await launch();
});

after(async () => {
  // Chromium tells of each WebSocket that was refused, and of the stream that was cut.
  browser?.forgive(/WebSocket connection|ERR_INCOMPLETE_CHUNKED_ENCODING/);
  await finish(browser, server);
  await proxy?.finish();
});

test('a wall behind a proxy without WebSocket is live, shows a new report, and misses nothing over a cut', async () => {
  const { towns } = await server.region();
  const [town] = towns;
  const wall = await browser.page('desk');
  const address = await server.wallAddress(town.code);
  await sendReport(server, { words: '始まる前の通報', ...town.label });

  await openWall(wall, address.replace(server.url, proxy.url));
  assert.equal(proxy.refused, 2, 'WebSocket is tried twice before the other way');
  await wall.getByTitle(t('link.over_events')).waitFor();
  await row(wall, '始まる前の通報').waitFor();
  await sendReport(server, { words: 'つながった後の通報', ...town.label });
  await row(wall, 'つながった後の通報').waitFor();
  await photograph(wall, 'wall-on-events');

  assert.equal(proxy.cut(), 1, 'one stream');
  await sendReport(server, { words: '切れた間の通報', ...town.label });
  await row(wall, '切れた間の通報').waitFor();
  await wall.getByText(t('link.live'), { exact: true }).first().waitFor();
  assert.equal(await wall.locator('#newest > li').count(), 3, 'each once');
});
