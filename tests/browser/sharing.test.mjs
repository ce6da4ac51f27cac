// One report, every screen: a resident and a staff member send from their phones, three walls and the
// prefecture's show both.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, picturesAreDrawn, t } from './harness/browser.mjs';
import { drawnPhoto, openWall, pickPhoto, realPhoto, residentReports, row, signIn } from './harness/people.mjs';
import { Server } from './harness/server.mjs';

let server;
let browser;
let own;
let employer;
let walls;

before(async () => {
  server = await Server.start();
  browser = await launch();
  const region = await server.region();
  [own, employer] = region.towns;
  walls = [];
  for (const office of [own, employer, region.towns[2], region.prefecture]) {
    const page = await browser.page('desk');
    await openWall(page, await server.wallAddress(office.code));
    walls.push(page);
  }
});

after(async () => {
  await finish(browser, server);
});

test('a resident reports with a photo; three walls and the prefecture show it', async () => {
  const phone = await browser.page('phone');
  const words = '路肩が崩れて、車が通れません';
  await residentReports(phone, server, { photo: drawnPhoto(own.label), category: 'road_damage', words });
  await phone.getByText(own.name).first().waitFor();
  await isAccessible(phone, 'the receipt card');

  for (const wall of walls) {
    const shown = row(wall, words);
    await shown.waitFor();
    assert.match(await shown.textContent(), new RegExp(`${own.name}[^]*${t('wall.resident')}`));
    await picturesAreDrawn(shown);
  }

  await phone.getByRole('link', { name: t('send.done.open') }).click();
  await phone.getByText(t('status.received.meaning')).waitFor();
  await phone.getByText(words).waitFor();
  await isAccessible(phone, 'the receipt page');
});

test('a staff member checks in at home and reports; the walls name both offices', async () => {
  const account = await server.account('sato', '佐藤 花子', employer.code, 'field', own.code);
  const phone = await browser.page('phone', own.label);
  await signIn(phone, `${server.url}/field`, account);
  await phone.getByRole('button', { name: t('field.duty.home', { office: own.name }) }).click();
  await phone.getByText(t('field.acting', { office: own.name })).waitFor();

  const words = '裏山から水が噴き出しています';
  await pickPhoto(phone, t('capture.media.pick'), drawnPhoto(own.label, 2));
  await phone.getByRole('radio', { name: t('category.hazard') }).check();
  await phone.getByRole('switch', { name: t('field.danger') }).check();
  await phone.getByLabel(t('field.words')).fill(words);
  await phone.getByRole('button', { name: t('field.send') }).click();
  await phone.getByRole('heading', { name: t('send.done') }).waitFor();
  await isAccessible(phone, 'the field page after sending');

  for (const wall of walls) {
    const shown = row(wall, words);
    await shown.waitFor();
    const text = await shown.textContent();
    assert.ok(text.includes(t('wall.staff_elsewhere', { office: own.name, employer: employer.name })), text);
    assert.ok(text.includes(t('wall.danger')), text);
    await picturesAreDrawn(shown);
  }
});

test('a photo from far away is one witness; the resident chooses the phone’s own place', async (context) => {
  const photo = realPhoto();
  if (!photo) return context.skip('shared data is absent');
  const phone = await browser.page('phone', own.label);
  const words = '写真の場所ではなく、ここです';
  await residentReports(phone, server, { photo, category: 'other', words, device: true });

  const shown = row(walls[0], words);
  await shown.waitFor();
  assert.ok((await shown.textContent()).includes(own.name));
});
