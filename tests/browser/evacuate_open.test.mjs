// A page /evacuate that stays open: it follows the office, says when it cannot, brings to its answer whoever says where
// they are, and claims no more than the device knows.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, photograph, t } from './harness/browser.mjs';
import { administrator, offers } from './harness/people.mjs';
import { Server } from './harness/server.mjs';

let server;
let browser;
let town;
let shelter;
let chief;

before(async () => {
  server = await Server.start();
  browser = await launch();
  ({
    towns: [town],
  } = await server.region());
  const list = await (await fetch(`${server.url}/api/shelters`)).json();
  shelter = list.shelters.find(({ municipality }) => municipality === town.code);
  chief = await administrator(server, town);
});

after(async () => {
  await finish(browser, server);
});

const says = (state) => chief(`/api/shelters/${shelter.id}/state`, { state });
const here = (page) => page.getByRole('button', { name: t('capture.place.device') }).click();

test('a page that stays open learns that a shelter is full, and says at once that the line is cut', async () => {
  await says('open');
  const page = await browser.page('phone', town.label);
  await page.clock.install();
  await page.goto(`${server.url}/`);
  await page.getByRole('link', { name: t('resident.evacuate') }).click();
  await page.getByRole('heading', { name: t('evacuate.title') }).waitFor();
  await here(page);
  await offers(page).first().getByRole('heading', { name: shelter.name }).waitFor();
  const title = page.getByRole('heading', { name: t('evacuate.here') });
  assert.ok(await title.evaluate((one) => one === document.activeElement), 'the answer has the focus');
  const { y } = await title.boundingBox();
  assert.ok(y >= 0 && y < 120, `the answer is in view: ${y}`);
  assert.ok(!(await page.getByRole('button', { name: t('capture.place.device') }).isVisible()), 'the form is folded');
  await isAccessible(page, 'evacuate with its answer');
  await photograph(page, 'evacuate-answer');

  await says('full');
  const answer = page.waitForResponse('**/api/shelters');
  await page.clock.fastForward(45_000);
  await answer;
  await offers(page).first().getByRole('heading', { name: shelter.name }).waitFor({ state: 'detached' });
  assert.equal(await page.getByText(t('evacuate.offline')).count(), 0);

  await page.context().setOffline(true);
  await page.getByText(t('evacuate.offline')).waitFor();
  await title.evaluate((one) => one.scrollIntoView());
  await photograph(page, 'evacuate-cut');
  await says('open');
  await page.context().setOffline(false);
  await page.getByText(t('evacuate.offline')).waitFor({ state: 'detached' });
  await offers(page).first().getByRole('heading', { name: shelter.name }).waitFor();
  await page.getByRole('link', { name: t('evacuate.report') }).click();
  await page.getByRole('heading', { name: t('resident.title') }).waitFor();
  await page.context().close();
});

test('a device that is unsure gets no verdict that it cannot have', async () => {
  const page = await browser.page('phone', town.label);
  const { lat: latitude, lon: longitude } = town.label;
  await page.context().setGeolocation({ latitude, longitude, accuracy: 3_000 });
  await page.goto(`${server.url}/evacuate`);
  await here(page);
  await page.getByText(t('evacuate.inexact', { accuracy: '±3 km' })).waitFor();
  assert.equal(await page.getByText(t('evacuate.zones.none')).count(), 0);
  await offers(page).first().waitFor();
  await isAccessible(page, 'evacuate with a device that is unsure');
  await photograph(page, 'evacuate-inexact');
  await page.context().close();
});

test('outside the region the page says so, and offers nothing', async () => {
  const page = await browser.page('phone', { lat: 35.68, lon: 139.76 });
  await page.goto(`${server.url}/evacuate`);
  await here(page);
  const region = await (await fetch(`${server.url}/api/region`)).json();
  await page.getByText(t('evacuate.beyond', { region: region.name })).waitFor();
  assert.equal(await offers(page).count(), 0);
  await isAccessible(page, 'evacuate outside the region');
  await photograph(page, 'evacuate-beyond');
  await page.context().close();
});

test('the map for the own place shows the zones and shelters around, and says what its colours mean', async () => {
  const page = await browser.page('phone');
  await page.goto(`${server.url}/evacuate`);
  const open = page.getByRole('button', { name: t('capture.place.map'), exact: true });
  await open.click();
  const legend = page.getByRole('group', { name: t('map.legend') });
  await legend.getByText('土砂災害警戒区域').waitFor();
  await legend.getByText('架空・訓練用').first().waitFor();
  const canvas = page.locator('.maplibregl-canvas');
  await canvas.focus();
  const signs = page.getByRole('list', { name: t('shelter.legend') });
  // From afar those of which nobody says anything would cover the map.
  assert.equal(await signs.getByText(t('shelter.standing.unsaid')).count(), 0);
  for (let nearer = 0; nearer < 3; nearer += 1) await page.keyboard.press('Equal');
  await signs.getByText(t('shelter.standing.unsaid')).waitFor();
  await isAccessible(page, 'the map for the own place');
  await photograph(page, 'evacuate-picker');
  browser.isUntroubled();
  await page.context().close();
});

test('where the zones of the map cannot be had it is said that none on it means nothing', async () => {
  const page = await browser.page('phone');
  await page.route(/\/api\/hazard\/layers/, (route) => route.abort('connectionrefused'));
  await page.goto(`${server.url}/evacuate`);
  await page.getByRole('button', { name: t('capture.place.map'), exact: true }).click();
  await page.getByText(t('evacuate.map.blank')).waitFor();
  browser.forgive(/ERR_CONNECTION_REFUSED/);
  browser.isUntroubled();
  await page.context().close();
});
