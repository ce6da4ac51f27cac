import { beforeEach, describe, expect, it } from 'vitest';
import type { OfficeSnapshot, ServerFrame, ViewerFrame } from '../wire';
import { LONGEST_ASKED_MS } from './backoff';
import { type Entry, LinkClient, type LinkStatus, RefusedError, type Snapshot, standing } from './client';
import { type Parting, partingOfCode } from './frames';
import type { Ears, Transport } from './transport';

const EPOCH = 'e0000000-0000-4000-8000-000000000001';
const OTHER_EPOCH = 'e0000000-0000-4000-8000-000000000002';

type Opening = { name: string; subscribe: ViewerFrame; ears: Ears; ended: boolean };

/** A client with a server that the test plays by hand, and a clock that stands until it is moved. */
class Stage {
  now = 0;
  openings: Opening[] = [];
  timers: { at: number; call: () => void }[] = [];
  snapshots: { href: string; token: string | undefined; give(s: Snapshot): void; refuse(e: unknown): void }[] = [];
  pictures: Snapshot[] = [];
  seen: number[] = [];
  status: LinkStatus | null = null;
  tokens: (string | undefined | Error)[] = ['token-1'];
  renewed: (string | undefined | Error)[] = [];
  client: LinkClient;

  constructor() {
    this.client = new LinkClient({
      transports: [this.transport('websocket'), this.transport('events')],
      surroundings: {
        now: () => this.now,
        wallClock: () => Date.UTC(2026, 10, 22) + this.now,
        random: () => 0.5,
        after: (ms, call) => {
          const timer = { at: this.now + ms, call };
          this.timers.push(timer);
          return () => {
            this.timers = this.timers.filter((other) => other !== timer);
          };
        },
      },
      token: async () => {
        const token = this.tokens.length > 1 ? this.tokens.shift() : this.tokens[0];
        if (token instanceof Error) throw token;
        return token;
      },
      renew: async () => {
        const token = this.renewed.shift();
        if (token instanceof Error) throw token;
        return token;
      },
      fetchSnapshot: (href, token) =>
        new Promise((give, refuse) => {
          this.snapshots.push({ href, token, give, refuse });
        }),
      onSnapshot: (snapshot) => {
        this.pictures.push(snapshot);
        this.seen = [];
      },
      onEntries: (entries) => this.seen.push(...entries.map((entry) => entry.seq)),
      onStatus: (status) => {
        this.status = status;
      },
    });
  }

  private transport(name: 'websocket' | 'events'): Transport {
    return {
      name,
      open: (subscribe, ears) => {
        const opening: Opening = { name, subscribe, ears, ended: false };
        this.openings.push(opening);
        return {
          end: () => {
            opening.ended = true;
          },
        };
      },
    };
  }

  get line(): Opening {
    const line = this.openings.at(-1);
    if (!line) throw new Error('nothing was opened');
    return line;
  }

  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      await settle();
      const next = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.now = next.at;
      this.timers = this.timers.filter((timer) => timer !== next);
      next.call();
    }
    this.now = until;
    await settle();
  }

  async nextOpening(): Promise<void> {
    const count = this.openings.length;
    while (this.openings.length === count) await this.pass(50);
  }

  async say(...frames: ServerFrame[]): Promise<void> {
    for (const frame of frames) this.line.ears.frame(JSON.stringify(frame));
    await settle();
  }

  async close(parting: Parting): Promise<void> {
    this.line.ears.closed(parting);
    await settle();
  }

  async start(): Promise<void> {
    this.client.start();
    await settle();
  }

  async open(seq = 10, epoch = EPOCH): Promise<void> {
    this.line.ears.opened();
    await this.say(hello(seq, epoch));
  }

  async giveSnapshot(seq: number, epoch = EPOCH): Promise<void> {
    this.snapshots.at(-1)?.give(snapshot(seq, epoch));
    await settle();
  }

  /** Up to a live picture at `seq`. */
  async live(seq = 10): Promise<void> {
    await this.start();
    await this.open(seq);
    await this.say(snapshotAt(seq));
    await this.giveSnapshot(seq);
  }

  get standing() {
    return standing(this.client.status, this.now);
  }
}

