import { expect, it } from 'vitest';
import { halfOf, namesRoom } from './names-room';

const region = { west: 139, south: 37, east: 140, north: 37.8 };
const map = { width: 400, height: 600 };
const town = (name: string, lon: number) => ({ name, position: { lat: 37.4, lon } });

it('leaves as much room at each side as the name of a town at that edge needs', () => {
  const room = namesRoom([town('Kaneyama Town', 139.02), town('Inner', 139.5)], region, map, 17, 20);
  expect(room.right).toBe(20);
  // The place of the town is some seven pixels within the edge.
  expect(room.left).toBeGreaterThan(halfOf('Kaneyama Town') * 17 - 10);
  expect(room.left).toBeLessThanOrEqual(0.18 * map.width);
});

it('gives nothing away where names end before the edge, and never most of the map', () => {
  expect(namesRoom([town('湯川村', 139.5)], region, map, 17, 20)).toEqual({ left: 20, right: 20 });
  const large = namesRoom([town('Inawashiro Town', 140)], region, map, 60, 20);
  expect(large.right).toBe(0.18 * map.width);
});
