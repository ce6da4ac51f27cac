import type { Known } from '../state/shelters';
import type { Incident } from '../state/world';
import type { BaseMap, Region } from '../wire';
import type { Frame } from './framing';
import type { ShownZones } from './hazard';
import type { Box, Mark } from './numbers';
import { IncidentMap } from './region-map';

/** What a map on paper shows. `taken`: where something is that nothing else should be written upon. */
export type Area = { metresPerPixel: number; marks: readonly Mark[]; taken: readonly Box[] };

/** Dots of a printer per CSS pixel: some 200 to the inch. */
const PRINT_RATIO = 2;

export type PaperOptions = {
  container: HTMLElement;
  region: Region;
  /** What part of it. */
  frame: Frame;
  base: BaseMap | null;
  zones: readonly ShownZones[];
  shelters: readonly Known[];
  incidents: ReadonlyMap<string, Incident>;
  drills: ReadonlySet<string>;
};

/** Draws a map once and leaves its picture in the container; resolves when it is there. */
export function paperMap(options: PaperOptions): Promise<Area> {
  const { container, region, frame, base, zones, shelters, incidents, drills } = options;
  return new Promise((done, failed) => {
    const map = new IncidentMap({
      container,
      region,
      base,
      start: frame,
      pixelRatio: PRINT_RATIO,
      onSelect: () => {},
    });
    map.zones(zones);
    map.shelters(shelters);
    map.show({ all: true, incidents: new Set() }, incidents, drills);
    map.onceDrawn(() => {
      const { canvas, metresPerPixel } = map.picture();
      map
        .marks()
        .then((drawn) => {
          map.remove();
          canvas.style.width = canvas.style.height = '100%';
          container.replaceChildren(canvas);
          done({ metresPerPixel, ...drawn });
        })
        .catch(failed);
    });
  });
}
