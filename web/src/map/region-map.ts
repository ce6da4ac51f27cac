import type { GeoJSONSource, MapMouseEvent } from 'maplibre-gl';
import { language, t } from '../i18n/index.svelte';
import type { Known } from '../state/shelters';
import type { Changes, Incident } from '../state/world';
import type { LatLon } from '../wire';
import { drawZones } from './draw-zones';
import { drawnMarks, drawnSymbols } from './drawn-marks';
import { Drawn, SIDES } from './features';
import type { Frame } from './framing';
import { begin, boundsOf, type MapOptions, room } from './ground-map';
import type { ShownZones } from './hazard';
import { drawIcons, PIXEL_RATIO } from './icons';
import { type Lacking, watchSources } from './lacking';
import { townsOf } from './names';
import type { Box, Mark } from './numbers';
import { type OnGround, watchGround } from './on-ground';
import type { View } from './on-map';
import { Pace } from './pace';
import { paletteOf } from './palette';
import type { PatientMap } from './patient-map';
import { drawRasters, type Raster, type ShownRaster } from './rasters';
import { metresPerPixel } from './scale';
import type { Section } from './section';
import { addShelters, UNSAID_FROM } from './shelters';
import { CLUSTERS_END, GATHERED } from './style';
import { TownNames } from './town-names';

/** The layers of marks that somebody may point at. */
const SINGLES = ['closed', 'closed-drills', 'incidents', 'incidents-drills', 'urgent'];
const DISCS = ['clusters', 'clusters-drills'];

/** With more incidents than this, drawing what changed is work: their discs are reckoned and all tiles made anew. */
const LARGE = 2_000;
/** Such a map is drawn no more often than this, milliseconds. */
const LARGE_MS = 1_000;

/** A map of the region with the incidents upon it. */
export class IncidentMap {
  readonly #map: PatientMap;
  readonly #options: MapOptions;
  readonly #settle: () => void;
  readonly #moved: () => boolean;
  /** Forgets what was seen of the ground. */
  readonly #overlook: () => void;
  #ready = false;
  /** What came before the map was ready: the last of each kind. */
  readonly #waiting = new Map<string, () => void>();
  #incidents: ReadonlyMap<string, Incident> = new Map();
  #told = { drills: new Set<string>() as ReadonlySet<string>, fresh: new Set<string>() as ReadonlySet<string> };
  /** What the map does not show yet. */
  #due: Changes = { all: false, incidents: new Set() };
  readonly #drawn = new Drawn();
  readonly #pace = new Pace(() => this.#draw());
  /** What came before the map was ready, and then what draws it. */
  #shelters: readonly Known[] = [];
  #showShelters: ((shelters: readonly Known[]) => void) | undefined;
  #zones: readonly ShownZones[] = [];
  #rasters: { ground: Raster | null; over: readonly ShownRaster[] } = { ground: null, over: [] };
  /** How many incidents were given to the map. */
  #given = 0;
  /** Whether a name was missing, so that it is drawn once more. */
  #naming = false;

