import { waitMs } from '../link/backoff';
import { baseMap, hazardLayers, tileSources } from '../session/ground';
import type { Told } from '../session/told';
import type { BaseMap, HazardLayer, HazardLayers, TileSources } from '../wire';
import { type Raster, rastersOf } from './rasters';

/** Where what describes a map is asked for. */
export type Describing = {
  base: Pick<Told<BaseMap>, 'again'>;
  layers: Pick<Told<HazardLayers>, 'again'>;
  sources: Pick<Told<TileSources>, 'again'>;
};

/**
 * What a node says that its map is drawn from. It holds until the node is started again, with another edition perhaps:
 * a screen that stays open asks anew after each cut. What is the same stays the same object; what cannot be had is
 * asked for again, and the map is poorer until then and still a map.
 */
export class Described {
  #base = $state.raw<BaseMap | null>(null);
  #layers = $state.raw<readonly HazardLayer[]>([]);
  #rasters = $state.raw<readonly Raster[]>([]);
  #lacking = $state.raw({ layers: false, rasters: false });
  #asked = $state(false);
  readonly #from: Describing;
  readonly #known: { layers: HazardLayers | null; sources: TileSources | null } = { layers: null, sources: null };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #gone = false;

  constructor(from: Describing = { base: baseMap, layers: hazardLayers, sources: tileSources }) {
    this.#from = from;
  }

  /** Whether everything was asked for, so that a map may be drawn from what there is. */
  get asked(): boolean {
    return this.#asked;
  }

  /** `null`: not known. */
  get base(): BaseMap | null {
    return this.#base;
  }

  get layers(): readonly HazardLayer[] {
    return this.#layers;
  }

  get rasters(): readonly Raster[] {
    return this.#rasters;
  }

  /** What was never to be had so far. */
  get lacking(): { layers: boolean; rasters: boolean } {
    return this.#lacking;
  }

  /** Starts to ask; gives what ends it. */
  keep(): () => void {
    this.#gone = false;
    void this.#ask();
    return () => {
      this.#gone = true;
      clearTimeout(this.#timer);
    };
  }

  /** Asks for all of it anew. */
  renew(): void {
    this.#attempt = 0;
    void this.#ask();
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    const { base, layers, sources } = this.#from;
    const [ground, hazards, tiles] = await Promise.allSettled([base.again(), layers.again(), sources.again()]);
    if (this.#gone) return;
    if (ground.status === 'fulfilled') this.#base = ground.value;
    // Only what is another object is drawn anew.
    if (hazards.status === 'fulfilled' && hazards.value !== this.#known.layers) {
      this.#known.layers = hazards.value;
      this.#layers = hazards.value.layers;
    }
    if (tiles.status === 'fulfilled' && tiles.value !== this.#known.sources) {
      this.#known.sources = tiles.value;
      this.#rasters = rastersOf(tiles.value.sources);
    }
    this.#lacking = { layers: this.#known.layers === null, rasters: this.#known.sources === null };
    this.#asked = true;
    if ([ground, hazards, tiles].every(({ status }) => status === 'fulfilled')) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), waitMs(this.#attempt, Math.random()));
    this.#attempt += 1;
  }
}
