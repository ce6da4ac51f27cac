// Pictures of other servers on the map: what is seen of them, on the desk and on a phone, and what when the line is cut.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, photograph, t } from './harness/browser.mjs';
import { openWall, signIn } from './harness/people.mjs';
import { Pictures } from './harness/pictures.mjs';
import { Server } from './harness/server.mjs';

const GREY = [180, 180, 180];
const SOURCES = [
  { id: 'std', name: '標準の地図', attribution: '測量の部署', colour: GREY },
  { id: 'photo', name: '空からの写真', attribution: '測量の部署', colour: GREY },
  { id: 'storm-surge', name: '高潮の想定', attribution: '海の部署', colour: [255, 0, 255] },
];

let pictures;
let server;
let browser;
let town;
let operator;

before(async () => {
  pictures = await Pictures.start(SOURCES);
  server = await Server.start({
    env: { SOKUHO_MAP_SOURCES: SOURCES.map(({ id }) => id).join(), SOKUHO_MAP_SOURCE_LIST: pictures.list },
    // It is cut on purpose.
    expected: /a tile cannot be fetched/,
  });
  browser = await launch();
  [town] = (await server.region()).towns;
  operator = await server.account('suzuki', '鈴木 一郎', town.code, 'operator');
});

after(async () => {
  try {
    await finish(browser, server);
  } finally {
    await pictures?.finish();
  }
});

async function desk() {
  const page = await browser.page('desk');
  await signIn(page, `${server.url}/console`, operator);
  await page.locator('[data-drawn]').waitFor();
  return page;
}

/** How much of the map has this colour, 0 to 1. */
async function share(page, colour) {
  const shot = await page.locator('.maplibregl-canvas').screenshot();
  return await page.evaluate(
    async ([picture, [red, green, blue]]) => {
      const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
      pen.drawImage(bitmap, 0, 0);
      const { data } = pen.getImageData(0, 0, bitmap.width, bitmap.height);
      let found = 0;
      for (let at = 0; at < data.length; at += 4) {
        const off = Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue);
        if (off <= 6) found += 1;
      }
      return (found * 4) / data.length;
    },
    [shot.toString('base64'), colour],
  );
}

/** Waits until so much of the map has the colour. */
async function shows(page, colour, least) {
  const end = Date.now() + 20_000;
  let seen = await share(page, colour);
  while (seen < least && Date.now() < end) seen = await share(page, colour);
  assert.ok(seen >= least, `${colour} is ${Math.round(seen * 100)} % of the map`);
}

/** The colour of land where nothing lies upon it. */
function landOf(page) {
  return page.locator('.maplibregl-map').evaluate((map) => {
    const pen = new OffscreenCanvas(1, 1).getContext('2d');
    pen.fillStyle = getComputedStyle(map).getPropertyValue('--map-land').trim();
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  });
}

const open = (page) => page.getByRole('button', { name: t('map.layers'), exact: true }).click();
const close = (page) => page.getByRole('button', { name: t('map.layers.close') }).click();
const ground = (page, name) => page.getByRole('radio', { name, exact: true });

test('a ground of another server is chosen, named, attributed and remembered, and the browser asks this node alone', async () => {
  const page = await desk();
  await open(page);
  const sketch = ground(page, t('map.ground.sketch'));
  assert.equal(await sketch.isChecked(), true);
  await sketch.focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await ground(page, '標準の地図').isChecked(), true);
  await shows(page, GREY, 0.4);
  assert.ok(pictures.asked.some((address) => address.startsWith('/std/')));
  await isAccessible(page, 'the layer switch');
  await photograph(page, 'rasters-switch');
  await close(page);
  const map = page.getByRole('region', { name: t('map.title'), exact: true });
  await map.getByText('測量の部署').waitFor();
  await map
    .getByRole('list', { name: t('map.rasters.legend') })
    .getByText('標準の地図')
    .waitFor();
  await page.reload();
  await page.locator('[data-drawn]').waitFor();
  await shows(page, GREY, 0.4);
  await open(page);
  await sketch.check();
  await map.getByText('測量の部署').waitFor({ state: 'detached' });
  browser.isUntroubled();
  await page.context().close();
});

