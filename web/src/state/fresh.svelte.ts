import { t } from '../i18n/index.svelte';
import { officeName } from '../session/region.svelte';
import type { OfficeIncident } from '../wire';
import type { Picture } from './picture.svelte';
import type { Incident } from './world';

/** How long a report that has just come is set off from the others, milliseconds. */
const STAYS_MS = 60_000;

/** Which reports have just come, and what is said aloud about them. */
export class Fresh {
  #since = $state.raw<ReadonlyMap<string, number>>(new Map());
  #known = new Set<string>();
  #words = $state('');

  constructor(private readonly picture: Picture<OfficeIncident>) {}

  /** Starts; gives what ends it. */
  watch(): () => void {
    const unwatch = this.picture.watch((changes) => {
      const { incidents } = this.picture.world;
      // A new picture, after a start or a resync, is nobody's news.
      if (changes.all) this.#known = new Set(incidents.keys());
      else this.#take([...changes.incidents].filter((id) => incidents.has(id) && !this.#known.has(id)));
    });
    const timer = setInterval(() => this.#forget(), 5_000);
    return () => {
      unwatch();
      clearInterval(timer);
    };
  }

  /** Their ids. */
  get ids(): string[] {
    return [...this.#since.keys()];
  }

  has(id: string): boolean {
    return this.#since.has(id);
  }

  /** For a polite live region: one sentence, however many came at once. */
  get words(): string {
    return this.#words;
  }

  #take(ids: string[]): void {
    if (ids.length === 0) return;
    const now = Date.now();
    for (const id of ids) this.#known.add(id);
    this.#since = new Map([...this.#since, ...ids.map((id): [string, number] => [id, now])]);
    const only = ids.length === 1 && ids[0] !== undefined ? this.picture.world.incidents.get(ids[0]) : undefined;
    this.#words = only ? newsOf(only) : t('wall.news_many', { n: ids.length });
  }

  #forget(): void {
    const now = Date.now();
    const rest = [...this.#since].filter(([, since]) => now - since < STAYS_MS);
    if (rest.length !== this.#since.size) this.#since = new Map(rest);
  }
}

function newsOf(incident: Incident): string {
  const office = incident.responsible ? officeName(incident.responsible) : t('wall.nobody');
  return t('wall.news', { category: t(`category.${incident.category}`), office });
}
