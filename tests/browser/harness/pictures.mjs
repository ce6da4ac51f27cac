// Another server that draws maps in pictures: each of one colour, so that a screen can be asked what it shows.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

const EDGE = 256;

/** A picture of one colour: red, green and blue, 0 to 255. */
function png(colour) {
  const chunk = (kind, data) => {
    const named = Buffer.concat([Buffer.from(kind), data]);
    const number = (value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    };
    return Buffer.concat([number(data.length), named, number(crc32(named))]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(EDGE, 0);
  head.writeUInt32BE(EDGE, 4);
  // Eight bits of each colour.
  head.set([8, 2], 8);
  const row = Buffer.from([0, ...Array(EDGE).fill(colour).flat()]);
  const rows = deflateSync(Buffer.concat(Array(EDGE).fill(row)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

export class Pictures {
  #server;
  #folder = mkdtempSync(join(tmpdir(), 'sokuho-pictures-'));
  /** The addresses that were asked for. */
  asked = [];
  /** Whether the line to it is cut. */
  cut = false;

  /** `sources`: id, name, attribution and colour of each. */
  static async start(sources) {
    const pictures = new Pictures();
    const drawn = new Map(sources.map(({ id, colour }) => [id, png(colour)]));
    pictures.#server = createServer((request, response) => {
      pictures.asked.push(request.url);
      const picture = drawn.get(request.url.split('/')[1]);
      if (pictures.cut || !picture) request.socket.destroy();
      else response.writeHead(200, { 'content-type': 'image/png', connection: 'close' }).end(picture);
    });
    await new Promise((listening) => pictures.#server.listen(0, '127.0.0.1', listening));
    const at = `http://127.0.0.1:${pictures.#server.address().port}`;
    const listed = sources.map(({ id, name, attribution }) => ({
      ...{ id, name, attribution, english: id, kind: 'raster', terms: 'none', minzoom: 5, maxzoom: 16 },
      url: `${at}/${id}/{z}/{x}/{y}.png`,
    }));
    writeFileSync(pictures.list, JSON.stringify({ sources: listed }));
    return pictures;
  }

  /** The list of its sources, as a file. */
  get list() {
    return join(this.#folder, 'sources.json');
  }

  async finish() {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
    rmSync(this.#folder, { recursive: true });
  }
}