test('a hazard raster is a layer with a strength, in the colours of whoever made it', async () => {
  const page = await desk();
  await open(page);
  await page.getByRole('checkbox', { name: '高潮の想定' }).check();
  const strength = page.getByRole('slider', { name: /高潮の想定/ });
  await strength.focus();
  await page.keyboard.press('End');
  await shows(page, [255, 0, 255], 0.4);
  await close(page);
  const words = t('map.rasters.colours', { name: '高潮の想定', source: '海の部署' });
  await page
    .getByRole('list', { name: t('map.rasters.legend') })
    .getByText(words)
    .waitFor();
  await photograph(page, 'rasters-hazard');
  browser.isUntroubled();
  await page.context().close();
});

/** How much of a sheet's map has this colour, 0 to 1. */
const inked = (page, colour) =>
  page.locator('.paper canvas').evaluate((canvas, wanted) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (wanted.every((part, of) => Math.abs(data[at + of] - part) <= 6)) found += 1;
    }
    return (found * 4) / data.length;
  }, colour);

test('a sheet of paper shows the pictures that the wall shows, and names those that it could not have', async () => {
  const page = await browser.page('desk');
  const address = await server.wallAddress(town.code);
  await openWall(page, address);
  await page.locator('[data-drawn]').waitFor();
  await open(page);
  await ground(page, '標準の地図').check();
  await close(page);
  const printed = async () => {
    await page.goto(address.replace('/wall', '/wall?print'));
    await page.locator('[data-ready="true"]').waitFor();
  };
  await printed();
  assert.ok((await inked(page, GREY)) > 0.4, 'the picture is not on the sheet');
  await page.locator('footer').getByText('測量の部署').waitFor();
  await photograph(page, 'paper-rasters');

  await page.goto(address);
  await page.locator('[data-drawn]').waitFor();
  await open(page);
  pictures.cut = true;
  const refused = page.waitForResponse((answer) => /\/tiles\/proxy-photo\/\d/.test(answer.url()));
  await ground(page, '空からの写真').check();
  await refused;
  await close(page);
  await printed();
  await page.getByText(t('print.lacking', { names: '空からの写真' }), { exact: true }).waitFor();
  await page.locator('footer').getByText(t('map.base.water'), { exact: true }).waitFor();
  await page.context().close();
  pictures.cut = false;
  browser.forgive(/502/);
  browser.isUntroubled();
});

test('where the line is cut and nothing is at hand, the base map stays in view', async () => {
  const page = await desk();
  const land = await landOf(page);
  const before = await share(page, land);
  assert.ok(before > 0.05, 'there is land on the map');
  pictures.cut = true;
  const refused = page.waitForResponse((answer) => /\/tiles\/proxy-photo\/\d/.test(answer.url()));
  await open(page);
  await ground(page, '空からの写真').check();
  assert.equal((await refused).status(), 502);
  await close(page);
  await shows(page, land, before * 0.8);
  await photograph(page, 'rasters-cut');
  await page.context().close();
  pictures.cut = false;
  browser.forgive(/502/);
  browser.isUntroubled();
});

test('the switch opens beside the map and covers nothing of the place that somebody looks at', async () => {
  const page = await desk();
  const land = await landOf(page);
  assert.ok((await share(page, land)) < 0.3, 'the whole region is in view');
  const shelters = page.getByRole('region', { name: t('shelter.title') });
  await shelters.getByRole('listitem').first().getByRole('button').first().click();
  await shows(page, land, 0.5);
  await open(page);
  const canvas = await page.locator('.maplibregl-canvas').boundingBox();
  const sheet = await page.getByRole('group', { name: t('map.layers'), exact: true }).boundingBox();
  assert.ok(canvas.x + canvas.width <= sheet.x + 1, 'the switch lies upon the map');
  await shows(page, land, 0.5);
  browser.isUntroubled();
  await page.context().close();
});

test('on a phone the switch is a sheet within the screen, whose close button is always in reach', async () => {
  const page = await browser.page('phone');
  await openWall(page, await server.wallAddress(town.code));
  await page.locator('[data-drawn]').waitFor();
  await open(page);
  const sheet = page.getByRole('group', { name: t('map.layers'), exact: true });
  const button = sheet.getByRole('button', { name: t('map.layers.close') });
  await sheet.getByRole('radio').last().scrollIntoViewIfNeeded();
  const { width, height } = page.viewportSize();
  for (const place of [sheet, button]) {
    const box = await place.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= width, `from ${box.x} to ${box.x + box.width}`);
    assert.ok(box.y >= 0 && box.y + box.height <= height, `from ${box.y} to ${box.y + box.height}`);
  }
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
  await isAccessible(page, 'the sheet of layers');
  await photograph(page, 'rasters-sheet');
  await button.click();
  await sheet.waitFor({ state: 'detached' });
  browser.isUntroubled();
  await page.context().close();
});