const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const hello = (seq: number, epoch = EPOCH): ServerFrame => ({
  type: 'hello',
  node: 'n',
  epoch,
  seq,
  now: '2026-11-22T00:00:02Z',
  heartbeat_seconds: 10,
});
const snapshotAt = (seq: number, epoch = EPOCH): ServerFrame => ({
  type: 'snapshot',
  epoch,
  seq,
  href: '/api/snapshot',
});
const heartbeat = (seq: number): ServerFrame => ({ type: 'heartbeat', seq, now: '2026-11-22T00:00:02Z' });
const entry = (seq: number): Entry => ({ seq, kind: 'report_filed', at: '2026-11-22T00:00:00Z' });
const entries = (after: number, ...seqs: number[]): ServerFrame => ({
  type: 'entries',
  after,
  seq: seqs.at(-1) ?? after,
  entries: seqs.map(entry) as never,
});
const snapshot = (seq: number, epoch: string): OfficeSnapshot => ({
  epoch,
  seq,
  operations: [],
  incidents: [],
  omitted: 0,
  check_ins: [],
});
const RETURN: Parting = { next: 'return' };

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

describe('the first picture', () => {
  it('subscribes with its token and without a position, then takes the snapshot', async () => {
    await stage.start();
    expect(stage.line.subscribe).toEqual({ type: 'subscribe', token: 'token-1', interest: {} });
    await stage.open(10);
    await stage.say(snapshotAt(10));
    expect(stage.snapshots).toMatchObject([{ href: '/api/snapshot', token: 'token-1' }]);
    expect(stage.standing).toBe('connecting');
    await stage.giveSnapshot(10);
    expect(stage.pictures).toHaveLength(1);
    expect(stage.standing).toBe('live');
  });

  it('comes without a token to the public stream', async () => {
    stage.tokens = [undefined];
    await stage.start();
    expect(stage.line.subscribe).not.toHaveProperty('token');
  });

  it('joins a later snapshot and the entries that came meanwhile without a gap and without a duplicate', async () => {
    await stage.start();
    await stage.open(10);
    await stage.say(snapshotAt(10), entries(10, 11, 12), entries(12, 13, 14));
    expect(stage.seen).toEqual([]);
    await stage.giveSnapshot(12);
    expect(stage.seen).toEqual([13, 14]);
    expect(stage.standing).toBe('live');
  });

  it('does not take a snapshot that is older than the stream', async () => {
    await stage.start();
    await stage.open(10);
    await stage.say(snapshotAt(10));
    await stage.giveSnapshot(9);
    expect(stage.pictures).toHaveLength(0);
    await stage.pass(15_000);
    expect(stage.openings.length).toBeGreaterThan(1);
    expect(stage.line.subscribe).not.toHaveProperty('since');
  });

  it('does not take a snapshot of another epoch', async () => {
    await stage.start();
    await stage.open(10);
    await stage.say(snapshotAt(10));
    await stage.giveSnapshot(10, OTHER_EPOCH);
    expect(stage.pictures).toHaveLength(0);
  });

  it('comes back when the snapshot cannot be fetched', async () => {
    await stage.start();
    await stage.open(10);
    await stage.say(snapshotAt(10));
    stage.snapshots[0]?.refuse(new Error('502'));
    await stage.pass(1_000);
    expect(stage.openings).toHaveLength(2);
  });

  it('sets the clock by the hello', async () => {
    await stage.start();
    await stage.open();
    expect(stage.client.status.clockOffsetMs).toBe(2_000);
  });
});

