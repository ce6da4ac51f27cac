// The four screens after a night of rain: nothing that axe finds serious, and pictures of each for a person
// to look at (var/screenshots/).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, photograph, picturesAreDrawn, t } from './harness/browser.mjs';
import { inboxRow, openWall, signIn } from './harness/people.mjs';
import { beside, Server } from './harness/server.mjs';

let server;
let browser;
let town;
let employer;
let wall;
let staff;
let operator;

before(async () => {
  server = await Server.start();
  browser = await launch();
  const { towns } = await server.region();
  [town, employer] = towns;
  wall = (await server.wallAddress(town.code)).split('=').pop();
  staff = await server.account('sato', '佐藤 花子', employer.code, 'field', town.code);
  operator = await server.account('suzuki', '鈴木 一郎', town.code, 'operator');
  // The night of `make demo`, three hundred times faster than life.
  const night = ['--url', server.url, '--data', server.data, '--speed', '300', '--once'];
  execFileSync(beside('demo'), night, { stdio: 'ignore' });
});

after(async () => {
  await finish(browser, server);
});

/** What a person sees on each screen; the pictures are taken when all of it is there. */
const SCREENS = {
  resident: async (page) => {
    await page.goto(server.url);
    await page.getByRole('radio', { name: t('category.road_damage') }).check();
    await page.getByRole('button', { name: t('send.button'), exact: true }).waitFor();
  },
  field: async (page) => {
    await signIn(page, `${server.url}/field`, staff);
    await page.getByRole('heading', { name: t('field.report'), exact: true }).waitFor();
    await page.getByText(t('field.acting', { office: employer.name })).waitFor();
    await page.getByRole('button', { name: t('field.duty.home', { office: town.name }) }).waitFor();
  },
  wall: async (page) => {
    await openWall(page, await server.wallAddress(town.code));
    const { incidents } = await officePicture();
    await mapShows(page, incidents.length);
    await drillIsPlain(page);
    const drills = await drillIds();
    const real = ({ operation }) => !drills.has(operation);
    const urgent = incidents.filter(isUrgent);
    const pinned = urgent.some(real) ? urgent.filter(real) : urgent;
    if (pinned.length > 0) await page.getByRole('heading', { name: t('wall.pinned', { n: pinned.length }) }).waitFor();
    const newest = incidents.find((incident) => !pinned.includes(incident));
    const first = page.locator('#newest > li').first();
    assert.ok((await first.textContent()).includes(newest.reports[0].words), 'the newest report stands first');
    await picturesAreDrawn(first);
    const open = incidents.filter(({ status }) => status === 'received' || status === 'in_progress');
    const received = open.filter(({ status }) => status === 'received');
    const inProgress = open.filter(({ status }) => status === 'in_progress');
    const words = (of) => {
      const n = of.filter(real).length;
      if (!open.some(real)) return t('count.drill', { n: of.length });
      return n === of.length ? String(n) : n + t('count.beside', { n: of.length - n });
    };
    const shown = await page.locator('.sums dd').allInnerTexts();
    assert.deepEqual(shown.slice(0, 3), [received, inProgress, urgent].map(words), 'real and drill are counted apart');
    assert.deepEqual(shown.slice(3), ['0'], 'no shelter was opened');
    const here = open.filter(({ responsible }) => responsible === town.code);
    const own = await page.locator('.counts tr.own td').allTextContents();
    const numbers = own.slice(0, 2).flatMap((cell) => cell.match(/\d+/g).map(Number));
    assert.equal(
      numbers.reduce((sum, n) => sum + n, 0),
      here.length,
      'the own row counts the own incidents',
    );
  },
  console: async (page) => {
    await signIn(page, `${server.url}/console`, operator);
    await page.getByRole('heading', { name: t('console.inbox') }).waitFor();
    const { incidents } = await officePicture();
    await mapShows(page, incidents.length);
    await drillIsPlain(page);
    const own = incidents.filter(({ responsible, status }) => {
      return (!responsible || responsible === town.code) && (status === 'received' || status === 'in_progress');
    });
    assert.equal(await page.locator('#inbox > li').count(), own.length);
    assert.ok(own.length > 0, 'the night sent nothing here');
    for (const { reports } of own) await inboxRow(page, reports[0].words).first().waitFor();
  },
};

for (const [name, open] of Object.entries(SCREENS)) {
  for (const size of ['desk', 'phone']) {
    test(`${name} on a ${size} shows what is there, without a serious accessibility violation`, async () => {
      const page = await browser.page(size, town.label);
      await open(page);
      await page.evaluate(() => window.scrollTo(0, 0));
      await photograph(page, name);
      await isAccessible(page, `${name} on a ${size}`);
      browser.isUntroubled();
      await page.context().close();
    });
  }
}

const isUrgent = ({ status, danger_to_life }) => danger_to_life && (status === 'received' || status === 'in_progress');

/** Ids of the operations that are drills. */
async function drillIds() {
  const { operations } = await officePicture();
  return new Set(operations.filter(({ kind }) => kind === 'drill').map(({ id }) => id));
}

/** What offices see, newest first. */
async function officePicture() {
  const headers = { authorization: `Bearer ${wall}` };
  const picture = await (await fetch(`${server.url}/api/snapshot`, { headers })).json();
  assert.ok(picture.incidents.length > 20, 'the night was quiet');
  return picture;
}

/** Waits until the map has drawn this many incidents, and everything around them. */
async function mapShows(page, incidents) {
  await page.locator(`[data-drawn="${incidents}"]`).waitFor();
}

/** A drill never looks like the real thing. */
async function drillIsPlain(page) {
  const banner = page.locator('.operation.drill');
  await banner.getByText(t('app.drill'), { exact: true }).waitFor();
  await banner.getByText(t('wall.drill_not_real')).waitFor();
}
