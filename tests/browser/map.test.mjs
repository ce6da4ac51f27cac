// The map without any map file: its base, its layers, the same as a table and on paper.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, photograph, t } from './harness/browser.mjs';
import { openWall, sendReport, signIn, uuid7 } from './harness/people.mjs';
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
  assert.deepEqual(await shelters.locator('th[aria-sort="descending"]').allInnerTexts(), [
    `${t('table.shelter.fit')} ▼`,
  ]);
  const fit = list.shelters.map((shelter) => shelter.fit?.length ?? 0);
  const [first] = await shelters.locator('tbody tr').first().locator('td:nth-child(4)').allInnerTexts();
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

/** Opens shelters of the invented list in the name of their own town, so many people in each. */
async function openShelters(account, people) {
  const headers = { 'content-type': 'application/json' };
  const session = await fetch(`${server.url}/api/sessions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name: account.name, password: account.password }),
  });
  const { access_token: token } = await session.json();
  const { shelters } = await (await fetch(`${server.url}/api/shelters`)).json();
  const own = shelters.filter(({ municipality }) => municipality === town.code).slice(0, people.length);
  for (const [at, { id }] of own.entries()) {
    const answer = await fetch(`${server.url}/api/shelters/${id}/state`, {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${token}` },
      body: JSON.stringify({ id: uuid7(), state: at === 0 ? 'open' : 'full', people: people[at] }),
    });
    assert.equal(answer.status, 201, await answer.text());
  }
  return own;
}

/** A sheet that is ready. */
async function sheet(address, search = '') {
  const page = await browser.page('desk');
  await page.goto(address.replace('/wall', `/wall?print${search}`));
  await page.locator('[data-ready="true"]').waitFor();
  return page;
}

/** What stands beside the marks of its map. */
const numbersOn = (page) => page.locator('.map svg text').allTextContents();

/** The numbers that words such as `3–5, 9` stand for. */
const numbersIn = (words) =>
  words.split(', ').flatMap((part) => {
    const [from, to = from] = part.split('–').map(Number);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });

