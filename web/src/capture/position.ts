import type { Code, LatLon } from '../wire';

/** Mean radius of the earth (IUGG), metres. */
export const EARTH_M = 6_371_008.8;

/** Great-circle distance in metres on a sphere of that radius (haversine), as the server reckons. */
export function distanceM(a: LatLon, b: LatLon): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const halfLat = Math.sin(rad(b.lat - a.lat) / 2);
  const halfLon = Math.sin(rad(b.lon - a.lon) / 2);
  const chord = halfLat ** 2 + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * halfLon ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** Japan with its outer islands: latitude 20–46, longitude 122–154. */
const inJapan = (lat: number, lon: number) => lat >= 20 && lat <= 46 && lon >= 122 && lon <= 154;

/** Why two numbers are not a position, by the server's own code and rules; `null`: they are one. */
export function wrongWith({ lat, lon }: LatLon): Code | null {
  if (!Number.isFinite(lat) || !Number.isFinite(lon)) return 'position_not_finite';
  if (inJapan(lon, lat)) return 'position_swapped';
  if (Math.abs(lat) > 90 || Math.abs(lon) > 180) return 'position_out_of_range';
  if (Math.abs(lat) < 0.01 && Math.abs(lon) < 0.01) return 'position_null_island';
  return null;
}

/**
 * Reads typed latitude and longitude: decimal degrees, also in full-width digits, also both in the
 * first field as map sites copy them (`37.49, 139.93`).
 */
export function readTyped(first: string, second: string): LatLon {
  const plain = (text: string) =>
    text
      .normalize('NFKC')
      .replace(/[、，]/g, ',')
      .trim();
  let [lat = '', lon = ''] = [plain(first), plain(second)];
  if (lon === '') {
    const both = lat.split(/[,\s]+/);
    if (both.length === 2) [lat = '', lon = ''] = both;
  }
  const number = (text: string) => (/^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN);
  return { lat: number(lat), lon: number(lon) };
}
