import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pace } from './pace';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('calls at once after a rest, and then once for all that was asked for meanwhile', () => {
  const call = vi.fn();
  const pace = new Pace(call);
  pace.ask(1_000);
  expect(call).toHaveBeenCalledTimes(1);
  for (let n = 0; n < 9; n += 1) {
    vi.advanceTimersByTime(100);
    pace.ask(1_000);
  }
  expect(call).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(100);
  expect(call).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(10_000);
  expect(call).toHaveBeenCalledTimes(2);
  pace.ask(1_000);
  expect(call).toHaveBeenCalledTimes(3);
});

it('calls no more once it is stopped', () => {
  const call = vi.fn();
  const pace = new Pace(call);
  pace.ask(1_000);
  pace.ask(1_000);
  pace.stop();
  vi.advanceTimersByTime(10_000);
  expect(call).toHaveBeenCalledTimes(1);
});
