// A phone on which /evacuate was opened once, and then has no network: where one stands, which shelters there are, what
// lies between. And the console that opens a shelter, the wall that counts it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, photograph, t } from './harness/browser.mjs';
import { administrator, offers, openConsole, openWall, sendReport, standAt } from './harness/people.mjs';
import { Server } from './harness/server.mjs';

let server;
let browser;
let town;
let shelters;
let operator;

before(async () => {
  server = await Server.start();
  browser = await launch();
  ({
    towns: [town],
  } = await server.region());
  const list = await (await fetch(`${server.url}/api/shelters`)).json();
  shelters = list.shelters.filter(({ municipality }) => municipality === town.code);
  operator = await server.account('suzuki', '鈴木', town.code, 'operator');
});

after(async () => {
  await finish(browser, server);
});

test('an operator opens a shelter by the keyboard, and the wall and every map have it at once', async () => {
  const desk = await browser.page('desk');
  await openConsole(desk, server, operator);
  const wall = await browser.page('desk');
  await openWall(wall, await server.wallAddress(town.code));
  const [shelter] = shelters;
  const change = desk.getByRole('button', { name: t('shelter.change_named', { name: shelter.name }), exact: true });
  await change.focus();
  await desk.keyboard.press('Enter');
  const form = desk.getByRole('form', { name: t('shelter.change_named', { name: shelter.name }) });
  await form.getByRole('radio', { name: t('shelter.standing.open') }).check();
  await form.getByLabel(t('shelter.people')).fill('２３人');
  await form.getByRole('button', { name: t('shelter.save') }).click();
  await form.getByText(t('shelter.people.wrong')).waitFor();
  await form.getByLabel(t('shelter.people')).fill('２３');
  await isAccessible(desk, 'the console with a shelter that is being opened');
  await desk.keyboard.press('Enter');
  const row = desk.locator('section[aria-labelledby="shelters-title"] li').filter({ hasText: shelter.name });
  await row.getByText(t('shelter.people_n', { n: 23 })).waitFor();
  await row.getByText('鈴木').waitFor();
  await form.waitFor({ state: 'detached' });
  await wall
    .locator('.sums')
    .getByText(t('shelter.people_n', { n: 23 }))
    .waitFor();
  await photograph(desk, 'shelters-console');
  await isAccessible(wall, 'the wall with shelters');
  await photograph(wall, 'shelters-wall');
  await desk.context().close();
  await wall.context().close();
});

test('a phone that opened the page once goes on without a network, and says how old its picture is', async () => {
  const at = { lat: town.label.lat, lon: town.label.lon };
  const target = shelters[0];
  // Something in the way to the shelter that is open.
  const way = { lat: (at.lat + target.position.lat) / 2, lon: (at.lon + target.position.lon) / 2 };
  await sendReport(server, { words: '道がふさがれている', ...way });
  const page = await browser.page('phone', at);
  await page.goto(`${server.url}/evacuate`);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.getByRole('button', { name: t('capture.place.device') }).click();

  const first = offers(page).first();
  await first.getByRole('heading', { name: target.name }).waitFor();
  assert.equal(await offers(page).count(), 1, 'the one that is open, and no other');
  await first.getByText(t('evacuate.between.damage', { n: 1 })).waitFor();
  await page.getByText(t('evacuate.straight')).waitFor();
  await page.getByText(t('evacuate.invented')).waitFor();
  await page.getByText(t('evacuate.zones.squares')).waitFor();
  const where = await first.locator('.where').textContent();
  assert.match(where, /^(北|北東|東|南東|南|南西|西|北西) \d+ m$/, where);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it fits the phone');
  await isAccessible(page, 'evacuate');
  await photograph(page, 'evacuate');
  await first.scrollIntoViewIfNeeded();
  await photograph(page, 'evacuate-offers');

  // The fallback says that it is one.
  await page.getByText(t('evacuate.from')).click();
  await page.getByRole('checkbox', { name: t('danger.tsunami') }).check();
  await page.getByText(t('evacuate.why.unfit')).waitFor();
  await page.getByRole('checkbox', { name: t('danger.tsunami') }).uncheck();

  // The line is cut: not the browser's cache, but a reload and a new start of the page.
  await page.context().setOffline(true);
  await page.reload();
  await page.getByRole('heading', { name: t('evacuate.title') }).waitFor();
  await standAt(page, at);
  await offers(page).first().getByRole('heading', { name: target.name }).waitFor();
  await offers(page)
    .first()
    .getByText(t('evacuate.between.damage', { n: 1 }))
    .waitFor();
  await page.getByText(t('evacuate.offline')).waitFor();
  await isAccessible(page, 'evacuate without a network');
  await photograph(page, 'evacuate-offline');
  await page
    .getByText(`${at.lat.toFixed(5)}, ${at.lon.toFixed(5)}`, { exact: true })
    .first()
    .waitFor();

  // Another language is at hand too.
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByText('Nothing newer can be had: this is what was fetched before.').waitFor();
  await page.context().setOffline(false);
  browser.forgive(/ERR_INTERNET_DISCONNECTED|Failed to load resource/);
  await page.context().close();
});

