import { SvelteMap } from 'svelte/reactivity';
import type { HazardLayer } from '../wire';

/** How strongly a hazard layer is drawn at first. */
export const OPACITY = 0.6;
/** The weakest that somebody may choose: weaker, a layer would be on and not be seen. */
export const LEAST_OPACITY = 0.2;

type Remembered = { base: boolean; zones: Record<string, { on: boolean; opacity: number }> };

const key = (office: string) => `sokuho.map.${office}`;

function remembered(office: string): Remembered | null {
  try {
    const text = localStorage.getItem(key(office));
    const value: unknown = text === null ? null : JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('zones' in value)) return null;
    return value as Remembered;
  } catch {
    return null;
  }
}

/**
 * Which layers a map shows and how strongly, remembered on this device for each office. Nothing was chosen yet: the
 * base map, and of each hazard its first layer.
 */
export class Shown {
  readonly #office: string;
  #base = $state(true);
  readonly #zones = new SvelteMap<string, { on: boolean; opacity: number }>();

  /** `office`: code; `''` for a page that belongs to none. */
  constructor(office: string, layers: readonly HazardLayer[]) {
    this.#office = office;
    const before = remembered(office);
    this.#base = before?.base !== false;
    const seen = new Set<string>();
    for (const { id, hazard } of layers) {
      const first = !seen.has(hazard);
      seen.add(hazard);
      const was = before?.zones?.[id];
      const opacity = typeof was?.opacity === 'number' ? Math.min(1, Math.max(LEAST_OPACITY, was.opacity)) : OPACITY;
      this.#zones.set(id, { on: typeof was?.on === 'boolean' ? was.on : first, opacity });
    }
  }

  get base(): boolean {
    return this.#base;
  }

  set base(on: boolean) {
    this.#base = on;
    this.#remember();
  }

  /** Whether the layer is shown. */
  has(layer: string): boolean {
    return this.#zones.get(layer)?.on === true;
  }

  /** How strongly the layer is drawn where it is shown, 0 to 1. */
  opacity(layer: string): number {
    return this.#zones.get(layer)?.opacity ?? OPACITY;
  }

  /** Shows a layer or takes it away. */
  show(layer: string, on: boolean): void {
    this.#zones.set(layer, { on, opacity: this.opacity(layer) });
    this.#remember();
  }

  /** Draws a layer more or less strongly, 0 to 1. */
  draw(layer: string, opacity: number): void {
    this.#zones.set(layer, { on: this.has(layer), opacity });
    this.#remember();
  }

  #remember(): void {
    const value: Remembered = { base: this.#base, zones: Object.fromEntries(this.#zones) };
    try {
      localStorage.setItem(key(this.#office), JSON.stringify(value));
    } catch {
      // A browser without storage forgets the choice; the map works all the same.
    }
  }
}
