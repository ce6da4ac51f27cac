import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'vite';

/** What is read of a chunk of the build. */
type Chunk = {
  type: 'chunk';
  fileName: string;
  facadeModuleId: string | null;
  imports: string[];
  dynamicImports: string[];
  viteMetadata?: { importedCss: Set<string> };
};

/** Files of the build that a page loads by itself: its scripts with all they import, their styles, the languages. */
export function filesOf(page: string, bundle: Readonly<Record<string, { type: string }>>): string[] {
  const chunks = new Map(
    Object.values(bundle)
      .filter((item): item is Chunk => item.type === 'chunk')
      .map((chunk) => [chunk.fileName, chunk]),
  );
  const files = new Set<string>();
  const take = (name: string) => {
    const chunk = chunks.get(name);
    if (!chunk || files.has(name)) return;
    files.add(name);
    for (const style of chunk.viteMetadata?.importedCss ?? []) files.add(style);
    for (const other of chunk.imports) take(other);
    // Languages come by a choice that must work without a network; the map is large and comes when it is opened.
    for (const later of chunk.dynamicImports) {
      if (chunks.get(later)?.facadeModuleId?.includes('/i18n/lang/')) take(later);
    }
  };
  for (const chunk of chunks.values()) if (chunk.facadeModuleId?.endsWith(`/${page}.html`)) take(chunk.fileName);
  return [...files].sort();
}

/** Writes the service worker of the page /evacuate, with the names of the files that it keeps. */
export function evacuateWorker(): Plugin {
  return {
    name: 'evacuate-worker',
    apply: 'build',
    async generateBundle(_, bundle) {
      const files = ['/icon.svg', ...filesOf('evacuate', bundle).map((file) => `/${file}`)];
      if (files.length < 2) throw new Error('the build has no page evacuate');
      const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');
      const [source, page] = await Promise.all([read('../src/evacuate/worker.js'), read('../evacuate.html')]);
      const all = [...files, source, page];
      const version = createHash('sha256').update(all.join('\n')).digest('hex').slice(0, 16);
      const text = source.replace('__FILES__', JSON.stringify(files)).replace('__VERSION__', version);
      this.emitFile({ type: 'asset', fileName: 'evacuate-worker.js', source: text });
    },
  };
}
