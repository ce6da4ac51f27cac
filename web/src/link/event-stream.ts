/** The longest event that we take, characters; a longer one is dropped whole. */
const LONGEST_EVENT = 64 * 1024 * 1024;

/**
 * Reads `text/event-stream` as it trickles in: https://html.spec.whatwg.org/multipage/server-sent-events.html
 * Only `data` matters to us, for the frame says its type itself.
 */
export class EventStreamReader {
  #rest = '';
  #data: string[] = [];
  #length = 0;

  constructor(private readonly onData: (data: string) => void) {}

  /** Takes the next piece of the stream. */
  push(piece: string): void {
    this.#rest += piece;
    let start = 0;
    for (;;) {
      const end = this.#rest.indexOf('\n', start);
      if (end === -1) break;
      this.#line(this.#rest.slice(start, end).replace(/\r$/, ''));
      start = end + 1;
    }
    this.#rest = this.#rest.slice(start);
    if (this.#rest.length > LONGEST_EVENT) throw new RangeError('an event without an end');
  }

  #line(line: string): void {
    if (line === '') {
      if (this.#data.length > 0 && this.#length <= LONGEST_EVENT) this.onData(this.#data.join('\n'));
      this.#data = [];
      this.#length = 0;
    } else if (line.startsWith('data:')) {
      const data = line.slice(line.startsWith('data: ') ? 6 : 5);
      this.#length += data.length;
      if (this.#length <= LONGEST_EVENT) this.#data.push(data);
    }
  }
}