  constructor(
    options: MapOptions & {
      onSelect: (id: string) => void;
      onView?: (view: View) => void;
      /** What the map has of the ground where somebody looks. */
      onGround?: (seen: OnGround) => void;
    },
  ) {
    this.#options = options;
    const { map, settle, moved } = begin(options, t('app.drill'));
    this.#map = map;
    this.#settle = settle;
    this.#moved = moved;
    const icons = drawIcons(paletteOf(options.container));
    this.#map.on('load', () => {
      for (const icon of icons) this.#map.addImage(icon.name, icon.image, { pixelRatio: PIXEL_RATIO });
      const local = () => language().startsWith('ja');
      // Beneath the incidents: a shelter hides no danger.
      this.#showShelters = addShelters(this.#map, options.container, {
        scale: options.scale ?? 1,
        below: 'closed-drills',
        local,
        drillWord: t('app.drill'),
      });
      this.#showShelters(this.#shelters);
      this.#ready = true;
      for (const call of this.#waiting.values()) call();
      this.#waiting.clear();
      this.#ask();
    });
    this.#overlook = options.onGround ? watchGround(map, options.onGround) : () => {};
    const look = () => {
      const zoom = this.#map.getZoom();
      options.onView?.({ gathers: zoom < CLUSTERS_END, allShelters: zoom >= UNSAID_FROM });
    };
    this.#map.on('load', look);
    this.#map.on('zoomend', look);
    // For whoever waits until everything is drawn, such as a camera: how many incidents are.
    const names = new TownNames(map, townsOf(options.region, language().startsWith('ja')));
    this.#map.on('idle', () => {
      this.#naming = names.look();
      if (this.#naming) return;
      if (this.#settled()) options.container.dataset.drawn = String(this.#given);
    });
    for (const layer of SINGLES) {
      this.#map.on('click', layer, (event) => {
        const id: unknown = event.features?.[0]?.properties.id;
        if (typeof id === 'string') options.onSelect(id);
      });
    }
    for (const layer of DISCS) this.#map.on('click', layer, (event) => void this.#openCluster(event));
    for (const layer of [...SINGLES, ...DISCS]) {
      this.#map.on('mouseenter', layer, () => this.#cursor('pointer'));
      this.#map.on('mouseleave', layer, () => this.#cursor(''));
    }
  }

  /** Draws what changed. `incidents`: all of them, also later on. `drills`: ids of operations that are drills. */
  show(changes: Changes, incidents: ReadonlyMap<string, Incident>, drills: ReadonlySet<string>): void {
    this.#due.all ||= changes.all || !sameSet(this.#told.drills, drills);
    for (const id of changes.incidents) this.#due.incidents.add(id);
    this.#incidents = incidents;
    this.#told.drills = drills;
    this.#ask();
  }

  /** Rings around the incidents that have just come, and no others. */
  mark(ids: readonly string[]): void {
    const [before, fresh] = [this.#told.fresh, new Set(ids)];
    for (const id of [...before, ...fresh]) if (before.has(id) !== fresh.has(id)) this.#due.incidents.add(id);
    this.#told.fresh = fresh;
    this.#ask();
  }

  /** Shows shelters and how they stand. */
  shelters(shelters: readonly Known[]): void {
    this.#shelters = shelters;
    this.#showShelters?.(shelters);
  }

  /** Draws these hazard layers and no others. */
  zones(shown: readonly ShownZones[]): void {
    const before = new Map(this.#zones.map(({ layer }) => [layer.id, layer]));
    // Of a layer whose edition is another nothing was seen yet.
    if (shown.some(({ layer }) => (before.get(layer.id) ?? layer) !== layer)) this.#overlook();
    this.#zones = shown;
    this.#lay();
  }

  /** Draws these pictures of other servers and no others: one of the ground, and some upon it. */
  rasters(ground: Raster | null, over: readonly ShownRaster[]): void {
    this.#rasters = { ground, over };
    this.#lay();
  }

  /** Draws the base map or leaves it out. */
  base(on: boolean): void {
    this.#whenReady('base', () => {
      for (const { id } of this.#map.getStyle().layers) {
        if (id.startsWith('base-')) this.#map.setLayoutProperty(id, 'visibility', on ? 'visible' : 'none');
      }
    });
  }

  /** Goes to a place. */
  go(position: LatLon): void {
    const zoom = Math.max(this.#map.getZoom(), 13);
    this.#map.easeTo({ center: [position.lon, position.lat], zoom, ...calmly() }, ASKED_FOR);
  }

  /** Shows the whole region again. */
  home(): void {
    this.#settle();
    this.#map.fitBounds(boundsOf(this.#options.region), { padding: room(this.#options), ...calmly() });
  }

  /** Its picture as it is drawn now, to be kept, and how much ground a CSS pixel of its middle shows, metres. */
  picture(): { canvas: HTMLCanvasElement; metresPerPixel: number } {
    // What WebGL drew is gone after the task in which it was drawn.
    this.#map.redraw();
    const drawn = this.#map.getCanvas();
    const canvas = document.createElement('canvas');
    canvas.width = drawn.width;
    canvas.height = drawn.height;
    canvas.getContext('2d')?.drawImage(drawn, 0, 0);
    return { canvas, metresPerPixel: metresPerPixel(this.#map.getCenter().lat, this.#map.getZoom()) };
  }

  /** What it shows now: its marks, of a map of scale 1, and where there are symbols of any kind. */
  async marks(): Promise<{ marks: Mark[]; taken: Box[] }> {
    return { marks: await drawnMarks(this.#map), taken: drawnSymbols(this.#map) };
  }

  /** Begins to watch which of its sources cannot be had; gives what tells of them. */
  watchSources(): () => Lacking {
    return watchSources(this.#map);
  }

  /** Gives it the keys. */
  focus(): void {
    this.#map.getCanvas().focus({ preventScroll: true });
  }

  /** Where somebody moved it; `undefined`: it shows the whole region. */
  frame(): Frame | undefined {
    if (!this.#moved()) return undefined;
    const { lng, lat } = this.#map.getCenter();
    return { center: [lng, lat], zoom: this.#map.getZoom() };
  }

  /** The part of the ground that it shows now. */
  section(): Section {
    const bounds = this.#map.getBounds();
    return { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() };
  }

  /** Calls once everything that was asked for is drawn. */
  onceDrawn(call: () => void): void {
    const look = () => {
      if (!this.#settled() || this.#naming || !this.#map.areTilesLoaded()) return;
      this.#map.off('idle', look);
      call();
    };
    this.#map.on('idle', look);
  }

  remove(): void {
    this.#pace.stop();
    this.#map.remove();
  }

  /** All of it anew, since a picture may go beneath zones or above them. */
  #lay(): void {
    const { container, scale = 1 } = this.#options;
    const palette = paletteOf(container);
    this.#whenReady('lay', () => {
      const { ground, over } = this.#rasters;
      drawRasters(this.#map, ground, over, palette, (below) => {
        drawZones(this.#map, this.#zones, palette, scale, below);
      });
    });
  }

  /** Whether everything that was asked for has been given to the map. */
  #settled(): boolean {
    return this.#ready && this.#waiting.size === 0 && !this.#isDue();
  }

  #isDue(): boolean {
    return this.#due.all || this.#due.incidents.size > 0;
  }

  #ask(): void {
    if (!this.#isDue()) return;
    delete this.#options.container.dataset.drawn;
    if (this.#ready) this.#pace.ask(this.#incidents.size > LARGE ? LARGE_MS : 0);
  }

  #draw(): void {
    const due = this.#due;
    this.#due = { all: false, incidents: new Set() };
    this.#given = this.#incidents.size;
    const source = (side: (typeof SIDES)[number]) => this.#map.getSource<GeoJSONSource>(side);
    let told: readonly (typeof SIDES)[number][] = SIDES;
    if (due.all) {
      const features = this.#drawn.all(this.#incidents.values(), this.#told);
      for (const side of SIDES) source(side)?.setData({ type: 'FeatureCollection', features: features[side] });
    } else {
      const diffs = this.#drawn.changes(due.incidents, this.#incidents, this.#told);
      for (const side of SIDES) if (diffs[side]) source(side)?.updateData(diffs[side]);
      told = SIDES.filter((side) => diffs[side]);
    }
    this.#map.await(told);
    // Also a map on which nothing changes says that it is drawn.
    if (told.length === 0) this.#map.triggerRepaint();
  }

  #whenReady(kind: string, call: () => void): void {
    if (this.#ready) call();
    else this.#waiting.set(kind, call);
  }

  async #openCluster(
    event: MapMouseEvent & { features?: { source: string; properties: Record<string, unknown> }[] },
  ): Promise<void> {
    const cluster = event.features?.[0]?.properties.cluster_id;
    const side = GATHERED.find((side) => side === event.features?.[0]?.source);
    const source = side && this.#map.getSource<GeoJSONSource>(side);
    if (typeof cluster !== 'number' || !source) return;
    const zoom = await source.getClusterExpansionZoom(cluster);
    this.#map.easeTo({ center: event.lngLat, zoom, ...calmly() }, ASKED_FOR);
  }

  #cursor(cursor: string): void {
    this.#map.getCanvas().style.cursor = cursor;
  }
}

/** Somebody asked for this move, as if by hand: the map stays there when the page moves around it. */
const ASKED_FOR = { originalEvent: true };

/** For people whom movement makes ill. */
function calmly(): { duration: number } {
  return { duration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 600 };
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((value) => b.has(value));
}
