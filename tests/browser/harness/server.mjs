// The shipped binary, started for a journey: a free port, a data folder of its own, and a log in which no
// WARN or ERROR line may stand.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const BINARY = resolve(process.env.SOKUHO_BIN ?? join(import.meta.dirname, '../../../target/debug/sokuho'));
const PASSWORD = 'correct horse battery staple';

/** A program that was built beside the server. */
export const beside = (name) => join(dirname(BINARY), name);

export class Server {
  #data = mkdtempSync(join(tmpdir(), 'sokuho-browser-'));
  #child = null;
  #alarming = [];
  #env;
  #expected;
  port = 0;

  /** `env`: settings. `expected`: lines of its log that a journey causes on purpose. */
  constructor({ env = {}, expected = null } = {}) {
    this.#env = env;
    this.#expected = expected;
  }

  static async start(how) {
    const server = new Server(how);
    await server.startAgain();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get data() {
    return this.#data;
  }

  /** Starts on the same data, and on the same port if it ran before. */
  async startAgain() {
    assert.equal(this.#child, null, 'the server runs still');
    const args = ['serve', '--port', String(this.port), '--data', this.#data];
    const child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...this.#env } });
    this.#child = child;
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (this.#expected?.test(line)) return;
      if (/"level":"(WARN|ERROR)"|panicked at/.test(line)) this.#alarming.push(line);
    });
    await new Promise((listening, failed) => {
      child.once('error', failed);
      child.once('exit', (code) => failed(new Error(`the server ended with code ${code}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /listening on http:\/\/.*:(\d+)/.exec(line);
        if (!found) return;
        this.port = Number(found[1]);
        listening();
      });
    });
  }

  /** Asks it to stop and waits. */
  async stop() {
    const child = this.#child;
    this.#child = null;
    // Not `exit`: what the server said last may still be on its way through the pipes.
    const ended = new Promise((end) => child.once('close', end));
    child.kill('SIGTERM');
    assert.equal(await ended, 0, 'the server did not end well');
  }

  /** Stops it, throws its data away, and looks at its log. */
  async finish() {
    if (this.#child) await this.stop();
    rmSync(this.#data, { recursive: true });
    assert.deepEqual(this.#alarming, [], 'unexpected lines in the log of the server');
  }

  command(args, input = '') {
    return execFileSync(BINARY, [...args, '--data', this.#data], { input, encoding: 'utf8' }).trim();
  }

  /** The address of a wall of the office, with a token that the running server knows. */
  async wallAddress(office) {
    const token = this.command(['token', 'wall', '--office', office]);
    await this.#knows(token);
    return `${this.url}/wall#token=${token}`;
  }

  /** What another process wrote, the running server sees a moment later, and says nothing about it. */
  async #knows(token) {
    const ask = () => fetch(`${this.url}/api/me`, { headers: { authorization: `Bearer ${token}` } });
    for (const end = Date.now() + 10_000; Date.now() < end; await setTimeout(50)) {
      if ((await ask()).ok) return;
    }
    throw new Error('the server does not take the token');
  }

  /** Makes an account that the running server knows; returns what to sign in with. */
  async account(name, display, work, role, home) {
    const where = ['--work', work, ...(home ? ['--home', home] : [])];
    const who = ['--name', name, '--password-stdin', '--display', display, '--role', role];
    this.command(['account', 'add', ...who, ...where], PASSWORD);
    const body = JSON.stringify({ name, password: PASSWORD });
    const headers = { 'content-type': 'application/json' };
    const session = await fetch(`${this.url}/api/sessions`, { method: 'POST', headers, body });
    await this.#knows((await session.json()).access_token);
    return { name, password: PASSWORD };
  }

  async region() {
    const region = await (await fetch(`${this.url}/api/region`)).json();
    const towns = region.offices.filter((office) => office.kind === 'municipality');
    const prefecture = region.offices.find((office) => office.kind === 'prefecture');
    return { towns, prefecture };
  }
}
