// Other maps come into force with a restart of the node, and what is open on the screens follows.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { finish, launch, photograph, t } from './harness/browser.mjs';
import { openConsole, openWall } from './harness/people.mjs';
import { Server } from './harness/server.mjs';

let server;
let browser;
let town;

before(async () => {
  server = await Server.start();
  browser = await launch();
  [town] = (await server.region()).towns;
});

after(async () => {
  // While the server is down, a page that knocks cannot but fail.
  browser.forgive(/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|WebSocket connection|Failed to load resource/);
  await finish(browser, server);
});

/** Writes a file for an import: features with this geometry and these properties. */
function fileOf(name, features) {
  const file = join(server.data, name);
  const all = features.map(([geometry, properties]) => ({ type: 'Feature', geometry, properties }));
  writeFileSync(file, JSON.stringify({ type: 'FeatureCollection', features: all }));
  return file;
}

/** A square of so many degrees around a position. */
function square({ lat, lon }, half) {
  const [west, south, east, north] = [lon - half, lat - half, lon + half, lat + half];
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return { type: 'Polygon', coordinates: [ring] };
}

/** Imports into the data folder and restarts the node, as somebody does who brings a new edition. */
async function restartWith(...imported) {
  await server.stop();
  for (const args of imported) server.command(['import', ...args]);
  await server.startAgain();
}

/** What a reload would lose. */
const keepMark = (page) => page.evaluate(() => (window.isTheSamePage = true));
const isTheSamePage = (page) => page.evaluate(() => window.isTheSamePage === true);

const legend = (page) => page.getByRole('group', { name: t('map.legend') });
const layers = (page) => page.getByRole('button', { name: t('map.layers'), exact: true });

/** The part of the ground that a wall shows, as its link to paper says it: west, south, east and north. */
const section = (page) =>
  page.getByRole('link', { name: t('print.open') }).evaluate((link) => {
    link.addEventListener('click', (event) => event.preventDefault(), { once: true });
    link.click();
    const words = new URLSearchParams(link.search).get('section');
    return words.split(',').map((degrees) => Number(degrees).toFixed(2));
  });

test('a wall and a console show the layers of another edition after a restart, and nobody reloads them', async () => {
  const operator = await server.account('suzuki', '鈴木 一郎', town.code, 'operator');
  const wall = await browser.page('desk');
  await openWall(wall, await server.wallAddress(town.code));
  const desk = await browser.page('desk');
  await openConsole(desk, server, operator);
  for (const page of [wall, desk]) {
    await page.locator('[data-drawn]').waitFor();
    await keepMark(page);
    await legend(page).getByText('土石流', { exact: false }).first().waitFor();
  }
  await layers(desk).click();
  const avalanche = desk.getByRole('checkbox', { name: /^雪崩/ });
  await avalanche.uncheck();

  const zone = square(town.label, 0.2);
  const file = fileOf('volcano.geojson', [[zone, { class: 'danger' }]]);
  const how = ['--layer', 'volcano', '--edition', '令和8年', '--source', '試験の部署', '--attribution', '試験の部署'];
  const tile = wall.waitForResponse((answer) => /\/tiles\/hazard-volcano\/\d.*\?edition=/.test(answer.url()));
  await restartWith(['hazard', ...how, file]);
  assert.equal((await tile).ok(), true);

  const told = (await (await fetch(`${server.url}/api/hazard/layers`)).json()).layers;
  const volcano = told.find(({ id }) => id === 'volcano');
  for (const page of [wall, desk]) {
    await legend(page).getByText(volcano.name).waitFor();
    await page.getByText('試験の部署').first().waitFor();
    assert.equal(await isTheSamePage(page), true, 'the page was loaded anew');
  }
  // The switch is still open, has the new layer, and none that are there no more.
  await desk.getByRole('checkbox', { name: volcano.name }).waitFor();
  const offered = await desk
    .getByRole('group', { name: t('map.layers.zones') })
    .getByRole('checkbox')
    .count();
  assert.equal(offered, told.length);
  if (told.some(({ id }) => id === 'avalanche')) assert.equal(await avalanche.isChecked(), false);
  await photograph(wall, 'edition');
  await wall.context().close();
  await desk.context().close();
});

test('a layer that is imported again is drawn from its new edition at once, and its legend explains that alone', async () => {
  const wall = await browser.page('desk');
  const import_ = (edition, code, half) => {
    const file = fileOf(`${edition}.geojson`, [[square(town.label, half), { class: code }]]);
    return ['hazard', '--layer', 'tsunami', '--anyway', '--edition', edition, '--source', '試験の部署', file];
  };
  await restartWith(import_('first', '1-2', 0.2));
  await openWall(wall, await server.wallAddress(town.code));
  await wall.locator('[data-drawn]').waitFor();
  await keepMark(wall);
  const explained = wall.locator('#legend-tsunami + ul > li');
  const depth = async () => {
    const { layers } = await (await fetch(`${server.url}/api/hazard/layers`)).json();
    const { classes } = layers.find(({ id }) => id === 'tsunami');
    assert.equal(classes.length, 1);
    return classes[0].name.replace(/^.* /, '');
  };
  await explained.getByText(await depth(), { exact: false }).waitFor();

  const tile = wall.waitForResponse((answer) => /\/tiles\/hazard-tsunami\/\d.*\?edition=/.test(answer.url()));
  await restartWith(import_('second', '5-10', 0.2));
  await tile;
  await explained.getByText(await depth(), { exact: false }).waitFor();
  assert.equal(await explained.count(), 1);
  assert.equal(await isTheSamePage(wall), true, 'the page was loaded anew');
  await wall.context().close();
});

test('a wall takes another base map after a restart, and looks where somebody has moved it', async () => {
  const wall = await browser.page('desk');
  await openWall(wall, await server.wallAddress(town.code));
  await wall.locator('[data-drawn]').waitFor();
  await wall
    .getByText(t('map.sketch_base'), { exact: false })
    .or(wall.getByText(t('map.sketch_words')))
    .first()
    .waitFor();
  await keepMark(wall);
  const nearer = wall.getByRole('button', { name: t('map.zoom_in') });
  for (let times = 0; times < 2; times += 1) {
    await nearer.click();
    await wall.locator('[data-drawn]').waitFor();
  }
  const before = await section(wall);

  const [west, south, east, north] = before.map(Number);
  const middle = (south + north) / 2;
  const line = [
    [west, middle],
    [east, middle],
  ];
  const railway = { type: 'LineString', coordinates: line };
  const properties = { N02_001: '11', N02_002: '2', N02_003: '試験線', N02_004: '試験鉄道' };
  const file = fileOf('N02-26_RailroadSection.geojson', [[railway, properties]]);
  await restartWith(['base', file]);
  const { attribution } = await (await fetch(`${server.url}/api/base`)).json();

  await wall.getByText(attribution, { exact: false }).first().waitFor();
  await wall.locator('[data-drawn]').waitFor();
  await legend(wall).getByText(t('map.base.railway'), { exact: true }).waitFor();
  // What was not imported stays.
  await legend(wall).getByText(t('map.base.water'), { exact: true }).waitFor();
  // A legend may take some of the map's height.
  const sides = ([west, , east]) => [west, east];
  assert.deepEqual(sides(await section(wall)), sides(before));
  assert.equal(await isTheSamePage(wall), true, 'the page was loaded anew');
  await photograph(wall, 'edition-base');
  await wall.context().close();
});
