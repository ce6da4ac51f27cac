import { t } from '../i18n/index.svelte';
import { officeName } from '../session/region.svelte';
import type { OfficeIncident } from '../wire';
import type { Picture } from './picture.svelte';
import type { Incident } from './world';

/** How long a report that has just come, or got another office, is set off from the others, milliseconds. */
const STAYS_MS = 60_000;

/** Which reports have just come or got another office, and what is said aloud about them. */
export class Fresh {
  #since = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** Who answers for what is known. */
  #known = new Map<string, string | null | undefined>();
  #words = $state('');

  constructor(private readonly picture: Picture<OfficeIncident>) {}

  /** Starts; gives what ends it. */
  watch(): () => void {
    const unwatch = this.picture.watch((changes) => {
      const { incidents } = this.picture.world;
      // A new picture, after a start or a resync, is nobody's news.
      if (changes.all) this.#known = new Map([...incidents].map(([id, { responsible }]) => [id, responsible]));
      else
        this.#take([...changes.incidents].map((id) => incidents.get(id)).filter((incident) => incident !== undefined));
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

  #take(changed: Incident[]): void {
    const come = changed.filter(({ id }) => !this.#known.has(id));
    const passed = changed.filter(({ id, responsible }) => this.#known.has(id) && this.#known.get(id) !== responsible);
    const [first, ...more] = [...come, ...passed];
    if (!first) return;
    const now = Date.now();
    const since = new Map(this.#since);
    for (const { id, responsible } of [first, ...more]) {
      this.#known.set(id, responsible);
      since.set(id, now);
    }
    this.#since = since;
    if (come.length > 1) this.#words = t('wall.news_many', { n: come.length });
    else if (come.length === 1) this.#words = newsOf('wall.news', first);
    else this.#words = newsOf('wall.news_office', first);
  }

  #forget(): void {
    const now = Date.now();
    const rest = [...this.#since].filter(([, since]) => now - since < STAYS_MS);
    if (rest.length !== this.#since.size) this.#since = new Map(rest);
  }
}

function newsOf(news: 'wall.news' | 'wall.news_office', incident: Incident): string {
  const office = incident.responsible ? officeName(incident.responsible) : t('wall.nobody');
  return t(news, { category: t(`category.${incident.category}`), office });
}