describe('entries', () => {
  it('are handed on once each, in order', async () => {
    await stage.live(10);
    await stage.say(entries(10, 11), entries(10, 11, 12), entries(12, 13));
    expect(stage.seen).toEqual([11, 12, 13]);
  });

  it('that begin after the own position start over: something is missing', async () => {
    await stage.live(10);
    await stage.say(entries(12, 13));
    expect(stage.seen).toEqual([]);
    expect(stage.standing).toBe('connecting');
    await stage.pass(1_000);
    expect(stage.line.subscribe).not.toHaveProperty('since');
  });

  it('that do not concern us move the position all the same', async () => {
    await stage.live(10);
    await stage.say({ type: 'entries', after: 10, seq: 20, entries: [] }, entries(20, 21));
    expect(stage.seen).toEqual([21]);
  });

  it('of a gap within the buffer start over too', async () => {
    await stage.start();
    await stage.open(10);
    await stage.say(snapshotAt(10), entries(10, 11), entries(15, 16));
    await stage.giveSnapshot(10);
    expect(stage.seen).toEqual([11]);
    await stage.pass(1_000);
    expect(stage.line.subscribe).not.toHaveProperty('since');
  });

  it('of unknown frames and garbage are passed over', async () => {
    await stage.live(10);
    stage.line.ears.frame('{');
    stage.line.ears.frame('"x"');
    stage.line.ears.frame('{"type":"weather"}');
    await stage.say(entries(10, 11));
    expect(stage.seen).toEqual([11]);
  });
});

