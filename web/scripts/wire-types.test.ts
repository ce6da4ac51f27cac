// @vitest-environment node
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TYPES, wireTypes } from './wire-types.mjs';

it('finds the committed types as the server’s document makes them', async () => {
  expect(await wireTypes(), 'run `make generate` and commit').toBe(readFileSync(TYPES, 'utf8'));
});
