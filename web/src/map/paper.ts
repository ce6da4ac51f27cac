import type { Incident } from '../state/world';
import type { BaseMap, Region } from '../wire';
import type { ShownZones } from './hazard';
import { IncidentMap } from './region-map';

/** What a map on paper shows. */
export type Area = { metresPerPixel: number };

/** Dots of a printer per CSS pixel: some 200 to the inch. */
const PRINT_RATIO = 2;

export type PaperOptions = {
  container: HTMLElement;
  region: Region;
  base: BaseMap | null;
  zones: readonly ShownZones[];
  incidents: ReadonlyMap<string, Incident>;
  drills: ReadonlySet<string>;
};

/** Draws a map once and leaves its picture in the container; resolves when it is there. */
export function paperMap({ container, region, base, zones, incidents, drills }: PaperOptions): Promise<Area> {
  return new Promise((done) => {
    const map = new IncidentMap({ container, region, base, pixelRatio: PRINT_RATIO, onSelect: () => {} });
    map.zones(zones);
    map.show({ all: true, incidents: new Set() }, incidents, drills);
    map.onceDrawn(() => {
      const { canvas, metresPerPixel } = map.picture();
      map.remove();
      canvas.style.width = canvas.style.height = '100%';
      container.replaceChildren(canvas);
      done({ metresPerPixel });
    });
  });
}
