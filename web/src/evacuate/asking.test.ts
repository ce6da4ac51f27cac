import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepAsking, ROUND_MS } from './asking';

let end: () => void;
const asked = { round: vi.fn(), back: vi.fn(), cut: vi.fn() };
const became = (online: boolean) => {
  vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(online);
  dispatchEvent(new Event(online ? 'online' : 'offline'));
};
const shown = (state: DocumentVisibilityState) => {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
  document.dispatchEvent(new Event('visibilitychange'));
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(true);
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('visible');
});

afterEach(() => {
  end();
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const one of Object.values(asked)) one.mockClear();
});

it('asks every half minute or so, each phone at its own time', () => {
  const chances = [0, 0.5, 0.999];
  end = keepAsking(asked, () => chances.shift() ?? 0.5);
  vi.advanceTimersByTime((ROUND_MS * 2) / 3 - 1);
  expect(asked.round).toHaveBeenCalledTimes(0);
  vi.advanceTimersByTime(1);
  expect(asked.round).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(ROUND_MS);
  expect(asked.round).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime((ROUND_MS * 4) / 3 - 100);
  expect(asked.round).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(100);
  expect(asked.round).toHaveBeenCalledTimes(3);
  end();
  vi.advanceTimersByTime(10 * ROUND_MS);
  expect(asked.round).toHaveBeenCalledTimes(3);
});

it('asks nothing while nobody looks, and at once when somebody looks again', () => {
  end = keepAsking(asked, () => 0.5);
  shown('hidden');
  vi.advanceTimersByTime(10 * ROUND_MS);
  expect([asked.round.mock.calls.length, asked.back.mock.calls.length]).toEqual([0, 0]);
  shown('visible');
  expect(asked.back).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(ROUND_MS);
  expect(asked.round).toHaveBeenCalledTimes(1);
});

it('asks nothing without a network, says at once that it is gone, and asks at once when it is back', () => {
  end = keepAsking(asked, () => 0.5);
  became(false);
  expect(asked.cut).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10 * ROUND_MS);
  expect(asked.round).toHaveBeenCalledTimes(0);
  became(true);
  expect(asked.back).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(ROUND_MS);
  expect(asked.round).toHaveBeenCalledTimes(1);
});