test('a sheet of paper has the map, its legend, scale, time and sources', async () => {
  const page = await sheet(await server.wallAddress(town.code));
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

test('a sheet lists every incident, with its words, and its number stands on the map', async () => {
  const page = await sheet(await server.wallAddress(town.code));
  const { incidents } = await (await fetch(`${server.url}/api/snapshot`)).json();
  const rows = page.locator('.sheet tbody tr');
  const listed = (await rows.locator('th').allInnerTexts()).map(Number);
  assert.deepEqual(
    listed,
    incidents.map((_, at) => at + 1),
  );
  const onMap = (await numbersOn(page)).flatMap(numbersIn).toSorted((a, b) => a - b);
  assert.deepEqual(onMap, listed);
  assert.match((await rows.locator('td:last-child').allInnerTexts()).join('\n'), /橋の下まで増水/);
  const cut = await page.locator('.sheet .list').evaluateAll(
    (lists) =>
      lists.flatMap((list) => {
        const bottom = (element) => element.getBoundingClientRect().bottom;
        return [...list.querySelectorAll('tr, .more')].filter((part) => bottom(part) > bottom(list) + 1);
      }).length,
  );
  assert.equal(cut, 0);
  browser.isUntroubled();
  await page.context().close();
});

test('what finds no room on the first sheet of paper stands on the next, and each says so', async () => {
  const { label } = town;
  for (let at = 0; at < 45; at += 1) {
    await sendReport(server, { words: `${at} 道がふさがれている。`.repeat(8), lat: label.lat, lon: label.lon });
  }
  const page = await sheet(await server.wallAddress(town.code));
  const sheets = page.locator('.sheet');
  const pages = await sheets.count();
  assert.ok(pages > 1, 'one sheet holds them all');
  const { incidents } = await (await fetch(`${server.url}/api/snapshot`)).json();
  const first = await sheets.first().locator('tbody tr').count();
  assert.ok(first > 0 && first < incidents.length);
  await sheets
    .first()
    .getByText(t('print.next', { n: incidents.length - first }), { exact: true })
    .waitFor();
  assert.equal(await page.locator('.sheet tbody tr').count(), incidents.length);
  for (let at = 0; at < pages; at += 1) {
    await sheets
      .nth(at)
      .getByText(t('print.page', { page: at + 1, pages }), { exact: true })
      .waitFor();
    // Whoever finds one sheet alone knows that it is of a drill.
    await sheets.nth(at).getByText(t('wall.drill_not_real')).waitFor();
  }
  await sheets.last().getByText(t('print.end'), { exact: true }).waitFor();
  // A3 landscape, 420 by 297 mm, in points of 1/72 inch.
  const paper = String(await page.pdf({ preferCSSPageSize: true, printBackground: true }));
  const boxes = [...paper.matchAll(/\/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]/g)];
  assert.equal(boxes.length, pages, 'the printer has other pages than the screen');
  for (const [, width, height] of boxes) {
    assert.ok(Math.abs(width - 1190.55) < 1.5 && Math.abs(height - 841.89) < 1.5, `${width} by ${height}`);
  }
  browser.isUntroubled();
  await page.context().close();
});

test('a sheet shows the shelters that are open, with their people, and that they are invented', async () => {
  const [open, full] = await openShelters(operator, [23, 101]);
  const page = await sheet(await server.wallAddress(town.code));
  const list = page.getByRole('region', { name: t('shelter.wall') }).first();
  const rows = list.getByRole('listitem');
  await list.getByRole('heading').getByText(t('shelter.invented')).waitFor();
  assert.equal(await rows.count(), 2);
  const said = (await rows.allInnerTexts()).map((words) => words.replaceAll(/\s+/g, ' '));
  const line = (n, { name }, standing, people) =>
    [t('print.shelter', { n }), name, t(`shelter.standing.${standing}`), t('shelter.people_n', { n: people })].join(
      ' ',
    );
  assert.deepEqual(said, [line(1, open, 'open', 23), line(2, full, 'full', 101)]);
  const numbers = await numbersOn(page);
  for (const n of [1, 2]) assert.ok(numbers.includes(t('print.shelter', { n })), `no shelter ${n} on the map`);
  await page.getByRole('list', { name: t('shelter.legend') }).waitFor();
  const head = page.locator('.sheet header').first();
  await head.getByText(t('shelter.people_n', { n: 124 })).waitFor();
  await photograph(page, 'paper-shelters');
  browser.isUntroubled();
  await page.context().close();
});

test('paper shows the part of the map that the wall shows, or the whole region, each at its scale', async () => {
  const wall = await browser.page('desk');
  await openWall(wall, await server.wallAddress(town.code));
  await wall.locator('[data-drawn]').waitFor();
  const scale = async (page) =>
    Number(/1:([\d,]+)/.exec(await page.locator('.scale').textContent())[1].replaceAll(',', ''));
  const print = wall.getByRole('link', { name: t('print.open') });
  const opened = async () => {
    const [page] = await Promise.all([wall.context().waitForEvent('page'), print.click()]);
    await page.locator('[data-ready="true"]').waitFor();
    return page;
  };
  // A wall that shows the whole region leaves nothing to choose.
  const whole = await opened();
  const far = await scale(whole);
  assert.equal(await whole.getByRole('radio').count(), 0);
  await whole.close();
  await wall.locator('#newest > li').first().getByRole('button').first().click();
  await wall.locator('[data-drawn]').waitFor();
  const page = await opened();
  assert.equal(await page.getByRole('radio', { name: t('print.section.wall') }).isChecked(), true);
  const near = await scale(page);
  assert.ok(near * 4 < far, `1:${near} is not much nearer than 1:${far}`);
  const numbers = await numbersOn(page);
  const rows = await page.locator('.sheet tbody th').allInnerTexts();
  const beyond = rows.filter((words) => words.includes(t('print.beyond'))).length;
  assert.ok(beyond > 0, 'everything is said to be on the map');
  assert.equal(
    numbers.filter((words) => !words.startsWith('避')).flatMap(numbersIn).length + beyond,
    rows.length,
    'a row is neither on the map nor said to be beyond it',
  );
  await isAccessible(page, 'the sheet of a section');
  await page.getByRole('radio', { name: t('print.section.region') }).check();
  await page.locator('[data-ready="false"]').waitFor({ state: 'detached' });
  await page.locator('[data-ready="true"]').waitFor();
  assert.equal(await scale(page), far);
  assert.equal(await page.getByText(t('print.beyond'), { exact: true }).count(), 0);
  await page.emulateMedia({ media: 'print' });
  await page.getByRole('radio', { name: t('print.section.region') }).waitFor({ state: 'hidden' });
  browser.isUntroubled();
  await wall.context().close();
});
