// The wall with the most that it may have to say at once, at every width that somebody hangs up: nothing leaves the
// screen, nothing covers what is read, and its table has the room that a table needs.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, photograph, t } from './harness/browser.mjs';
import { administrator, openConsole, openWall, sendReport } from './harness/people.mjs';
import { beside, Server } from './harness/server.mjs';

/** Widths of screens: a phone, an old projector, the usual wall, and the two above it. */
const SIZES = [
  [390, 844],
  [1366, 768],
  [1920, 1080],
  [2560, 1440],
  [3840, 2160],
];

let server;
let browser;
let address;
let operator;
let people = 0;

before(async () => {
  server = await Server.start();
  browser = await launch();
  const [town] = (await server.region()).towns;
  address = await server.wallAddress(town.code);
  operator = await server.account('suzuki', '鈴木 一郎', town.code, 'operator');
  const night = ['--url', server.url, '--data', server.data, '--speed', '300', '--once'];
  execFileSync(beside('demo'), night, { stdio: 'ignore' });
  // Beside the drill something happens.
  const { lat, lon } = town.label;
  await sendReport(server, { words: '道が落ちている', lat, lon });
  const send = await administrator(server, town);
  await send('/api/reports', {
    category: 'hazard',
    words: '橋の下に人が取り残されている',
    danger_to_life: true,
    observed_at: new Date().toISOString(),
    evidence: [{ source: 'pin', position: { lat: lat + 0.01, lon } }],
    chosen: 0,
    media: [],
  });
  const shelters = (await (await fetch(`${server.url}/api/shelters`)).json()).shelters;
  for (const { id } of shelters.filter(({ municipality }) => municipality === town.code).slice(0, 2)) {
    await send(`/api/shelters/${id}/state`, { state: 'full', people: 51_234 });
    people += 51_234;
  }
});

after(async () => {
  await finish(browser, server);
});

/** The wall on a screen of this size, when all of it is drawn. */
async function wall([width, height]) {
  const page = await browser.page(width < 960 ? 'phone' : 'desk');
  await page.setViewportSize({ width, height });
  await openWall(page, address);
  await page.getByText(t('shelter.people_n', { n: people.toLocaleString('ja-JP') })).waitFor();
  await page.locator('[data-drawn]').waitFor();
  return page;
}

