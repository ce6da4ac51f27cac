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
