// A wall keeps itself alive: the server goes away and comes back, and the wall says so and misses nothing.

import { after, before, test } from 'node:test';
import { finish, launch, t } from './harness/browser.mjs';
import { drawnPhoto, openWall, residentReports, row } from './harness/people.mjs';
import { Server } from './harness/server.mjs';

let server;
let browser;

before(async () => {
  server = await Server.start();
  browser = await launch();
});

after(async () => {
  // While the server is down, a page that knocks cannot but fail.
  browser.forgive(/ERR_CONNECTION_REFUSED|WebSocket connection|Failed to load resource/);
  await finish(browser, server);
});

test('a wall says that it is not live while the server is away, comes back by itself, and misses nothing', async () => {
  const { towns } = await server.region();
  const wall = await browser.page('desk');
  await openWall(wall, await server.wallAddress(towns[0].code));
  const phone = await browser.page('phone');
  const photo = drawnPhoto(towns[0].label);
  await residentReports(phone, server, { photo, category: 'street_light', words: '停止の前' });
  await row(wall, '停止の前').waitFor();

  await server.stop();
  await wall.getByText(t('link.not_live')).first().waitFor();

  await server.startAgain();
  await residentReports(phone, server, { photo, category: 'water_leak', words: '停止の後' });
  await row(wall, '停止の後').waitFor();
  await row(wall, '停止の前').waitFor();
  await wall.getByText(t('link.not_live')).first().waitFor({ state: 'hidden' });
});

test('what the map could not fetch while the server was away is fetched once it is back', async () => {
  const { towns } = await server.region();
  const wall = await browser.page('desk');
  const tiles = /\/tiles\/hazard-[^/]+(\.json|\/\d+\/\d+\/\d+)/;
  await wall.route(tiles, (route) => route.abort('connectionrefused'));
  const refused = wall.waitForEvent('requestfailed', (request) => tiles.test(request.url()));
  await openWall(wall, await server.wallAddress(towns[0].code));
  await refused;

  const tile = wall.waitForResponse((response) => /\/tiles\/hazard-[^/]+\/\d+\//.test(response.url()) && response.ok());
  await wall.unroute(tiles);
  await tile;
});

test('a wall whose token was revoked goes dark and says why', async () => {
  const { towns } = await server.region();
  const wall = await browser.page('desk');
  const address = await server.wallAddress(towns[1].code);
  await openWall(wall, address);
  const listed = server.command(['token', 'list']).split('\n');
  const id = listed.find((line) => line.includes(`  ${towns[1].code}  `)).split(' ')[0];

  server.command(['token', 'revoke', id]);

  await wall.getByText(t('link.stopped.token_revoked')).waitFor();
  await wall.getByLabel(t('wall.token.field')).waitFor();
});
