import type { Interest, ViewerFrame } from '../wire';
import { EventStreamReader } from './event-stream';
import { type Parting, partingOfCode } from './frames';
import { partingOfAnswer } from './refusal';

/** What a transport tells the client. After `closed` it says nothing more. */
export type Ears = {
  /** The line stands; for WebSocket the subscribe frame may go out. */
  opened(): void;
  /** A frame, JSON text. */
  frame(text: string): void;
  /** The line is gone. */
  closed(parting: Parting): void;
};

/** An open or opening line. */
export type Line = {
  /** Ends it; the ears hear nothing of it. */
  end(): void;
};

/** A way to open a line, with what to subscribe to. */
export type Transport = {
  readonly name: 'websocket' | 'events';
  open(subscribe: ViewerFrame, ears: Ears): Line;
};

/** Over WebSocket: the token travels in the first frame, not in an address that proxies write down. */
export function webSocketTransport(path = '/api/live'): Transport {
  return {
    name: 'websocket',
    open(subscribe, ears) {
      const address = new URL(path, location.href);
      address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
      const socket = new WebSocket(address);
      let ended = false;
      socket.onopen = () => {
        if (ended) return;
        socket.send(JSON.stringify(subscribe));
        ears.opened();
      };
      socket.onmessage = (event) => {
        if (!ended && typeof event.data === 'string') ears.frame(event.data);
      };
      socket.onclose = (event) => {
        if (ended) return;
        ended = true;
        ears.closed(partingOfCode(event.code));
      };
      return {
        end() {
          ended = true;
          socket.close(1000);
        },
      };
    },
  };
}

/**
 * Over server-sent events, for networks that let no WebSocket through. Read with fetch and not with
 * EventSource, which cannot carry a token in a header.
 */
export function eventsTransport(path = '/api/live/events'): Transport {
  return {
    name: 'events',
    open(subscribe, ears) {
      const abort = new AbortController();
      void readEvents(path, subscribe, ears, abort.signal);
      return { end: () => abort.abort() };
    },
  };
}

async function readEvents(path: string, subscribe: ViewerFrame, ears: Ears, signal: AbortSignal): Promise<void> {
  const parting = await follow(path, subscribe, ears, signal).catch((): Parting => ({ next: 'return' }));
  if (!signal.aborted) ears.closed(parting);
}

async function follow(path: string, subscribe: ViewerFrame, ears: Ears, signal: AbortSignal): Promise<Parting> {
  const address = new URL(path, location.href);
  if (subscribe.epoch !== undefined && subscribe.since !== undefined) {
    address.searchParams.set('epoch', subscribe.epoch);
    address.searchParams.set('since', String(subscribe.since));
  }
  putInterest(address.searchParams, subscribe.interest);
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (subscribe.token !== undefined) headers.authorization = `Bearer ${subscribe.token}`;
  const response = await fetch(address, { headers, signal, cache: 'no-store' });
  if (!response.ok || !response.body) return partingOfAnswer(response);
  ears.opened();
  const events = new EventStreamReader((data) => {
    if (!signal.aborted) ears.frame(data);
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { next: 'return' };
    events.push(value);
  }
}

/** The same words as in the subscribe frame; lists are separated by commas. */
function putInterest(query: URLSearchParams, interest: Interest = {}): void {
  const { bounds, offices, categories, operation } = interest;
  if (bounds) query.set('bounds', [bounds.west, bounds.south, bounds.east, bounds.north].join(','));
  if (offices) query.set('offices', offices.join(','));
  if (categories) query.set('categories', categories.join(','));
  if (operation !== undefined) query.set('operation', operation);
}
