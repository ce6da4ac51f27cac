import type {
  GoodbyeReason,
  Interest,
  OfficeEntry,
  OfficeSnapshot,
  PublicEntry,
  PublicSnapshot,
  ServerFrame,
} from '../wire';
import { waitMs } from './backoff';
import { type Parting, partingOf, readFrame } from './frames';
import type { Line, Transport } from './transport';

export type Snapshot = OfficeSnapshot | PublicSnapshot;
export type Entry = OfficeEntry | PublicEntry;

/** Why a client does not come back by itself. */
export type StopReason = GoodbyeReason | 'unknown' | 'signed_out';

/** How the client stands. */
export type LinkStatus = {
  /**
   * `connecting`: no line, or the picture is still on its way; `live`: the picture follows the log;
   * `stopped`: it will not come back by itself.
   */
  phase: 'connecting' | 'live' | 'stopped';
  /** Why it stopped. */
  reason: StopReason | null;
  /** When the picture was last known to be right, on the client's clock; `null`: there is no picture yet. */
  freshAt: number | null;
  /** The server sends at least one frame in this time, milliseconds. */
  heartbeatMs: number;
  /** The server's clock minus this device's, milliseconds. */
  clockOffsetMs: number;
  /** How the frames travel. */
  over: Transport['name'] | null;
};

/** Time and chance, which enter from outside. */
export type Surroundings = {
  /** Milliseconds on a clock that never jumps. */
  now(): number;
  /** The device's wall clock, milliseconds since 1970, UTC. */
  wallClock(): number;
  /** 0 ≤ r < 1 */
  random(): number;
  /** Calls back once after `ms`; gives what undoes it. */
  after(ms: number, call: () => void): () => void;
};

/** A token or a snapshot cannot be had, and what to do about it. Any other error means: try again later. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  constructor(readonly parting: Parting) {
    super(`refused: ${parting.next}`);
  }
}

const partingOfError = (error: unknown): Parting =>
  error instanceof RefusedError ? error.parting : { next: 'return' };

export type LinkOptions<S = Snapshot, E = Entry> = {
  /** In order of preference. */
  transports: readonly [Transport, ...Transport[]];
  surroundings: Surroundings;
  /** The token to come with; without one the public stream. May throw [`RefusedError`]. */
  token(): Promise<string | undefined> | string | undefined;
  /** Another token after the last one expired; `undefined`: there is none. */
  renew?(): Promise<string | undefined>;
  /** Fetches the snapshot; throws [`RefusedError`] where coming back with the same will not help. */
  fetchSnapshot(href: string, token: string | undefined, signal: AbortSignal): Promise<S>;
  /** Throw the picture away, this is the new one. */
  onSnapshot(snapshot: S): void;
  /** Everything after the last position, in order, each once. */
  onEntries(entries: readonly E[]): void;
  onStatus(status: LinkStatus): void;
  interest?: Interest;
};

type EntriesFrame<E> = Extract<ServerFrame<E>, { type: 'entries' }>;

/** Openings in a row that may fail before the next way is tried. */
const FAILED_OPENINGS = 2;
/** How long an opening may take, milliseconds. */
const OPENING_MS = 10_000;
/** How long a snapshot may take, milliseconds. Slow phones have slow lines. */
const SNAPSHOT_MS = 90_000;
/** Entries that wait at most for a snapshot. */
const LONGEST_BUFFER = 20_000;
/** Heartbeats that may be missed before the line is taken for dead. */
const MISSED_HEARTBEATS = 3;

/**
 * Follows the log: subscribes, takes the snapshot, merges, resumes after a cut, starts over when told or when
 * something is missing. Knows neither sockets nor screens. `S` and `E` are what the token's audience gets.
 */
