import { expect, it } from 'vitest';
import { onlyDrill, tallyWords } from './tally';

it('shows what is real, and a drill beside it, never their sum', () => {
  expect(tallyWords({ real: 3, drill: 2 }, false)).toBe('3（訓練 2）');
  expect(tallyWords({ real: 0, drill: 2 }, false)).toBe('0（訓練 2）');
  expect(tallyWords({ real: 3, drill: 0 }, false)).toBe('3');
});

it('marks the numbers of a drill that runs alone', () => {
  expect(onlyDrill({ real: 0, drill: 2 })).toBe(true);
  expect(onlyDrill({ real: 1, drill: 2 })).toBe(false);
  expect(onlyDrill({ real: 0, drill: 0 })).toBe(false);
  expect(tallyWords({ real: 0, drill: 2 }, true)).toBe('訓練 2');
});
