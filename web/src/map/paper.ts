import type { Known } from '../state/shelters';
import type { Incident } from '../state/world';
import type { BaseMap, Region } from '../wire';
import type { Frame } from './framing';
import type { ShownZones } from './hazard';
import type { Lacking } from './lacking';
import type { Box, Mark } from './numbers';
import type { OnGround } from './on-ground';
import type { Raster, ShownRaster } from './rasters';
import { IncidentMap } from './region-map';

/** What a map on paper shows. */
export type Area = {
  metresPerPixel: number;
  marks: readonly Mark[];
  /** Where something is that nothing else should be written upon. */
  taken: readonly Box[];
  /** What there is of the ground. */
  seen: OnGround;
  /** Sources of which nothing could be had, or not all. */
  lacking: Lacking;
};

/** Dots of a printer per CSS pixel: some 200 to the inch. */
const PRINT_RATIO = 2;

/** A map that is not drawn by then is taken as it is, milliseconds: somebody waits for the paper. */
const PATIENCE_MS = 60_000;

export type PaperOptions = {
  container: HTMLElement;
  region: Region;
  /** What part of it; left out: the whole region. */
  frame: Frame | undefined;
  base: BaseMap | null;
  zones: readonly ShownZones[];
  /** Pictures of other servers: one of the ground, and some upon it. */
  ground: Raster | null;
  over: readonly ShownRaster[];
  shelters: readonly Known[];
  incidents: ReadonlyMap<string, Incident>;
  drills: ReadonlySet<string>;
};

/**
 * Draws a map once and leaves its picture in the container; resolves when it is there. Rejects, and leaves nothing,
 * where the device can draw none.
 */
export async function paperMap(options: PaperOptions): Promise<Area> {
  const { container, region, frame, base, zones, ground, over, shelters, incidents, drills } = options;
  let map: IncidentMap | undefined;
  try {
    let seen: OnGround = { base: new Set(), zones: new Set() };
    const made = new IncidentMap({
      container,
      region,
      base,
      start: frame,
      pixelRatio: PRINT_RATIO,
      onSelect: () => {},
      onGround: (now) => (seen = now),
    });
    map = made;
    const lacking = made.watchSources();
    made.zones(zones);
    made.rasters(ground, over);
    made.shelters(shelters);
    made.show({ all: true, incidents: new Set() }, incidents, drills);
    await drawn(made);
    const { canvas, metresPerPixel } = made.picture();
    const area = { metresPerPixel, ...(await made.marks()), seen, lacking: lacking() };
    made.remove();
    canvas.style.width = canvas.style.height = '100%';
    container.replaceChildren(canvas);
    return area;
  } catch (error) {
    map?.remove();
    container.replaceChildren();
    throw error;
  }
}

/** Waits until a map is drawn, or no longer. */
function drawn(map: IncidentMap): Promise<void> {
  return new Promise((done) => {
    const impatient = setTimeout(done, PATIENCE_MS);
    map.onceDrawn(() => {
      clearTimeout(impatient);
      done();
    });
  });
}
