import { expect, it } from 'vitest';
import { pinnedRows } from './pinned';

it('keeps as many rows at the top as the wall has room for, and one place for what is newest', () => {
  expect(pinnedRows(920, 24)).toBe(3);
  expect(pinnedRows(2 * 920, 48)).toBe(3);
  expect(pinnedRows(1600, 24)).toBe(7);
});

it('keeps one at the top of the lowest of windows', () => {
  expect(pinnedRows(0, 24)).toBe(1);
});