describe('after a cut', () => {
  it('resumes from its epoch and position', async () => {
    await stage.live(10);
    await stage.say(entries(10, 11, 12));
    await stage.close(RETURN);
    expect(stage.standing).toBe('connecting');
    await stage.pass(1_000);
    expect(stage.line.subscribe).toMatchObject({ epoch: EPOCH, since: 12 });
    await stage.open(14);
    expect(stage.standing).toBe('connecting');
    await stage.say(entries(12, 13, 14));
    expect(stage.seen).toEqual([11, 12, 13, 14]);
    expect(stage.pictures).toHaveLength(1);
    expect(stage.standing).toBe('live');
  });

  it('is live again at the hello when nothing happened meanwhile', async () => {
    await stage.live(10);
    await stage.close(RETURN);
    await stage.pass(1_000);
    await stage.open(10);
    expect(stage.standing).toBe('live');
  });

  it('throws the picture away when told to resync', async () => {
    await stage.live(10);
    await stage.close(RETURN);
    await stage.pass(1_000);
    await stage.open(5, OTHER_EPOCH);
    await stage.say({ type: 'resync', reason: 'other_epoch', epoch: OTHER_EPOCH, seq: 5, href: '/api/snapshot?x' });
    await stage.giveSnapshot(5, OTHER_EPOCH);
    expect(stage.pictures.map((picture) => picture.epoch)).toEqual([EPOCH, OTHER_EPOCH]);
    await stage.say(entries(5, 6));
    expect(stage.seen).toEqual([6]);
  });

  it('waits longer each time, with jitter and up to a bound', async () => {
    await stage.live(10);
    const gaps: number[] = [];
    for (let i = 0; i < 8; i++) {
      await stage.close(RETURN);
      const from = stage.now;
      await stage.nextOpening();
      gaps.push(stage.now - from);
    }
    expect(gaps[0]).toBeLessThanOrEqual(1_000);
    expect(gaps.slice(0, 5)).toEqual([...gaps.slice(0, 5)].sort((a, b) => a - b));
    expect(gaps[6]).toBeGreaterThan(7_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(15_050);
  });

  it('waits at least as long as the goodbye asks', async () => {
    await stage.live(10);
    await stage.say({ type: 'goodbye', reason: 'full', retry_after_ms: 5_000 });
    await stage.pass(5_000);
    expect(stage.openings).toHaveLength(1);
    await stage.pass(1_000);
    expect(stage.openings).toHaveLength(2);
  });

  it('waits as long as the snapshot asks', async () => {
    await stage.start();
    await stage.open(10);
    await stage.say(snapshotAt(10));
    stage.snapshots[0]?.refuse(new RefusedError({ next: 'return', askedMs: 5_000 }));
    await stage.pass(5_000);
    expect(stage.openings).toHaveLength(1);
    await stage.pass(1_000);
    expect(stage.openings).toHaveLength(2);
  });

  it('does not stay away for a day because something asked for it', async () => {
    await stage.live(10);
    await stage.say({ type: 'goodbye', reason: 'full', retry_after_ms: 86_400_000 });
    await stage.pass(LONGEST_ASKED_MS + 1_000);
    expect(stage.openings).toHaveLength(2);
  });

  it('does not sit out the wait when the network comes back', async () => {
    await stage.live(10);
    await stage.close(RETURN);
    stage.client.wake();
    await settle();
    expect(stage.openings).toHaveLength(2);
  });

  it('does not hear what an older line still says', async () => {
    await stage.live(10);
    const old = stage.line;
    await stage.close(RETURN);
    await stage.pass(1_000);
    old.ears.frame(JSON.stringify(entries(10, 11)));
    old.ears.closed(RETURN);
    await stage.open(10);
    expect(stage.seen).toEqual([]);
    expect(stage.openings).toHaveLength(2);
  });
});

describe('a silent line', () => {
  it('makes the picture stale after two heartbeats and is given up after three', async () => {
    await stage.live(10);
    await stage.pass(20_000);
    expect(stage.standing).toBe('live');
    await stage.pass(1);
    expect(stage.standing).toBe('stale');
    expect(stage.line.ended).toBe(false);
    await stage.pass(10_000);
    expect(stage.openings[0]?.ended).toBe(true);
    await stage.pass(1_000);
    expect(stage.openings).toHaveLength(2);
    expect(stage.standing).toBe('stale');
  });

  it('is kept by heartbeats', async () => {
    await stage.live(10);
    for (let i = 0; i < 10; i++) {
      await stage.pass(10_000);
      await stage.say(heartbeat(10));
    }
    expect(stage.openings).toHaveLength(1);
    expect(stage.standing).toBe('live');
  });

  it('is left at once when somebody looks after a sleep', async () => {
    await stage.live(10);
    stage.now += 60_000;
    stage.client.wake();
    await stage.pass(1_000);
    expect(stage.openings).toHaveLength(2);
  });

  it('stays stale while coming back fails', async () => {
    await stage.live(10);
    await stage.close(RETURN);
    for (let i = 0; i < 60; i++) await stage.pass(1_000);
    expect(stage.standing).toBe('stale');
    expect(stage.openings.length).toBeGreaterThan(2);
  });
});

describe('the second way', () => {
  it('is tried after two openings that failed, and the first again after two more', async () => {
    await stage.start();
    for (let i = 0; i < 5; i++) {
      await stage.close(RETURN);
      await stage.pass(15_000);
    }
    expect(stage.openings.slice(0, 5).map((opening) => opening.name)).toEqual([
      'websocket',
      'websocket',
      'events',
      'events',
      'websocket',
    ]);
  });

  it('is not tried because a line that stood broke', async () => {
    await stage.live(10);
    for (let i = 0; i < 4; i++) {
      await stage.close(RETURN);
      await stage.pass(2_000);
      await stage.open(10);
    }
    expect(new Set(stage.openings.map((opening) => opening.name))).toEqual(new Set(['websocket']));
  });

  it.each(['full', 'shutdown', 'token_not_yet_known'] as const)(
    'is not tried because the server said %s before its hello; its wait is kept',
    async (reason) => {
      await stage.start();
      for (let i = 1; i <= 4; i++) {
        stage.line.ears.opened();
        await stage.say({ type: 'goodbye', reason, retry_after_ms: 15_000 });
        await stage.pass(15_000);
        expect(stage.openings).toHaveLength(i);
        await stage.nextOpening();
      }
      expect(new Set(stage.openings.map((opening) => opening.name))).toEqual(new Set(['websocket']));
    },
  );

  it('is not tried because of a close code that has such a reason', async () => {
    await stage.start();
    for (let i = 0; i < 4; i++) {
      await stage.close(partingOfCode(4003));
      await stage.nextOpening();
    }
    expect(new Set(stage.openings.map((opening) => opening.name))).toEqual(new Set(['websocket']));
  });

  it('counts an opening without an answer as failed', async () => {
    await stage.start();
    await stage.pass(10_000);
    expect(stage.openings[0]?.ended).toBe(true);
    await stage.pass(26_000);
    expect(stage.openings[2]?.name).toBe('events');
  });
});

describe('a token', () => {
  it('that has expired is renewed, and the client comes back with the new one', async () => {
    stage.renewed = ['token-2'];
    stage.tokens = ['token-1', 'token-2'];
    await stage.live(10);
    await stage.close(partingOfCode(4504));
    expect(stage.line.subscribe).toMatchObject({ token: 'token-2', since: 10 });
  });

  it('that cannot be renewed stops the client, and it says why', async () => {
    stage.renewed = [undefined];
    await stage.live(10);
    await stage.close(partingOfCode(4504));
    expect(stage.client.status).toMatchObject({ phase: 'stopped', reason: 'token_expired' });
  });

  it('that expires at once again and again does not turn in a circle', async () => {
    stage.renewed = ['token-2', 'token-3', 'token-4'];
    await stage.start();
    await stage.close(partingOfCode(4504));
    await stage.close(partingOfCode(4504));
    expect(stage.client.status.phase).toBe('stopped');
    expect(stage.renewed).toHaveLength(2);
  });

  it('that cannot be renewed for want of a network is tried again later', async () => {
    stage.renewed = [new Error('offline'), 'token-2'];
    await stage.live(10);
    await stage.close(partingOfCode(4504));
    expect(stage.client.status.phase).toBe('connecting');
    await stage.pass(1_000);
    expect(stage.openings).toHaveLength(2);
  });

  it.each([
    [4500, 'bad_frame'],
    [4503, 'token_invalid'],
    [4505, 'token_revoked'],
    [4777, 'unknown'],
  ])('or frame that is refused with %i stops the client: %s', async (code, reason) => {
    await stage.live(10);
    await stage.close(partingOfCode(code));
    await stage.pass(60_000);
    expect(stage.openings).toHaveLength(1);
    expect(stage.client.status).toMatchObject({ phase: 'stopped', reason });
  });

  it.each([1000, 1001, 1006, 1011, 4000, 4001, 4004, 4499])('is not blamed for close code %i', async (code) => {
    await stage.live(10);
    await stage.close(partingOfCode(code));
    await stage.pass(1_000);
    expect(stage.openings).toHaveLength(2);
  });

  it('that the snapshot refuses stops the client', async () => {
    await stage.start();
    await stage.open(10);
    await stage.say(snapshotAt(10));
    stage.snapshots[0]?.refuse(new RefusedError({ next: 'stop', reason: 'token_revoked' }));
    await settle();
    expect(stage.client.status).toMatchObject({ phase: 'stopped', reason: 'token_revoked' });
  });

  it('that is over while it is renewed stops the client', async () => {
    stage.renewed = [new RefusedError({ next: 'stop', reason: 'token_revoked' })];
    await stage.live(10);
    await stage.close(partingOfCode(4504));
    expect(stage.client.status).toMatchObject({ phase: 'stopped', reason: 'token_revoked' });
  });

  it('that cannot be had for want of a network is asked for again', async () => {
    stage.tokens = [new Error('offline'), 'token-1'];
    await stage.start();
    expect(stage.openings).toHaveLength(0);
    await stage.pass(1_000);
    expect(stage.openings[0]).toMatchObject({ name: 'websocket', subscribe: { token: 'token-1' } });
  });
});

it('starts again after a stop, and resumes', async () => {
  await stage.live(10);
  stage.client.stop();
  expect(stage.line.ended).toBe(true);
  stage.client.start();
  await settle();
  expect(stage.line.subscribe).toMatchObject({ epoch: EPOCH, since: 10 });
});
