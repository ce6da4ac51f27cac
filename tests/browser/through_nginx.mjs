// What a browser and other programs meet behind nginx and TLS, as docs/install.md sets them up:
//   node through_nginx.mjs HOST WALL_TOKEN PHOTO
// scripts/try-install runs it beside the Debian that it has made; HOST is that one's loopback.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [host, token, photo] = process.argv.slice(2);
const url = `https://${host}`;
const browser = await chromium.launch({
  executablePath: process.env.SOKUHO_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    `--host-resolver-rules=MAP ${host} 127.0.0.1`,
    '--use-gl=angle',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
  ],
});
// The certificate is one for trials.
const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'ja-JP' });
const page = await context.newPage();
const told = (what) => console.log(`✓ ${what}`);

await page.goto(`http://${host}/?from=plain`);
assert.equal(page.url(), `${url}/?from=plain`);
told('plain HTTP leads to TLS, and the page of residents opens');

const socket = page.waitForEvent('websocket');
await page.goto(`${url}/wall#token=${token}`);
const frame = await (await socket).waitForEvent('framereceived', (frame) => `${frame.payload}`.includes('"hello"'));
assert.match(`${frame.payload}`, /"heartbeat_seconds":15/);
told('the wall has its live stream by WebSocket');

const hello = await page.evaluate(
  () =>
    new Promise((heard, failed) => {
      const events = new EventSource('/api/live/events');
      events.addEventListener('hello', (event) => heard(event.data));
      events.addEventListener('error', () => failed(new Error('the event stream failed')));
    }),
);
assert.ok(JSON.parse(hello).epoch);
told('an event stream is heard at once');

/** Asks the node as the page would; a body is made of bytes. */
const ask = (path, { method, headers, body } = {}) =>
  page.evaluate(
    async ({ path, method, headers, body }) => {
      const answer = await fetch(path, { method, headers, body: body && new Uint8Array(body) });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      return { status: answer.status, headers: Object.fromEntries(answer.headers), bytes: [...bytes] };
    },
    { path, method, headers, body },
  );
const json = ({ bytes }) => JSON.parse(new TextDecoder().decode(new Uint8Array(bytes)));

const bytes = [...readFileSync(photo)];
const uploaded = await ask('/api/media', { method: 'POST', body: bytes });
assert.equal(uploaded.status, 201, new TextDecoder().decode(new Uint8Array(uploaded.bytes)));
const { id, size } = json(uploaded);
assert.equal(size, bytes.length);
told(`a photo of ${size} bytes goes up`);

const authorization = `Bearer ${token}`;
const part = await ask(`/api/media/${id}`, { headers: { authorization, range: 'bytes=1000-1999' } });
assert.equal(part.status, 206);
assert.equal(part.headers['content-range'], `bytes 1000-1999/${size}`);
assert.deepEqual(part.bytes, bytes.slice(1000, 2000));
told('a part of it comes down');

const { offices } = json(await ask('/api/region'));
const now = new Date();
const report = {
  // A UUIDv7 (RFC 9562): milliseconds since 1970, then chance.
  id: crypto.randomUUID().replace(/^.{8}-.{4}-./, () => {
    const time = now.getTime().toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7`;
  }),
  category: 'road_damage',
  words: '路肩が崩れています',
  danger_to_life: false,
  observed_at: now.toISOString(),
  evidence: [{ source: 'pin', position: offices[0].label }],
  chosen: 0,
  media: [id],
  contact: { phone: '0242-00-0000' },
};
const filed = await ask('/api/reports', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: [...new TextEncoder().encode(JSON.stringify(report))],
});
assert.equal(filed.status, 201, new TextDecoder().decode(new Uint8Array(filed.bytes)));
told(`a report with it has number ${json(filed).seq}`);

const large = await page.evaluate(async () => {
  const answer = await fetch('/api/media', { method: 'POST', body: new Uint8Array(45 << 20) });
  return [answer.status, answer.headers.get('content-type')];
});
assert.ok(large[1].startsWith('application/problem+json'), `nginx refuses what the node is to judge: ${large}`);
told(`45 MiB of nothing reach the node, which refuses them itself (${large[0]})`);

const landing = json(await ask('/ogc', { headers: { authorization } }));
assert.ok(
  landing.links.every((link) => link.href.startsWith(url)),
  JSON.stringify(landing.links),
);
told('the node believes nginx that its clients speak TLS');

for (const path of ['/readyz', '/metrics']) {
  assert.equal((await ask(path)).status, 404);
}
told('readiness and metrics are not for strangers');
await browser.close();
