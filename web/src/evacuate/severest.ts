import type { Zone } from './choosing';

/** Layers whose classes are numbered from the mildest on, as `data/hazard/layers.json` has them. */
const NUMBERED = /^(flood-max|flood-planned|flood-duration)\/(\d+)$/;

/** Of a landslide zone the kind of slide, and whether it is a special zone (特別警戒区域). */
const SLIDE = /^(landslide\/[a-z]+)-(warning|special)$/;

/** What a zone is one of several degrees of, and which; the largest possible flood is more than the planned one. */
function degreeOf({ key }: Zone): { family: string; degree: number } {
  const [, layer, number] = NUMBERED.exec(key) ?? [];
  if (layer === 'flood-max') return { family: 'flood-depth', degree: 1_000 + Number(number) };
  if (layer === 'flood-planned') return { family: 'flood-depth', degree: Number(number) };
  if (layer !== undefined) return { family: layer, degree: Number(number) };
  const [, slide, kind] = SLIDE.exec(key) ?? [];
  if (slide !== undefined) return { family: slide, degree: kind === 'special' ? 1 : 0 };
  return { family: key, degree: 0 };
}

/** Of zones that are degrees of the same thing the severest one alone, in the order in which they came. */
export function severest(zones: readonly Zone[]): Zone[] {
  const most = new Map<string, number>();
  for (const zone of zones) {
    const { family, degree } = degreeOf(zone);
    most.set(family, Math.max(degree, most.get(family) ?? degree));
  }
  return zones.filter((zone) => {
    const { family, degree } = degreeOf(zone);
    return most.get(family) === degree;
  });
}
