// The map without any map file: its base, its layers, the same as a table and on paper.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, photograph, t } from './harness/browser.mjs';
import { openWall, signIn } from './harness/people.mjs';
import { beside, Server } from './harness/server.mjs';

let server;
let browser;
let town;
let operator;

before(async () => {
  server = await Server.start();
  browser = await launch();
  [town] = (await server.region()).towns;
  operator = await server.account('suzuki', '鈴木 一郎', town.code, 'operator');
  const night = ['--url', server.url, '--data', server.data, '--speed', '300', '--once'];
  execFileSync(beside('demo'), night, { stdio: 'ignore' });
});

after(async () => {
  await finish(browser, server);
});

async function desk() {
  const page = await browser.page('desk');
  await signIn(page, `${server.url}/console`, operator);
  await page.locator('[data-drawn]').waitFor();
  return page;
}

test('a node without map files draws a base map, says that it is a sketch and who drew it', async () => {
  const page = await browser.page('desk');
  await openWall(page, await server.wallAddress(town.code));
  await page.locator('[data-drawn]').waitFor();
  const map = page.getByRole('region', { name: t('map.title'), exact: true });
  await map.getByText(t('map.sketch'), { exact: true }).waitFor();
  const { attribution, features } = await (await fetch(`${server.url}/api/base`)).json();
  assert.ok(features.features.length > 100);
  await map.getByText(attribution).waitFor();
  for (const key of ['map.base.water', 'map.base.railway', 'map.base.expressway']) {
    await map.getByText(t(key), { exact: true }).waitFor();
  }
  // From so far no national road is drawn, and the legend explains none; nearer by it does.
  const road = map.getByText(t('map.base.road'), { exact: true });
  assert.equal(await road.count(), 0);
  for (let nearer = 0; nearer < 2; nearer += 1) {
    await map.getByRole('button', { name: t('map.zoom_in') }).click();
    await page.locator('[data-drawn]').waitFor();
  }
  await road.waitFor();
  await photograph(page, 'wall-base');
  browser.isUntroubled();
  await page.context().close();
});

test('which layers are shown is chosen by keyboard and remembered', async () => {
  const page = await desk();
  const button = page.getByRole('button', { name: t('map.layers') });
  await button.focus();
  await page.keyboard.press('Enter');
  const base = page.getByRole('checkbox', { name: t('map.layers.base') });
  assert.equal(await base.isChecked(), true);
  await base.focus();
  await page.keyboard.press('Space');
  await isAccessible(page, 'the layer switch');
  await photograph(page, 'layers');
  await page.keyboard.press('Escape');
  assert.equal(await button.evaluate((element) => element === document.activeElement), true);
  await page.getByText(t('map.base.railway'), { exact: true }).waitFor({ state: 'detached' });
  await page.reload();
  await page.locator('[data-drawn]').waitFor();
  await button.click();
  assert.equal(await base.isChecked(), false);
  browser.isUntroubled();
  await page.context().close();
});

test('the table says what the map says, and is sorted by its head', async () => {
  const page = await desk();
  await page.getByRole('button', { name: t('table.show') }).click();
  const table = page.getByRole('table', { name: t('table.caption') });
  const rows = table.locator('tbody tr');
  await rows.first().waitFor();
  const { incidents } = await (await fetch(`${server.url}/api/snapshot`)).json();
  const open = incidents.filter(({ status }) => status === 'received' || status === 'in_progress');
  assert.equal(await rows.count(), open.length);
  await table.getByRole('button', { name: t('table.status') }).click();
  assert.equal((await table.locator('th[aria-sort="ascending"]').allInnerTexts())[0], `${t('table.status')} ▲`);
  const shown = await rows.locator('td:nth-child(4)').allInnerTexts();
  assert.deepEqual(
    shown,
    shown.toSorted((a, b) => (a === b ? 0 : a === t('status.received') ? -1 : 1)),
  );
  await isAccessible(page, 'the table');
  await photograph(page, 'table');
  browser.isUntroubled();
  await page.context().close();
});

test('shelters and hazard zones have a table too, and from a shelter one goes to its place on the map', async () => {
  const page = await desk();
  await page.getByRole('button', { name: t('table.show') }).click();
  await page.getByRole('button', { name: t('table.of.shelters'), exact: true }).click();
  const shelters = page.getByRole('table', { name: t('table.shelters.caption') });
  const list = await (await fetch(`${server.url}/api/shelters`)).json();
  assert.equal(await shelters.locator('tbody tr').count(), list.shelters.length);
  await page.getByText(t('shelter.invented'), { exact: true }).first().waitFor();
  await shelters.getByRole('button', { name: t('table.shelter.fit') }).click();
  assert.equal(await shelters.locator('th[aria-sort="descending"]').innerText(), `${t('table.shelter.fit')} ▼`);
  const fit = list.shelters.map((shelter) => shelter.fit?.length ?? 0);
  const first = await shelters.locator('tbody tr').first().locator('td:nth-child(4)').innerText();
  assert.equal(first.split(t('table.shelter.and')).length, Math.max(...fit));
  await isAccessible(page, 'the table of shelters');
  await photograph(page, 'table-shelters');

  await page.getByRole('button', { name: t('table.of.zones'), exact: true }).click();
  const zones = page.getByRole('table', { name: t('table.zones.caption') });
  const { layers } = await (await fetch(`${server.url}/api/hazard/layers`)).json();
  const classes = layers.flatMap((layer) => layer.classes);
  assert.equal(await zones.locator('tbody tr').count(), classes.length);
  await isAccessible(page, 'the table of hazard zones');
  await photograph(page, 'table-zones');

  await page.getByRole('button', { name: t('table.of.shelters'), exact: true }).click();
  await shelters.getByRole('button', { name: list.shelters[0].name, exact: true }).click();
  await shelters.waitFor({ state: 'detached' });
  browser.isUntroubled();
  await page.context().close();
});

test('a sheet of paper has the map, its legend, scale, time and sources', async () => {
  const page = await browser.page('desk');
  const address = await server.wallAddress(town.code);
  await page.goto(address.replace('/wall', '/wall?print'));
  await page.locator('[data-ready="true"]').waitFor();
  const ink = await page.locator('.paper canvas').evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    for (let at = 0; at < data.length; at += 4 * 97) colours.add(`${data[at]} ${data[at + 1]} ${data[at + 2]}`);
    return colours.size;
  });
  assert.ok(ink > 20, `only ${ink} colours: the map is not on the sheet`);
  await page.getByText('1:').waitFor();
  await page.getByText(t('map.base.water'), { exact: true }).waitFor();
  await isAccessible(page, 'the sheet');
  await photograph(page, 'paper');
  browser.isUntroubled();
  await page.context().close();
});
