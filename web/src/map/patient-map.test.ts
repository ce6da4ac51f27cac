import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PatientMap } from './patient-map';

/** Stands for MapLibre: counts what is drawn, and draws once while it is made, as MapLibre does. */
const FakeMap = vi.hoisted(
  () =>
    class {
      drawn = 0;
      moving = false;
      removed = false;
      readonly loaded = new Set<string>();
      readonly container = document.createElement('div');
      readonly listeners = new Set<() => void>();

      constructor() {
        this.triggerRepaint();
      }

      triggerRepaint() {
        this.drawn += 1;
      }

      on(kind: string, listener: () => void) {
        if (kind === 'sourcedata') this.listeners.add(listener);
      }

      off(_: string, listener: () => void) {
        this.listeners.delete(listener);
      }

      isMoving() {
        return this.moving;
      }

      isSourceLoaded(source: string) {
        return this.loaded.has(source);
      }

      getContainer() {
        return this.container;
      }

      remove() {
        this.removed = true;
      }
    },
);
type FakeMap = InstanceType<typeof FakeMap>;

vi.mock('maplibre-gl', () => ({ Map: FakeMap }));

/** A map that was drawn once, and that the test plays by hand. */
function aMap() {
  const map = new PatientMap({} as never);
  const fake = map as unknown as FakeMap;
  const load = (source: string) => {
    fake.loaded.add(source);
    for (const listener of [...fake.listeners]) listener();
  };
  const drawn = () => fake.drawn;
  return { map, fake, load, drawn };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('draws as MapLibre does while it waits for nothing, also while it is made', () => {
  const { map, drawn } = aMap();
  expect(drawn()).toBe(1);
  map.await([]);
  map.triggerRepaint();
  expect(drawn()).toBe(2);
});

it('draws the tiles of a change at once, when the last of its sources has them', () => {
  const { map, load, drawn } = aMap();
  map.await(['gathered', 'urgent']);
  map.triggerRepaint();
  load('gathered');
  map.triggerRepaint();
  expect(drawn()).toBe(1);
  load('urgent');
  expect(drawn()).toBe(2);
  map.triggerRepaint();
  expect(drawn()).toBe(3);
});

it('waits also for what changes while it waits, and no longer than from the first change on', () => {
  const { map, load, drawn } = aMap();
  map.await(['gathered']);
  vi.advanceTimersByTime(300);
  map.await(['drills']);
  load('gathered');
  expect(drawn()).toBe(1);
  vi.advanceTimersByTime(99);
  expect(drawn()).toBe(1);
  vi.advanceTimersByTime(1);
  expect(drawn()).toBe(2);
});

it.each(['pointerdown', 'touchstart', 'wheel', 'keydown'])('draws at once at a %s, whatever is missing', (touch) => {
  const { map, fake, drawn } = aMap();
  map.await(['gathered']);
  fake.container.dispatchEvent(new Event(touch));
  expect(drawn()).toBe(2);
  map.triggerRepaint();
  expect(drawn()).toBe(3);
});

it('draws every step of a move', () => {
  const { map, fake, drawn } = aMap();
  map.await(['gathered']);
  fake.moving = true;
  map.triggerRepaint();
  expect(drawn()).toBe(2);
});

it('leaves nothing behind when it is removed', () => {
  const { map, fake, drawn } = aMap();
  map.await(['gathered']);
  map.remove();
  expect(fake.removed).toBe(true);
  expect(fake.listeners.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  const last = drawn();
  fake.container.dispatchEvent(new Event('wheel'));
  expect(drawn()).toBe(last);
});