/** Nothing of the page lies beyond the sides of a screen of this width, pixels; a phone would make the page smaller. */
async function staysWithin(page, width) {
  const scroll = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(scroll <= width, `the page is ${scroll} pixels wide on a screen of ${width}`);
  const parts = page.locator('header *, .banners *, main > *, .newest .words *, .counts td');
  const beyond = await parts.evaluateAll(
    (elements, width) =>
      elements
        .map((element) => ({ words: element.textContent.trim().slice(0, 40), box: element.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 0 && (box.left < -0.5 || box.right > width + 0.5))
        .map(({ words, box }) => `${words}: ${Math.round(box.left)} to ${Math.round(box.right)}`),
    width,
  );
  assert.deepEqual(beyond, []);
}

/** The legend takes a third of its map at most, and none of it is hidden. */
async function legendIsSmall(page) {
  await page.locator('.foot .layer').first().waitFor();
  const { share, hidden } = await page.locator('.foot').evaluate((foot) => {
    const legend = foot.querySelector('details');
    return {
      share: foot.offsetHeight / foot.parentElement.offsetHeight,
      hidden: legend.scrollHeight - legend.clientHeight,
    };
  });
  assert.ok(share < 0.345, `the legend takes ${share} of its map`);
  assert.ok(hidden < 4, `${hidden} pixels of the legend are hidden`);
}

for (const size of SIZES) {
  test(`a wall ${size[0]} pixels wide shows a drill, real reports and full shelters at once, and nothing leaves it`, async () => {
    const page = await wall(size);
    await photograph(page, 'room');
    await staysWithin(page, size[0]);
    if (size[0] > 960) await legendIsSmall(page);
    // As many as ever may be.
    await page.locator('.sums dd').evaluateAll((numbers) => {
      for (const number of numbers) number.firstChild.textContent = '12,345';
    });
    await page.locator('.sums dd .beside').evaluateAll((numbers) => {
      for (const number of numbers) number.textContent = '（訓練 23,456）102,468人';
    });
    await staysWithin(page, size[0]);
    browser.isUntroubled();
    await page.context().close();
  });
}

test('a small wall in English has every office whole, and most of its map for the map', async () => {
  const page = await browser.page('desk');
  await page.setViewportSize({ width: 1366, height: 768 });
  await page.addInitScript(() => localStorage.setItem('sokuho.language', 'en'));
  await page.goto(address);
  await page.locator('.counts tbody td').getByText('–').first().waitFor({ state: 'detached' });
  await page.locator('[data-drawn]').waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  const { bottom, last } = await page.locator('.offices').evaluate((offices) => ({
    bottom: offices.getBoundingClientRect().bottom,
    last: offices.querySelector('tbody tr:last-child').getBoundingClientRect().bottom,
  }));
  assert.ok(last <= bottom + 1, `the last office ends at ${last}, and its place at ${bottom}`);
  const { over, map } = await page.locator('.panel').evaluate((panel) => ({
    over: panel.querySelector('.over').offsetHeight,
    map: panel.querySelector('.map').offsetHeight,
  }));
  assert.ok(over < map / 5, `the buttons cover ${over} of ${map} pixels of the map`);
  await photograph(page, 'room-english');
  browser.isUntroubled();
  await page.context().close();
});

/** How wide the columns of the table are, and how wide they may be, pixels. */
const roomOf = (page) =>
  page.locator('.tables .scroll').evaluate((scroll) => ({ wanted: scroll.scrollWidth, room: scroll.clientWidth }));

test('the table has the room of the map and the counts; nothing lies upon it, and no word of its marks is broken', async () => {
  const page = await wall([1920, 1080]);
  await page.getByRole('button', { name: t('table.show') }).click();
  const table = page.getByRole('table', { name: t('table.caption') });
  const rows = table.locator('tbody tr');
  await rows
    .filter({ hasText: t('app.drill') })
    .first()
    .waitFor();
  await page.locator('.counts').waitFor({ state: 'hidden' });
  await photograph(page, 'room-table');
  const { wanted, room } = await roomOf(page);
  assert.ok(wanted <= room, `the columns need ${wanted} pixels and have ${room}`);
  const seen = await rows.evaluateAll((rows) => {
    const { bottom } = rows[0].closest('.scroll').getBoundingClientRect();
    return rows.filter((row) => row.getBoundingClientRect().bottom <= bottom).length;
  });
  assert.ok(seen >= 10, `only ${seen} rows are seen`);
  const broken = await rows
    .locator('.plate')
    .evaluateAll(
      (plates) =>
        plates.filter(
          (plate) =>
            plate.getClientRects().length > 1 ||
            plate.clientHeight > 1.8 * Number.parseFloat(getComputedStyle(plate).fontSize),
        ).length,
    );
  assert.equal(broken, 0, `${t('app.drill')} is broken into lines`);
  const covered = await page.locator('.tables .which > *, .tables .top > *, .tables th button').evaluateAll((parts) =>
    parts
      .filter((part) => {
        const { left, top, width, height } = part.getBoundingClientRect();
        const above = document.elementFromPoint(left + width / 2, top + height / 2);
        return above !== part && !part.contains(above);
      })
      .map((part) => part.textContent.trim()),
  );
  assert.deepEqual(covered, [], 'something lies upon the table');
  await staysWithin(page, 1920);
  await isAccessible(page, 'the table on a wall');
  await page.getByRole('button', { name: t('table.back') }).click();
  await page.locator('.counts').waitFor();
  // The map comes back as it was, and no larger one is explained.
  await page.locator('.foot .road').waitFor({ state: 'detached' });
  await page.locator('[data-drawn]').waitFor();
  await photograph(page, 'room-again');
  browser.isUntroubled();
  await page.context().close();
});

test("a console's legend takes a third of its map at most, and its table shows all columns", async () => {
  const page = await browser.page('desk');
  await openConsole(page, server, operator);
  await page.locator('[data-drawn]').waitFor();
  await legendIsSmall(page);
  await photograph(page, 'room-console');
  await page.getByRole('button', { name: t('table.show') }).click();
  await page
    .getByRole('table', { name: t('table.caption') })
    .locator('tbody tr')
    .first()
    .waitFor();
  await photograph(page, 'room-console-table');
  const { wanted, room } = await roomOf(page);
  assert.ok(wanted <= room, `the columns need ${wanted} pixels and have ${room}`);
  browser.isUntroubled();
  await page.context().close();
});

test('on a phone the first columns of the table are seen without moving it', async () => {
  const page = await wall([390, 844]);
  await page.getByRole('button', { name: t('table.show') }).click();
  const table = page.getByRole('table', { name: t('table.caption') });
  await table.locator('tbody tr').first().waitFor();
  await photograph(page, 'room-table');
  await staysWithin(page, 390);
  const heads = await table
    .locator('th')
    .evaluateAll((heads) =>
      heads.filter((head) => head.getBoundingClientRect().right <= 390).map((head) => head.textContent.trim()),
    );
  assert.deepEqual(heads.slice(1, 4), [t('table.category'), t('table.place'), t('table.status')]);
  browser.isUntroubled();
  await page.context().close();
});
