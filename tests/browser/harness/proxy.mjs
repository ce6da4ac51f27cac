// A network that lets no WebSocket through: it passes requests and answers on, streams among them, and drops
// whoever asks for another protocol.

import { createServer, request } from 'node:http';

export class BlockingProxy {
  #server;
  /** Connections whose stream of events is open. */
  #streams = new Set();
  /** How often somebody asked for another protocol. */
  refused = 0;

  /** Stands before the server at this port. */
  static async before(port) {
    const proxy = new BlockingProxy();
    proxy.#server = createServer((asked, answer) => proxy.#pass(port, asked, answer));
    proxy.#server.on('upgrade', (_, socket) => {
      proxy.refused += 1;
      socket.destroy();
    });
    await new Promise((listening) => proxy.#server.listen(0, '127.0.0.1', listening));
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Cuts every open stream of events; returns how many there were. */
  cut() {
    const cut = [...this.#streams];
    for (const answer of cut) answer.destroy();
    return cut.length;
  }

  async finish() {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #pass(port, asked, answer) {
    const { method, url, headers } = asked;
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answered) => {
      answer.writeHead(answered.statusCode, answered.headers);
      answered.pipe(answer);
      if (answered.headers['content-type'] === 'text/event-stream') {
        this.#streams.add(answer);
        answer.once('close', () => this.#streams.delete(answer));
      }
    });
    onward.on('error', () => answer.destroy());
    answer.once('close', () => onward.destroy());
    asked.pipe(onward);
  }
}

/** A proxy before a server that is down now and then, is slow, or is another one after an upgrade. GET alone. */
export class ProxyBefore {
  #server;
  /** Answers in the place of the server, as proxies do. */
  down = false;
  /** Paths to which no answer comes. */
  holds = /^$/;
  /** What becomes of the texts at these paths. */
  changes = new Map();

  constructor(port) {
    this.#server = createServer(async ({ url, headers }, answer) => {
      if (this.down) {
        return answer.writeHead(502, { 'content-type': 'text/html' }).end('<title>502</title><h1>502 Bad Gateway</h1>');
      }
      if (this.holds.test(url)) return;
      const { accept, 'accept-language': language } = headers;
      const answered = await fetch(`http://127.0.0.1:${port}${url}`, {
        headers: { accept, ...(language && { 'accept-language': language }) },
      });
      const change = this.changes.get(url);
      const body = Buffer.from(await answered.arrayBuffer());
      const kept = ['content-type', 'cache-control', 'content-security-policy', 'service-worker-allowed'];
      for (const name of kept) if (answered.headers.has(name)) answer.setHeader(name, answered.headers.get(name));
      answer.writeHead(answered.status).end(change ? change(body.toString()) : body);
    });
  }

  /** Stands before the server at this port. */
  static async before(port) {
    const proxy = new ProxyBefore(port);
    await new Promise((listening) => proxy.#server.listen(0, '127.0.0.1', listening));
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  async finish() {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