test('a shelter that is opened in a drill stays shut for residents, and offices see both', async () => {
  const chief = await administrator(server, town);
  const drill = await chief('/api/operations', { kind: 'drill', name: '総合防災訓練' });
  const shelter = shelters[1];
  const desk = await browser.page('desk');
  await openConsole(desk, server, operator);
  const wall = await browser.page('desk');
  await openWall(wall, await server.wallAddress(town.code));
  const change = t('shelter.change_named', { name: shelter.name });
  await desk.getByRole('button', { name: change, exact: true }).click();
  const form = desk.getByRole('form', { name: change });
  await form.getByText(t('shelter.public_hint')).waitFor();
  await form.getByRole('radio', { name: '総合防災訓練' }).check();
  await form.getByText(t('shelter.drill_hint')).waitFor();
  await isAccessible(desk, 'the console with a shelter that is being opened in a drill');
  await photograph(desk, 'shelters-drill-form');
  await form.getByRole('radio', { name: t('shelter.standing.open') }).check();
  await form.getByRole('button', { name: t('shelter.save_drill') }).click();
  const row = desk.locator('section[aria-labelledby="shelters-title"] .row').filter({ hasText: shelter.name });
  await row.locator('.drilled').getByText(t('shelter.standing.open')).waitFor();
  await row.getByText(t('shelter.standing.unsaid')).waitFor();
  await wall
    .locator('.sums')
    .getByText(t('count.beside', { n: 1 }))
    .waitFor();
  // The map goes to it, and its table says the same.
  await row.getByRole('button', { name: shelter.name, exact: true }).click();
  await photograph(desk, 'shelters-drill-console');
  await wall.getByRole('button', { name: t('table.show') }).click();
  await wall.getByRole('button', { name: t('table.of.shelters'), exact: true }).click();
  const listed = wall.locator('tbody tr').filter({ hasText: shelter.name }).locator('td').first();
  assert.deepEqual((await listed.allInnerTexts())[0].split(/\s+/), [
    t('shelter.standing.unsaid'),
    t('app.drill'),
    t('shelter.standing.open'),
  ]);
  await photograph(wall, 'shelters-drill-table');
  await wall.getByRole('button', { name: t('table.back') }).click();
  await photograph(wall, 'shelters-drill-wall');

  // The phone stands at its door, and is sent to the one that is really open.
  const phone = await browser.page('phone', shelter.position);
  const answer = phone.waitForResponse('**/api/shelters');
  await phone.goto(`${server.url}/evacuate`);
  const told = await (await answer).json();
  assert.deepEqual(
    told.statuses.map((status) => status.shelter),
    [shelters[0].id],
  );
  await phone.getByRole('button', { name: t('capture.place.device') }).click();
  await offers(phone).first().getByRole('heading', { name: shelters[0].name }).waitFor();
  assert.equal(await offers(phone).count(), 1);
  await phone.context().close();

  await chief(`/api/operations/${drill.id}/close`);
  await row.locator('.drilled').waitFor({ state: 'detached' });
  await desk.context().close();
  await wall.context().close();
});

test('where no shelter near by is open the nearest are shown with the one that is, and it is said that they may be shut', async () => {
  const away = (await server.region()).towns[1];
  const page = await browser.page('phone', { lat: away.label.lat, lon: away.label.lon });
  await page.goto(`${server.url}/evacuate`);
  await page.getByText(t('evacuate.from')).click();
  for (const danger of ['flood', 'earthquake'])
    await page.getByRole('checkbox', { name: t(`danger.${danger}`) }).check();
  await page.getByRole('button', { name: t('capture.place.device') }).click();
  await offers(page).first().waitFor();
  const words = [t('evacuate.why.far', { distance: '5 km' }), t('shelter.standing.unsaid')];
  for (const word of words) await page.getByText(word).first().waitFor();
  await offers(page).last().getByRole('heading', { name: shelters[0].name }).waitFor();
  await page.context().close();
});
