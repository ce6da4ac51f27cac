import { SvelteMap } from 'svelte/reactivity';
import type { HazardLayer } from '../wire';
import type { Raster } from './rasters';
import { SHELTERS_SHOWN, type SheltersShown } from './shelters-shown';

/** How strongly a hazard layer is drawn at first. */
export const OPACITY = 0.6;
/** The weakest that somebody may choose: weaker, a layer would be on and not be seen. */
export const LEAST_OPACITY = 0.2;

/** What lies beneath everything: the base map, nothing but borders, or the raster with this id. */
export type GroundShown = 'base' | 'none' | Raster['id'];

type Layer = { on: boolean; opacity: number };
/** `raster`: on the ground; `zones`: hazard layers and rasters upon the ground, by id. */
type Remembered = {
  base: boolean;
  raster?: string | null;
  zones: Record<string, Layer>;
  shelters?: SheltersShown | null;
};

/** Of each hazard its first layer: what is shown while nobody has chosen. */
export function usualLayers(layers: readonly HazardLayer[]): HazardLayer[] {
  return layers.filter(({ id, hazard }) => id === layers.find((one) => one.hazard === hazard)?.id);
}

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
 * base map, of each hazard its first layer, and no rasters of other servers.
 */
export class Shown {
  readonly #office: string;
  #base = $state(true);
  #raster = $state<string | null>(null);
  #shelters = $state<SheltersShown | null>(null);
  readonly #layers = new SvelteMap<string, Layer>();

  /** `office`: code; `''` for a page that belongs to none. */
  constructor(office: string, layers: readonly HazardLayer[], rasters: readonly Raster[] = []) {
    this.#office = office;
    const before = remembered(office);
    this.#base = before?.base !== false;
    this.#raster = before?.raster ?? null;
    this.#shelters = SHELTERS_SHOWN.find((one) => one === before?.shelters) ?? null;
    this.take(layers, rasters);
  }

  /** What there is to be chosen from by now. What was there before stays as it was chosen. */
  take(layers: readonly HazardLayer[], rasters: readonly Raster[] = []): void {
    const before = remembered(this.#office);
    this.#raster = rasters.find(({ id, ground }) => ground && id === this.#raster)?.id ?? null;
    const take = (id: string, usually: boolean) => {
      if (this.#layers.has(id)) return;
      const was = before?.zones?.[id];
      const opacity = typeof was?.opacity === 'number' ? Math.min(1, Math.max(LEAST_OPACITY, was.opacity)) : OPACITY;
      this.#layers.set(id, { on: typeof was?.on === 'boolean' ? was.on : usually, opacity });
    };
    const usual = usualLayers(layers);
    for (const layer of layers) take(layer.id, usual.includes(layer));
    for (const { id, ground } of rasters) if (!ground) take(id, false);
  }

  /** Whether the base map is drawn, be it beneath a raster. */
  get base(): boolean {
    return this.#base;
  }

  set base(on: boolean) {
    this.#base = on;
    this.#remember();
  }

  get ground(): GroundShown {
    return this.#raster ?? (this.#base ? 'base' : 'none');
  }

  set ground(which: GroundShown) {
    this.#raster = which === 'base' || which === 'none' ? null : which;
    // Where a part of a raster is not at hand, the base map is what is seen.
    this.#base = which !== 'none';
    this.#remember();
  }

  /** Which shelters somebody chose to show; `null`: nobody chose. */
  get shelters(): SheltersShown | null {
    return this.#shelters;
  }

  set shelters(which: SheltersShown) {
    this.#shelters = which;
    this.#remember();
  }

  /** Whether the layer is shown. */
  has(layer: string): boolean {
    return this.#layers.get(layer)?.on === true;
  }

  /** How strongly the layer is drawn where it is shown, 0 to 1. */
  opacity(layer: string): number {
    return this.#layers.get(layer)?.opacity ?? OPACITY;
  }

  /** Shows a layer or takes it away. */
  show(layer: string, on: boolean): void {
    this.#layers.set(layer, { on, opacity: this.opacity(layer) });
    this.#remember();
  }

  /** Draws a layer more or less strongly, 0 to 1. */
  draw(layer: string, opacity: number): void {
    this.#layers.set(layer, { on: this.has(layer), opacity });
    this.#remember();
  }

  #remember(): void {
    const value: Remembered = {
      base: this.#base,
      raster: this.#raster,
      zones: Object.fromEntries(this.#layers),
      shelters: this.#shelters,
    };
    try {
      localStorage.setItem(key(this.#office), JSON.stringify(value));
    } catch {
      // A browser without storage forgets the choice; the map works all the same.
    }
  }
}
