// Without a photo and without the phone's position: a pin on the map, and typed latitude and longitude; and what
// was chosen can be changed until it is sent.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, photograph, t } from './harness/browser.mjs';
import { openWall, row } from './harness/people.mjs';
import { Server } from './harness/server.mjs';

let server;
let browser;
let towns;
let wall;

before(async () => {
  server = await Server.start();
  browser = await launch();
  ({ towns } = await server.region());
  wall = await browser.page('desk');
  await openWall(wall, await server.wallAddress(towns[0].code));
});

after(async () => {
  await finish(browser, server);
});

/** The resident's form with everything but a place. */
async function form(words) {
  const page = await browser.page('phone');
  await page.goto(server.url);
  await page.getByRole('radio', { name: t('category.road_damage') }).check();
  await page.getByLabel(t('capture.words')).fill(words);
  return page;
}

/** What the offices are told of the report with these words, once the phone has its receipt. */
async function send(page, words) {
  const answered = page.waitForRequest((request) => request.url().endsWith('/api/reports'));
  await page.getByRole('button', { name: t('send.button'), exact: true }).click();
  await page.getByRole('heading', { name: t('send.done') }).waitFor();
  await row(wall, words).waitFor();
  return (await answered).postDataJSON();
}

const witness = (page, source) => page.getByRole('radio', { name: t(`capture.source.${source}`) });

async function type(page, lat, lon) {
  const typed = page.getByLabel(t('capture.place.lat'));
  if (!(await typed.isVisible())) await page.getByText(t('capture.place.typed')).click();
  await typed.fill(lat);
  await page.getByLabel(t('capture.place.lon')).fill(lon);
  await page.getByRole('button', { name: t('capture.place.use_typed') }).click();
}

test('a pin on the map is the place, where the map was moved to', async () => {
  const words = '地図で示した場所です';
  const page = await form(words);
  await page.getByRole('button', { name: t('capture.place.map') }).click();
  const map = page.getByRole('region', { name: t('capture.map.label') });
  await map.waitFor();
  const figures = page.locator('.pin .figures');
  const first = await figures.textContent();
  await map.focus();
  await page.keyboard.press('ArrowRight');
  await figures.filter({ hasNotText: first }).waitFor();
  await isAccessible(page, 'the map for a pin');
  await photograph(page, 'pin');
  await page.getByRole('button', { name: t('capture.map.set') }).click();
  assert.ok(await witness(page, 'pin').isChecked());
  const [lat, lon] = (await page.locator('.witnesses .figures').textContent()).split(', ').map(Number);

  const { evidence, chosen } = await send(page, words);
  assert.equal(chosen, 0);
  assert.equal(evidence.length, 1);
  assert.equal(evidence[0].source, 'pin');
  assert.ok(Math.abs(evidence[0].position.lat - lat) < 1e-5 && Math.abs(evidence[0].position.lon - lon) < 1e-5);
  assert.ok(lon > Number(first.split(', ')[1]), 'the map was moved to the east');
});

test('typed latitude and longitude are the place, also in full-width digits, and can be mended before sending', async () => {
  const words = '入力した場所です';
  const page = await form(words);
  const [first, second] = towns;
  await type(page, '１３９．９', '３７．５');
  await page.getByText(t('problem.position_swapped')).waitFor();
  const wide = (figure) => figure.toFixed(5).replace(/./g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
  await type(page, wide(first.label.lat), wide(first.label.lon));
  await witness(page, 'typed').waitFor();
  await type(page, second.label.lat.toFixed(5), second.label.lon.toFixed(5));
  await page.getByText(`${second.label.lat.toFixed(5)}, ${second.label.lon.toFixed(5)}`).waitFor();

  const { evidence } = await send(page, words);
  assert.deepEqual(
    evidence.map(({ source }) => source),
    ['typed'],
  );
  await row(wall, words).getByText(second.name).first().waitFor();
});

test('of two witnesses that disagree the person chooses one, and may take the other away', async () => {
  const words = '選び直した場所です';
  const page = await form(words);
  const [, there] = towns;
  await page.getByRole('button', { name: t('capture.place.map') }).click();
  await page.getByRole('button', { name: t('capture.map.set') }).click();
  await type(page, String(there.label.lat), String(there.label.lon));
  assert.ok(await witness(page, 'typed').isChecked(), 'what the hand did last counts');
  await page.getByText(t('capture.place.disagree')).waitFor();
  await isAccessible(page, 'two places that disagree');
  await witness(page, 'pin').check();
  await photograph(page, 'witnesses');
  await witness(page, 'typed').check();
  await page.getByRole('button', { name: t('capture.place.remove', { source: t('capture.source.pin') }) }).click();
  await page.getByText(t('capture.place.disagree')).waitFor({ state: 'detached' });

  const { evidence, chosen } = await send(page, words);
  assert.deepEqual([evidence.length, evidence[chosen].source], [1, 'typed']);
  await row(wall, words).getByText(there.name).first().waitFor();
});
