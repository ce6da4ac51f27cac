// What /evacuate must not claim: a drill's damage as real, anything about ground of which nobody asked, the zones of the
// last place at the next; and what a phone shows while only a proxy answers in the place of the node.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, photograph, t } from './harness/browser.mjs';
import { administrator, offers, sendReport, standAt } from './harness/people.mjs';
import { ProxyBefore } from './harness/proxy.mjs';
import { Server } from './harness/server.mjs';

let server;
let browser;
let town;
let shelters;

before(async () => {
  server = await Server.start();
  browser = await launch();
  ({
    towns: [town],
  } = await server.region());
  ({ shelters } = await (await fetch(`${server.url}/api/shelters`)).json());
});

after(async () => {
  await finish(browser, server);
});

test("a drill's broken roads stand in nobody's way, and real ones do", async () => {
  const at = town.label;
  const page = await browser.page('phone');
  await page.goto(`${server.url}/evacuate`);
  await standAt(page, at);
  const first = offers(page).first();
  await first.getByText(t('evacuate.between.none')).waitFor();
  const name = await first.getByRole('heading').textContent();
  const { position } = shelters.find((shelter) => shelter.name === name);
  const way = { lat: (at.lat + position.lat) / 2, lon: (at.lon + position.lon) / 2 };

  const chief = await administrator(server, town);
  const drill = await chief('/api/operations', { kind: 'drill', name: '総合防災訓練' });
  await sendReport(server, { words: '訓練: 道がふさがれている', ...way, operation: drill.id });
  const answer = page.waitForResponse('**/api/incidents?**');
  await page.reload();
  await standAt(page, at);
  await answer;
  await first.getByText(t('evacuate.between.none')).waitFor();
  await first.getByRole('heading', { name }).waitFor();

  await sendReport(server, { words: '道がふさがれている', ...way });
  await page.reload();
  await standAt(page, at);
  await first.getByText(t('evacuate.between.damage', { n: 1 })).waitFor();
  await page.context().close();
});

test('of a way that leaves the ground that was asked about it is said that nobody knows', async () => {
  const west = shelters.reduce((a, b) => (a.position.lon < b.position.lon ? a : b)).position;
  const page = await browser.page('phone');
  await page.goto(`${server.url}/evacuate`);
  await standAt(page, { lat: west.lat, lon: west.lon - 0.12 });
  const first = offers(page).first();
  await first.getByText(t('evacuate.between.zones_unknown')).waitFor();
  // All that is open and real was told: so much is known.
  await first.getByText(t('evacuate.between.none')).waitFor();
  await isAccessible(page, 'evacuate with a way that nobody knows');
  await first.scrollIntoViewIfNeeded();
  await photograph(page, 'evacuate-unknown-way');
  // Near by the ground is known.
  await standAt(page, { lat: west.lat, lon: west.lon - 0.01 });
  await first.getByText(t('evacuate.between.zones_unknown')).waitFor({ state: 'detached' });
  await first.getByText(t('evacuate.between.none')).waitFor();
  await page.context().close();
});

test('while only a proxy answers, a phone shows what it kept; and after an upgrade it has the new files alone', async () => {
  const proxy = await ProxyBefore.before(server.port);
  const page = await browser.page('phone');
  await page.goto(`${proxy.url}/evacuate`);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await standAt(page, town.label);
  await offers(page).first().waitFor();
  const name = await offers(page).first().getByRole('heading').textContent();

  const stands = async (shot) => {
    const answer = await page.reload();
    assert.equal(answer.status(), 200);
    await page.getByRole('heading', { name: t('evacuate.title') }).waitFor();
    await standAt(page, town.label);
    await offers(page).first().getByRole('heading', { name }).waitFor();
    await page.getByText(t('evacuate.offline')).waitFor();
    await page.evaluate(() => document.getElementById('here-title').scrollIntoView());
    await photograph(page, shot);
  };
  proxy.down = true;
  await stands('evacuate-502');
  await isAccessible(page, 'evacuate behind a proxy without a node');

  // The upgrade: another worker, which keeps under another name.
  proxy.down = false;
  const DATA = 'sokuho-evacuate-data';
  const names = () => page.evaluate(() => caches.keys());
  const [before, ...more] = (await names()).filter((name) => name !== DATA);
  assert.deepEqual(more, []);
  const after = 'sokuho-evacuate-0123456789abcdef';
  proxy.changes.set('/evacuate-worker.js', (text) => text.replace(before, after));
  await page.reload();
  await page.evaluate(async () => {
    const all = await (await navigator.serviceWorker.ready).update();
    const worker = all.installing ?? all.waiting ?? all.active;
    while (worker.state !== 'activated') {
      await new Promise((changed) => worker.addEventListener('statechange', changed, { once: true }));
    }
  });
  assert.deepEqual((await names()).sort(), [after, DATA]);
  proxy.down = true;
  await stands('evacuate-502-upgraded');

  await page.context().close();
  await proxy.finish();
  browser.forgive(/502|Failed to load resource/);
});

test('while the zones of the next place are on their way those of the last say nothing of it', async () => {
  const proxy = await ProxyBefore.before(server.port);
  const page = await browser.page('phone');
  await page.goto(`${proxy.url}/evacuate`);
  await standAt(page, town.label);
  await offers(page).first().waitFor();
  await page.getByText(t('evacuate.zones.squares')).waitFor();
  proxy.holds = /^\/api\/hazard/;
  await standAt(page, { lat: town.label.lat, lon: town.label.lon + 0.2 });
  await page.getByText(t('evacuate.zones.squares')).waitFor({ state: 'detached' });
  assert.equal(await page.getByText(t('evacuate.zones.none')).count(), 0);
  await page.getByText(t('evacuate.zones.unknown')).waitFor();
  await offers(page).first().getByText(t('evacuate.between.zones_unknown')).waitFor();
  await page.evaluate(() => document.getElementById('here-title').scrollIntoView());
  await photograph(page, 'evacuate-zones-late');
  await page.context().close();
  await proxy.finish();
});
