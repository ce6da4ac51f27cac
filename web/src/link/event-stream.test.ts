import { expect, it } from 'vitest';
import { EventStreamReader } from './event-stream';

function read(...pieces: string[]): string[] {
  const events: string[] = [];
  const reader = new EventStreamReader((data) => events.push(data));
  for (const piece of pieces) reader.push(piece);
  return events;
}

it('gives the data of each event', () => {
  expect(read('event: hello\ndata: {"a":1}\n\nevent: entries\ndata: {"b":2}\n\n')).toEqual(['{"a":1}', '{"b":2}']);
});

it('does not mind where the pieces are cut', () => {
  const text = 'data: first\r\n\r\n: a comment\n\ndata:second\ndata: line\n\n';
  for (let cut = 0; cut <= text.length; cut++) {
    expect(read(text.slice(0, cut), text.slice(cut))).toEqual(['first', 'second\nline']);
  }
});

it('gives nothing for an event that has not ended', () => {
  expect(read('data: half\n')).toEqual([]);
});
