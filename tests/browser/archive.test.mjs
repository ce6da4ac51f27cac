// A drill is over: it leaves the inbox by itself, its incidents can be looked up as they were, by keyboard, and
// when it is opened again they are back without a reload.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, t } from './harness/browser.mjs';
import { administrator, inboxRow, openConsole, sendReport } from './harness/people.mjs';
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

test('a closed drill leaves the inbox, is looked up as it was, and comes back when it is opened again', async () => {
  const [town] = (await server.region()).towns;
  const chief = await administrator(server, town);
  const drill = await chief('/api/operations', { kind: 'drill', name: '総合防災訓練' });
  const page = await browser.page('desk');
  await openConsole(page, server, await server.account('suzuki', '鈴木 一郎', town.code, 'operator'));
  const words = '訓練の土砂くずれ';
  await sendReport(server, { words, ...town.label, operation: drill.id });
  await inboxRow(page, words)
    .getByRole('button', { name: t('status.in_progress') })
    .click();
  await inboxRow(page, words).locator('[aria-pressed=true]').getByText(t('status.in_progress')).waitFor();

  await chief(`/api/operations/${drill.id}/close`);
  await inboxRow(page, words).waitFor({ state: 'detached' });
  await page.locator('[data-drawn="0"]').waitFor();

  await page.getByRole('button', { name: t('archive.title') }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: t('archive.title') }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'archive-title', 'the keyboard has a place');
  await page.keyboard.press('Tab');
  await page
    .getByLabel(t('archive.operation'), { exact: true })
    .selectOption({ label: t('archive.drill', { name: '総合防災訓練' }) });
  await page.getByRole('button', { name: t('archive.show'), exact: true }).focus();
  await page.keyboard.press('Enter');
  const item = page.locator('#archive > li').filter({ hasText: words });
  await item.getByText(t('status.in_progress')).waitFor();
  assert.equal(await item.getByRole('button').count(), 0, 'what is over is only looked at');
  await item.getByText(t('archive.history'), { exact: true }).focus();
  await page.keyboard.press('Enter');
  await item.getByText(t('archive.status', { status: t('status.in_progress') })).waitFor();
  await item.getByText('鈴木 一郎').waitFor();
  await isAccessible(page, 'the archive in the console');

  await page.getByLabel(t('archive.moment')).fill('2020-01-01T00:00');
  await page.getByRole('button', { name: t('archive.show'), exact: true }).click();
  await page.getByText(t('archive.not_begun')).waitFor();
  await item.waitFor({ state: 'detached' });

  await chief(`/api/operations/${drill.id}/reopen`);
  await page.getByText(t('archive.none')).waitFor();
  await page.getByRole('button', { name: t('archive.back') }).click();
  await inboxRow(page, words).locator('[aria-pressed=true]').getByText(t('status.in_progress')).waitFor();
  await page.locator('[data-drawn="1"]').waitFor();
});

test('an administrator opens, closes and reopens a drill by keyboard, and is told what happens before it does', async () => {
  const [town] = (await server.region()).towns;
  const page = await browser.page('desk');
  await openConsole(page, server, await server.account('chief2', '長官', town.code, 'admin'));
  const name = '通信訓練';
  const drill = t('archive.drill', { name });
  const press = async (button) => {
    await button.focus();
    await page.keyboard.press('Enter');
  };
  const dialog = page.getByRole('dialog');
  const answer = (turn) => press(dialog.getByRole('button', { name: t(`operations.${turn}`), exact: true }));

  await press(page.getByRole('button', { name: t('operations.title') }));
  await page.getByRole('heading', { name: t('operations.title') }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'operations-title', 'the keyboard has a place');
  await page.getByLabel(t('operations.kind'), { exact: true }).selectOption('drill');
  await page.getByLabel(t('operations.name'), { exact: true }).fill(name);
  await page.keyboard.press('Enter');
  await dialog.getByText(t('operations.tells.drill')).waitFor();
  await answer('open');
  await page.getByText(t('operations.done.open', { name: drill })).waitFor();
  const close = page.getByRole('button', { name: t('operations.close_named', { name: drill }) });
  await close.waitFor();
  await isAccessible(page, 'the operations in the console');

  const id = await page.evaluate(async (name) => {
    const { operations } = await (await fetch('/api/operations')).json();
    return operations.find((operation) => operation.name === name).id;
  }, name);
  await sendReport(server, { words: '通信途絶の想定', ...town.label, operation: id });
  await press(close);
  await dialog.getByText(t('operations.tells.close')).waitFor();
  await dialog.getByText(t('operations.tells.stays')).waitFor();
  await dialog.getByText(t('operations.tells.unfinished', { n: 1 })).waitFor();
  await isAccessible(page, 'the question whether to close an operation');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.equal(await close.evaluate((button) => button === document.activeElement), true, 'back where one was');

  await press(close);
  await answer('close');
  await page.getByText(t('operations.done.close', { name: drill })).waitFor();
  const reopen = page.getByRole('button', { name: t('operations.reopen_named', { name: drill }) });
  await reopen.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'operations-title');
  await press(page.getByRole('button', { name: t('archive.back') }));
  await page.getByRole('heading', { name: t('console.inbox') }).waitFor();
  assert.equal(await inboxRow(page, '通信途絶の想定').count(), 0);

  await press(page.getByRole('button', { name: t('operations.title') }));
  await press(reopen);
  await dialog.getByText(t('operations.tells.reopen')).waitFor();
  await answer('reopen');
  await page.getByText(t('operations.done.reopen', { name: drill })).waitFor();
  await press(page.getByRole('button', { name: t('archive.back') }));
  await inboxRow(page, '通信途絶の想定').waitFor();
});

test('who is no administrator has no button to close an operation', async () => {
  const [town] = (await server.region()).towns;
  const page = await browser.page('desk');
  await openConsole(page, server, await server.account('tanaka', '田中', town.code, 'operator'));
  await page.getByRole('button', { name: t('archive.title') }).waitFor();
  assert.equal(await page.getByRole('button', { name: t('operations.title') }).count(), 0);
});
