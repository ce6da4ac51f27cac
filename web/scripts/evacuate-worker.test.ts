import { expect, it } from 'vitest';
import { filesOf } from './evacuate-worker';

const chunk = (fileName: string, change: object = {}) => ({
  type: 'chunk',
  fileName,
  facadeModuleId: null,
  imports: [],
  dynamicImports: [],
  ...change,
});

it('names what the page loads by itself and the languages, and nothing of another page or of the map', () => {
  const bundle = Object.fromEntries(
    [
      chunk('assets/evacuate.js', {
        facadeModuleId: '/x/evacuate.html',
        imports: ['assets/words.js'],
        dynamicImports: ['assets/PinMap.js'],
        viteMetadata: { importedCss: new Set(['assets/evacuate.css']) },
      }),
      chunk('assets/words.js', {
        imports: ['assets/evacuate.js'],
        dynamicImports: ['assets/en.js'],
        viteMetadata: { importedCss: new Set(['assets/words.css']) },
      }),
      chunk('assets/en.js', { facadeModuleId: '/x/src/i18n/lang/en.json' }),
      chunk('assets/PinMap.js', { facadeModuleId: '/x/src/capture/PinMap.svelte' }),
      chunk('assets/wall.js', { facadeModuleId: '/x/wall.html' }),
      { type: 'asset', fileName: 'assets/evacuate.css' },
    ].map((item) => [item.fileName, item]),
  );
  expect(filesOf('evacuate', bundle)).toEqual([
    'assets/en.js',
    'assets/evacuate.css',
    'assets/evacuate.js',
    'assets/words.css',
    'assets/words.js',
  ]);
  expect(filesOf('absent', bundle)).toEqual([]);
});