export class LinkClient<S extends { epoch: string; seq: number } = Snapshot, E extends { seq: number } = Entry> {
  #status: LinkStatus = {
    phase: 'connecting',
    reason: null,
    freshAt: null,
    heartbeatMs: 15_000,
    clockOffsetMs: 0,
    over: null,
  };
  /** Everything up to here is in the picture. */
  #position: { epoch: string; seq: number } | null = null;
  /** Not null while a snapshot is on its way: what came meanwhile. */
  #waiting: { frames: EntriesFrame<E>[]; entries: number; abort: AbortController } | null = null;
  #line: Line | null = null;
  #greeted = false;
  #token: string | undefined;
  #attempt = 0;
  #failedOpenings = 0;
  #renewedInVain = false;
  #cancelTimer: (() => void) | null = null;
  #retrying = false;
  /** When the last frame came, on the client's clock. */
  #heardAt = 0;
  /** Which connection is current; what older ones still say is not heard. */
  #generation = 0;

  constructor(private readonly options: LinkOptions<S, E>) {}

  get status(): LinkStatus {
    return this.#status;
  }

  /** Starts, also after a stop. */
  start(): void {
    if (this.#line || this.#retrying) return;
    this.#renewedInVain = false;
    this.#set({ phase: 'connecting', reason: null });
    void this.#connect();
  }

  /** Ends for good, until `start`. */
  stop(reason: StopReason = 'signed_out'): void {
    this.#hangUp();
    this.#set({ phase: 'stopped', reason, over: null });
  }

  /** The network came back, or somebody looks again: do not sit out a long wait, do not trust a dead line. */
  wake(): void {
    if (this.#status.phase === 'stopped') return;
    if (this.#retrying) {
      this.#hangUp();
      void this.#connect();
    } else if (this.#line && this.#greeted && this.#silence() > 2 * this.#status.heartbeatMs) {
      this.#again();
    }
  }

  #silence(): number {
    return this.options.surroundings.now() - this.#heardAt;
  }

  async #connect(): Promise<void> {
    const generation = ++this.#generation;
    this.#retrying = false;
    this.#greeted = false;
    try {
      const token = await this.options.token();
      if (generation !== this.#generation) return;
      this.#token = token;
    } catch (error) {
      if (generation !== this.#generation) return;
      // Without a token nothing was opened, so this says nothing about the way.
      const parting = partingOfError(error);
      if (parting.next === 'return') this.#again(parting.askedMs);
      else this.#part(parting);
      return;
    }
    this.#open(generation);
  }

  #open(generation: number): void {
    const token = this.#token;
    const { transports, interest } = this.options;
    const way = Math.floor(this.#failedOpenings / FAILED_OPENINGS) % transports.length;
    const transport = transports[way] ?? transports[0];
    this.#timer(OPENING_MS, () => this.#failed());
    this.#line = transport.open(
      {
        type: 'subscribe',
        ...(token === undefined ? {} : { token }),
        ...(this.#position ? { epoch: this.#position.epoch, since: this.#position.seq } : {}),
        interest: interest ?? {},
      },
      {
        opened: () => {
          if (generation === this.#generation) this.#set({ over: transport.name });
        },
        frame: (text) => {
          if (generation === this.#generation) this.#hear(text);
        },
        closed: (parting) => {
          if (generation === this.#generation) this.#part(parting);
        },
      },
    );
  }

  #hear(text: string): void {
    const frame = readFrame<E>(text);
    if (!frame) return;
    this.#heardAt = this.options.surroundings.now();
    this.#watch();
    switch (frame.type) {
      case 'hello':
        this.#greeted = true;
        // Where only the second way works, one failure is enough next time.
        this.#failedOpenings = this.#status.over === this.options.transports[0].name ? 0 : FAILED_OPENINGS - 1;
        this.#renewedInVain = false;
        this.#set({
          heartbeatMs: Math.max(1, frame.heartbeat_seconds) * 1000,
          clockOffsetMs: Date.parse(frame.now) - this.options.surroundings.wallClock(),
        });
        this.#watch();
        if (this.#position?.epoch === frame.epoch && this.#position.seq === frame.seq) this.#fresh();
        break;
      case 'snapshot':
      case 'resync':
        void this.#fetch(frame.href, frame.epoch, frame.seq);
        break;
      case 'entries':
        this.#take(frame);
        break;
      case 'heartbeat':
        if (this.#waiting || !this.#position) break;
        this.#position = { ...this.#position, seq: Math.max(this.#position.seq, frame.seq) };
        this.#fresh();
        break;
      case 'goodbye':
        this.#part(partingOf(frame.reason, frame.retry_after_ms));
        break;
    }
  }

  #take(frame: EntriesFrame<E>): void {
    if (this.#waiting) {
      this.#waiting.frames.push(frame);
      this.#waiting.entries += frame.entries.length;
      if (this.#waiting.entries > LONGEST_BUFFER) this.#startOver();
      return;
    }
    if (!this.#position || frame.after > this.#position.seq) {
      this.#startOver();
      return;
    }
    const { epoch, seq } = this.#position;
    const news = frame.entries.filter((entry) => entry.seq > seq);
    this.#position = { epoch, seq: Math.max(seq, frame.seq) };
    if (news.length > 0) this.options.onEntries(news);
    this.#fresh();
  }

  /** Takes the snapshot while entries go on coming, then joins the two without a gap. */
  async #fetch(href: string, epoch: string, seq: number): Promise<void> {
    this.#waiting?.abort.abort();
    const waiting = { frames: [] as EntriesFrame<E>[], entries: 0, abort: new AbortController() };
    this.#waiting = waiting;
    this.#position = null;
    this.#set({ phase: 'connecting' });
    const cancel = this.options.surroundings.after(SNAPSHOT_MS, () => {
      if (this.#waiting === waiting) this.#again();
    });
    try {
      const snapshot = await this.options.fetchSnapshot(href, this.#token, waiting.abort.signal);
      if (this.#waiting !== waiting) return;
      this.#waiting = null;
      if (snapshot.epoch !== epoch || snapshot.seq < seq) {
        this.#startOver();
        return;
      }
      this.#position = { epoch: snapshot.epoch, seq: snapshot.seq };
      this.options.onSnapshot(snapshot);
      this.#fresh();
      for (const frame of waiting.frames) {
        // A gap among them starts over and leaves no position.
        if (this.#position) this.#take(frame);
      }
    } catch (error) {
      if (this.#waiting !== waiting) return;
      this.#part(partingOfError(error));
    } finally {
      cancel();
    }
  }

  /** The picture is right at this moment. */
  #fresh(): void {
    this.#attempt = 0;
    this.#set({ phase: 'live', reason: null, freshAt: this.options.surroundings.now() });
  }

  /** Something is missing: forget the position and come back for a snapshot. */
  #startOver(): void {
    this.#position = null;
    this.#again();
  }

  #part(parting: Parting): void {
    if (parting.next === 'stop') {
      this.stop(parting.reason);
    } else if (parting.next === 'renew') {
      void this.#renew(parting.reason);
    } else if (this.#greeted || parting.askedMs !== undefined) {
      // Who was told to come back later was heard: nothing is wrong with the way.
      this.#again(parting.askedMs);
    } else {
      this.#failed();
    }
  }

  async #renew(reason: GoodbyeReason): Promise<void> {
    const { renew } = this.options;
    this.#hangUp();
    this.#set({ phase: 'connecting', over: null });
    const generation = this.#generation;
    if (!renew || this.#renewedInVain) {
      this.stop(reason);
      return;
    }
    this.#renewedInVain = true;
    try {
      const token = await renew();
      if (generation !== this.#generation) return;
      if (token === undefined) this.stop(reason);
      else void this.#connect();
    } catch (error) {
      if (generation !== this.#generation) return;
      const parting = partingOfError(error);
      if (parting.next === 'return') {
        // The line is cut: the token may still be renewed when it is back.
        this.#renewedInVain = false;
        this.#again(parting.askedMs);
      } else {
        this.stop(parting.reason);
      }
    }
  }

  #failed(): void {
    this.#failedOpenings += 1;
    this.#again();
  }

  #again(atLeastMs = 0): void {
    this.#hangUp();
    this.#set({ phase: 'connecting', over: null });
    this.#retrying = true;
    const wait = waitMs(this.#attempt, this.options.surroundings.random(), atLeastMs);
    this.#attempt += 1;
    this.#timer(wait, () => void this.#connect());
  }

  #hangUp(): void {
    this.#generation += 1;
    this.#retrying = false;
    this.#line?.end();
    this.#line = null;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#waiting?.abort.abort();
    this.#waiting = null;
  }

  /** A line on which nothing comes is dead, whatever the socket thinks. */
  #watch(): void {
    this.#timer(MISSED_HEARTBEATS * this.#status.heartbeatMs, () => this.#again());
  }

  #timer(ms: number, call: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.options.surroundings.after(ms, call);
  }

  #set(change: Partial<LinkStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.options.onStatus(this.#status);
  }
}

/** What a screen says about the picture. `stale`: there is one, but nobody knows whether it is still right. */
export type Standing = 'live' | 'connecting' | 'stale' | 'stopped';

/** The age of the picture, milliseconds; `null`: there is none. */
export function ageMs(status: LinkStatus, now: number): number | null {
  return status.freshAt === null ? null : Math.max(0, now - status.freshAt);
}

/** What a screen says at this moment. Two missed heartbeats make a picture stale, line or no line. */
export function standing(status: LinkStatus, now: number): Standing {
  if (status.phase === 'stopped') return 'stopped';
  const age = ageMs(status, now);
  if (age !== null && age > 2 * status.heartbeatMs) return 'stale';
  return status.phase;
}
