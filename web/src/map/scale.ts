/** Metres of the ground in a CSS pixel of a map. `zoom`: of 512-pixel tiles; `lat`: degrees. */
export function metresPerPixel(lat: number, zoom: number): number {
  // Circumference of the sphere of Web Mercator, metres (EPSG:3857).
  return (40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** zoom);
}

/** How wide a CSS pixel is on paper, metres: 96 to the inch. */
const PIXEL_M = 0.0254 / 96;

/** N of the scale 1:N on paper, to two figures. */
export function paperScale(perPixel: number): number {
  const exact = perPixel / PIXEL_M;
  const step = 10 ** Math.max(0, Math.floor(Math.log10(exact)) - 1);
  return Math.round(exact / step) * step;
}

/** The longest round distance (1, 2 or 5 times a power of ten) that fits into so many pixels; metres and pixels. */
export function scaleBar(perPixel: number, most: number): { metres: number; pixels: number } {
  const room = perPixel * most;
  const power = 10 ** Math.floor(Math.log10(room));
  const metres = ([5, 2, 1].find((times) => times * power <= room) ?? 1) * power;
  return { metres, pixels: metres / perPixel };
}
