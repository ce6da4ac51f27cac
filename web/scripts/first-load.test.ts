import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';

/** What a resident's page may load before the map, bytes, compressed. */
const BUDGETS = { 'index.html': 60_000, 'evacuate.html': 50_000 };

type Chunk = { file: string; css?: string[]; imports?: string[]; dynamicImports?: string[] };

const dist = join(import.meta.dirname, '../dist');
const manifestFile = join(dist, '.vite/manifest.json');

/** The files that a page loads at once: its chunk and all that it imports statically. */
function firstFiles(manifest: Record<string, Chunk>, entry: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[entry];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const css of chunk.css ?? []) seen.add(css);
  for (const next of chunk.imports ?? []) firstFiles(manifest, next, seen);
  return seen;
}

const compressed = (file: string) => brotliCompressSync(readFileSync(join(dist, file))).length;

// Needs the build; `make test` builds first.
it.skipIf(!existsSync(manifestFile)).each(Object.entries(BUDGETS))(
  'loads %s within its budget, and the map only when asked for',
  (page, budget) => {
    const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as Record<string, Chunk>;
    expect(manifest[page]).toBeDefined();
    const files = [page, ...firstFiles(manifest, page)];
    expect(files.length).toBeGreaterThan(2);
    const sizes = Object.fromEntries(files.map((file) => [file, compressed(file)]));
    const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
    expect(total, JSON.stringify(sizes, null, 2)).toBeLessThanOrEqual(budget);
    expect(files.filter((file) => /ground-map|region-map|maplibre/.test(file))).toEqual([]);
  },
);
