// A report from outside the region has no office: one takes it, by keyboard, and hands it over to another,
// whose console shows it at once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, t } from './harness/browser.mjs';
import { inboxRow, openConsole, sendReport } from './harness/people.mjs';
import { Server } from './harness/server.mjs';

let server;
let browser;

before(async () => {
  server = await Server.start();
  browser = await launch();
});

after(async () => {
  await finish(browser, server);
});

test('an office takes what nobody answers for and hands it over; the other console shows it', async () => {
  const { towns } = await server.region();
  const [own, other] = towns;
  const consoles = [];
  for (const [name, office] of [
    ['suzuki', own],
    ['tanaka', other],
  ]) {
    const page = await browser.page('desk');
    await openConsole(page, server, await server.account(name, name, office.code, 'operator'));
    consoles.push(page);
  }
  const [mine, theirs] = consoles;
  const words = '県境の向こうで山が崩れています';
  await sendReport(server, { words, lat: own.label.lat + 5, lon: own.label.lon, contact: { phone: '0242-00-0000' } });
  for (const page of consoles) await inboxRow(page, words).getByText(t('wall.nobody')).waitFor();
  assert.equal(await mine.getByRole('button', { name: t('console.contact.show') }).count(), 0);

  const category = t('category.hazard');
  await inboxRow(mine, words)
    .getByRole('button', { name: t('console.take_named', { category }) })
    .focus();
  await mine.keyboard.press('Enter');
  await mine.getByText(t('console.taken', { category })).waitFor();
  await inboxRow(mine, words).getByText(t('wall.nobody')).waitFor({ state: 'detached' });
  await inboxRow(theirs, words).waitFor({ state: 'detached' });
  await inboxRow(mine, words).getByLabel(t('console.contact.reason')).fill('現地の場所を確かめるため');
  await inboxRow(mine, words)
    .getByRole('button', { name: t('console.contact.show') })
    .click();
  await mine.getByText('0242-00-0000').waitFor();
  await isAccessible(mine, 'the console with an incident of its own');

  await inboxRow(mine, words).getByText(t('console.hand_over'), { exact: true }).focus();
  await mine.keyboard.press('Enter');
  await mine.getByLabel(t('console.hand_over_to')).focus();
  await mine.getByLabel(t('console.hand_over_to')).selectOption(other.code);
  await isAccessible(mine, 'the console while an incident is handed over');

  await mine.keyboard.press('Tab');
  await mine.keyboard.press('Enter');
  const said = t('console.handed_over', { category, office: other.name });
  await mine.getByRole('status').filter({ hasText: said }).waitFor();
  await inboxRow(mine, words).waitFor({ state: 'detached' });
  assert.equal(await mine.evaluate(() => document.activeElement?.id), 'inbox-title', 'the keyboard has a place');

  await inboxRow(theirs, words).waitFor();
  const news = t('wall.news_office', { category, office: other.name });
  await theirs.locator('[aria-live=polite]').filter({ hasText: news }).waitFor();
  await inboxRow(theirs, words)
    .getByRole('button', { name: t('status.in_progress') })
    .click();
  await inboxRow(theirs, words).locator('[aria-pressed=true]').getByText(t('status.in_progress')).waitFor();
});
