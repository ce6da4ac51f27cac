import { browserSurroundings, browserTransports, fetchSnapshot, wakeWithBrowser } from '../link/browser';
import { ageMs, LinkClient, type LinkStatus, type Standing, standing } from '../link/client';
import type { OfficeIncident } from '../wire';
import { type Changes, type EntryLike, type Incident, type SnapshotLike, World } from './world';

/** How often a picture that nothing changes is looked over for what has become too old, milliseconds. */
const PRUNE_MS = 60_000;

/** With more incidents than this, a look at the world is work. */
const LARGE = 2_000;
/** Such a world is looked at no more often than this, milliseconds: a report is seen well within a second. */
const LARGE_MS = 500;

/** The audience of the token decides which encoding comes; a page knows which token it brings. */
type Snapshot<I extends Incident> = SnapshotLike<I> & { epoch: string; seq: number };
type Entry<I extends Incident> = EntryLike<I> & { seq: number };

/** What a page brings to follow the log. */
export type PictureSource = {
  token(): Promise<string | undefined> | string | undefined;
  renew?(): Promise<string | undefined>;
};

/**
 * The live picture of a page: a link, the world that it feeds, and the moments at which the page looks at it.
 * Bursts of entries become one look per frame of the screen.
 */
export class Picture<I extends Incident = OfficeIncident> {
  readonly world = new World<I>();
  readonly #client: LinkClient<Snapshot<I>, Entry<I>>;
  #revision = $state(0);
  #status: LinkStatus;
  /** What the link said last; every frame moves its times. */
  #latest: LinkStatus;
  #now = $state(browserSurroundings.now());
  #wallNow = $state(Date.now());
  #followedAt = browserSurroundings.now();
  #scheduled = false;
  /** When the world was last looked at, on the client's clock. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #watchers = new Set<(changes: Changes) => void>();
  readonly #returns = new Set<() => void>();

  constructor(source: PictureSource) {
    this.#client = new LinkClient({
      transports: browserTransports(),
      surroundings: browserSurroundings,
      ...source,
      fetchSnapshot,
      onSnapshot: (snapshot) => {
        this.world.replace(snapshot);
        this.#schedule();
      },
      onEntries: (entries) => {
        for (const entry of entries) this.world.apply(entry);
        this.#schedule();
      },
      onStatus: (status) => this.#take(status),
    });
    this.#status = $state.raw(this.#client.status);
    this.#latest = this.#client.status;
  }

  /** Starts to follow; gives what ends it. */
  follow(): () => void {
    this.#followedAt = browserSurroundings.now();
    this.#client.start();
    const unwake = wakeWithBrowser(this.#client);
    const ticking = setInterval(() => this.#tick(), 1_000);
    const pruning = setInterval(() => {
      this.world.prune(this.wallNow);
      this.#schedule();
    }, PRUNE_MS);
    return () => {
      clearInterval(ticking);
      clearInterval(pruning);
      unwake();
      this.#client.stop();
    };
  }

  /** Reads of the world that follow this are repeated when it changes. */
  get revision(): number {
    return this.#revision;
  }

  get status(): LinkStatus {
    return this.#status;
  }

  get standing(): Standing {
    return standing(this.#status, this.#now);
  }

  /** The age of the picture, milliseconds; `null`: there is none. Moves every second. */
  get ageMs(): number | null {
    return ageMs(this.#status, this.#now);
  }

  /** How long a page without a picture has waited for one, milliseconds. */
  get waitedMs(): number {
    return Math.max(0, this.#now - this.#followedAt);
  }

  /** The server's wall clock, milliseconds since 1970, UTC. Moves every second. */
  get wallNow(): number {
    return this.#wallNow + this.#status.clockOffsetMs;
  }

  /** Calls with what changed, at most once per frame of the screen; gives what undoes it. */
  watch(watcher: (changes: Changes) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /**
   * Calls whenever the picture is live again after a cut: the node may have been started anew meanwhile, with other
   * maps. Gives what undoes it.
   */
  onReturn(call: () => void): () => void {
    this.#returns.add(call);
    return () => this.#returns.delete(call);
  }

  /** What a person sees of the link is shown at once; its age moves every second anyway. */
  #take(status: LinkStatus): void {
    const { phase, freshAt } = this.#latest;
    this.#latest = status;
    if (status.phase === 'live' && phase !== 'live' && freshAt !== null) for (const call of this.#returns) call();
    const [known, knew] = [status.freshAt !== null, this.#status.freshAt !== null];
    const same = status.phase === this.#status.phase && status.reason === this.#status.reason && known === knew;
    if (!same || standing(status, browserSurroundings.now()) !== this.standing) this.#tick();
  }

  #tick(): void {
    this.#status = this.#latest;
    this.#now = browserSurroundings.now();
    this.#wallNow = Date.now();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const now = browserSurroundings.now();
    const large = this.world.incidents.size > LARGE;
    const wait = large ? Math.max(0, this.#lookedAt + LARGE_MS - now) : 0;
    // A page in the background draws no frames, and still must not save up changes for days.
    const visible = document.visibilityState === 'visible';
    const look = visible && wait === 0 ? requestAnimationFrame : (call: () => void) => setTimeout(call, wait || 250);
    look(() => {
      this.#scheduled = false;
      this.#lookedAt = browserSurroundings.now();
      const changes = this.world.takeChanges();
      this.#revision += 1;
      for (const watcher of this.#watchers) watcher(changes);
    });
  }
}
