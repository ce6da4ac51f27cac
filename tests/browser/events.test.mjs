// Where WebSocket is blocked: server-sent events with an interest, read by a browser's own EventSource.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, launch } from './harness/browser.mjs';
import { sendReport } from './harness/people.mjs';
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

test('a browser hears by server-sent events of the offices that it asked for, and of no other', async () => {
  const { towns } = await server.region();
  const [own, other] = towns;
  const page = await browser.page('phone');
  await page.goto(server.url);
  // Collects what comes until the own office's second report is there.
  const opened = await page.evaluateHandle((offices) => {
    const heard = [];
    const source = new EventSource(`/api/live/events?offices=${offices}`);
    const begun = new Promise((begin) => source.addEventListener('snapshot', begin, { once: true }));
    const done = new Promise((end) => {
      source.addEventListener('entries', ({ data, lastEventId }) => {
        heard.push(...JSON.parse(data).entries.map((entry) => ({ ...entry, lastEventId })));
        if (heard.length === 2) end(heard);
      });
    });
    return { begun, done };
  }, own.code);
  await opened.evaluate(({ begun }) => begun.then(() => undefined));

  for (const { label } of [own, other, own]) await sendReport(server, { words: '', ...label });

  const heard = await opened.evaluate(({ done }) => done);
  assert.deepEqual(
    heard.map(({ seq, incident }) => [seq, incident.responsible]),
    [
      [1, own.code],
      [3, own.code],
    ],
  );
  assert.match(heard[1].lastEventId, /^[0-9a-f-]{36}:3$/, 'where a browser goes on by itself');
  assert.equal(heard[0].incident.reports, undefined, 'the public encoding');
});
