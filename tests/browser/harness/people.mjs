// What the people of the journeys do, by the words that they read on their screens.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { t } from './browser.mjs';
import { beside } from './server.mjs';

/** A photo of a broken road with a place in its EXIF. */
export function drawnPhoto({ lat, lon }, seed = 1) {
  const args = ['--lat', String(lat), '--lon', String(lon), '--seed', String(seed)];
  const buffer = execFileSync(beside('photo'), args, { maxBuffer: 50_000_000 });
  return { name: 'road.jpg', mimeType: 'image/jpeg', buffer };
}

/** A photo that a camera took, with its place far away; `null` where the shared data is absent. */
export function realPhoto() {
  const folder = process.env.SOKUHO_SHARED_DATA ?? join(import.meta.dirname, '../../../../shared/data');
  const file = join(folder, 'photos/gps/DSCN0010.jpg');
  if (!existsSync(file)) return null;
  return { name: 'DSCN0010.jpg', mimeType: 'image/jpeg', buffer: readFileSync(file) };
}

/** Opens a wall and waits until it is live. */
export async function openWall(page, address) {
  await page.goto(address);
  await page.getByText(t('link.live'), { exact: true }).first().waitFor();
}

/** The row of a wall that shows these words. */
export const row = (page, words) => page.locator('#pinned > li, #newest > li').filter({ hasText: words });

/** Picks a photo and waits until the server has it. */
export async function pickPhoto(page, label, photo) {
  await page.getByLabel(label).setInputFiles(photo);
  await page.getByText(t('capture.file.done')).waitFor();
}

/** Fills in and sends the resident's form; returns when the receipt is there. */
export async function residentReports(page, server, { photo, category, words, device }) {
  await page.goto(server.url);
  await page.getByRole('radio', { name: t(`category.${category}`) }).check();
  await pickPhoto(page, t('capture.photos.pick'), photo);
  if (device) {
    await page.getByRole('button', { name: t('capture.place.device') }).click();
    await page.getByRole('radio', { name: t('capture.source.device') }).check();
  }
  await page.getByLabel(t('capture.words')).fill(words);
  await page.getByRole('button', { name: t('send.button'), exact: true }).click();
  await page.getByRole('heading', { name: t('send.done') }).waitFor();
}

/** The item of an inbox that shows these words. */
export const inboxRow = (page, words) => page.locator('#inbox > li').filter({ hasText: words });

/** A resident's report of danger without a photo, sent as the page sends it. */
export async function sendReport(server, { words, lat, lon, contact, operation }) {
  const position = { lat, lon };
  const report = {
    id: uuid7(),
    category: 'hazard',
    words,
    danger_to_life: false,
    observed_at: new Date().toISOString(),
    evidence: [{ source: 'pin', position }],
    chosen: 0,
    media: [],
    contact,
    operation,
  };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${server.url}/api/reports`, { method: 'POST', headers, body: JSON.stringify(report) });
  assert.equal(answer.status, 201, await answer.text());
}

/** RFC 9562, section 5.7. The journeys know the binary and the wire, not the sources of the pages. */
export function uuid7() {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** Signs in on the field page or the console. */
export async function signIn(page, address, { name, password }) {
  await page.goto(address);
  await page.getByLabel(t('field.sign_in.name')).fill(name);
  await page.getByLabel(t('field.sign_in.password'), { exact: true }).fill(password);
  await page.getByRole('button', { name: t('field.sign_in'), exact: true }).click();
}

/** Opens the console and waits until it is live. */
export async function openConsole(page, server, account) {
  await signIn(page, `${server.url}/console`, account);
  await page.getByRole('heading', { name: t('console.inbox') }).waitFor();
  await page.getByText(t('link.live'), { exact: true }).first().waitFor();
}

/** What an administrator's program does. */
export async function administrator(server, town) {
  const { name, password } = await server.account('chief', '長官', town.code, 'admin');
  const send = async (path, body, token) => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  };
  const { access_token } = await send('/api/sessions', { name, password });
  return (path, body = {}) => send(path, { id: uuid7(), ...body }, access_token);
}

/** The shelters that /evacuate offers. */
export const offers = (page) => page.locator('section[aria-labelledby="offers-title"] > ol > li');

/** Says on /evacuate where one stands, by the degrees. */
export async function standAt(page, { lat, lon }) {
  const typed = page.getByLabel(t('capture.place.lat'));
  const change = page.getByRole('button', { name: t('evacuate.where.change') });
  if (await change.isVisible()) await change.click();
  if (!(await typed.isVisible())) await page.getByText(t('capture.place.typed')).click();
  await typed.fill(String(lat));
  await page.getByLabel(t('capture.place.lon')).fill(String(lon));
  await page.getByRole('button', { name: t('capture.place.use_typed') }).click();
}
