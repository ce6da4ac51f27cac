// A photo and a video taken in the page, with the camera that Chromium plays.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CAMERA, finish, isAccessible, launch, photograph, picturesAreDrawn, t } from './harness/browser.mjs';
import { inboxRow, openConsole, openWall, row, signIn } from './harness/people.mjs';
import { Server } from './harness/server.mjs';

let server;
let browser;

before(async () => {
  server = await Server.start();
  browser = await launch(CAMERA);
});

after(async () => {
  await finish(browser, server);
});

/** Keeps what the page was given of camera and microphone, so that one can ask whether it still runs. */
function rememberStreams() {
  const media = navigator.mediaDevices;
  const ask = media.getUserMedia.bind(media);
  window.tracks = [];
  media.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
}

const tracks = (page) => page.evaluate(() => window.tracks.map(({ kind, readyState }) => `${kind} ${readyState}`));

test('a photo and a video taken in the page reach wall and console, and the camera is let go', async () => {
  const { towns } = await server.region();
  const [own] = towns;
  const wall = await browser.page('desk');
  await openWall(wall, await server.wallAddress(own.code));
  const desk = await browser.page('desk');
  await openConsole(desk, server, await server.account('suzuki', '鈴木 一郎', own.code, 'operator'));
  const phone = await browser.page('phone', own.label);
  await phone.addInitScript(rememberStreams);
  await signIn(phone, `${server.url}/field`, await server.account('sato', '佐藤 花子', own.code, 'field'));

  await phone.getByRole('button', { name: t('capture.camera.open') }).click();
  const camera = phone.getByRole('dialog', { name: t('capture.camera.title') });
  // Once the finder shows a picture there is one to take.
  await camera.locator('video').evaluate((finder) => new Promise((drawn) => finder.requestVideoFrameCallback(drawn)));
  await camera.getByText(t('capture.camera.position', { accuracy: '±8 m' })).waitFor();
  await isAccessible(phone, 'the camera');
  await photograph(phone, 'camera');
  await camera.getByRole('button', { name: t('capture.camera.shutter') }).click();
  await camera.getByRole('button', { name: t('capture.camera.done', { n: 1 }) }).waitFor();
  await camera.getByRole('button', { name: t('capture.camera.record') }).click();
  await camera.getByText(t('capture.camera.recording', { seconds: 1 })).waitFor();
  assert.deepEqual(await tracks(phone), ['video live', 'audio live']);
  await camera.getByRole('button', { name: t('capture.camera.stop') }).click();
  const done = camera.getByRole('button', { name: t('capture.camera.done', { n: 2 }) });
  await done.waitFor();
  assert.deepEqual(await tracks(phone), ['video live', 'audio ended'], 'the microphone serves the video alone');
  await done.click();
  await camera.waitFor({ state: 'detached' });
  assert.deepEqual(await tracks(phone), ['video ended', 'audio ended'], 'the light of the camera is off');

  const sent = phone.getByText(t('capture.file.done'));
  await sent.nth(1).waitFor();
  const words = '画面の中で撮った写真と動画';
  await phone.getByRole('radio', { name: t('category.hazard') }).check();
  await phone.getByLabel(t('field.words')).fill(words);
  await photograph(phone, 'camera-taken');
  await phone.getByRole('button', { name: t('field.send') }).click();
  await phone.getByRole('heading', { name: t('send.done') }).waitFor();

  await row(wall, words).waitFor();
  await picturesAreDrawn(row(wall, words));
  const links = inboxRow(desk, words).locator('.media a');
  await links.nth(1).waitFor();
  await picturesAreDrawn(inboxRow(desk, words));
  const originals = await links.evaluateAll((all) => all.map(({ href }) => href));
  const types = await Promise.all(originals.map(async (href) => (await fetch(href)).headers.get('content-type')));
  assert.deepEqual(types, ['image/jpeg', 'video/mp4']);
  // What the page filmed, the page plays.
  const seconds = await desk.evaluate(async (source) => {
    const video = document.createElement('video');
    video.muted = true;
    const ended = new Promise((end, fail) => {
      video.onended = end;
      video.onerror = () => fail(video.error);
    });
    video.src = source;
    await video.play();
    await ended;
    return video.currentTime;
  }, originals[1]);
  assert.ok(seconds >= 1, `${seconds} s`);
});
