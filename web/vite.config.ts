import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { cleanAddresses } from './scripts/clean-addresses';
import { evacuateWorker } from './scripts/evacuate-worker';
import { precompress } from './scripts/precompress';

/** One page per person; the server answers `/wall` with `wall.html`. */
const pages = ['index', 'field', 'wall', 'console', 'receipt', 'evacuate'];

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), cleanAddresses(pages), evacuateWorker(), precompress()],
  // Svelte's server build is what Node would otherwise pick in tests.
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  build: {
    target: 'es2022',
    manifest: true,
    // A strict CSP knows no inline data in scripts and styles; every asset is a file.
    assetsInlineLimit: 0,
    // The map is one large chunk on purpose, loaded only when asked for.
    chunkSizeWarningLimit: 1300,
    rolldownOptions: { input: Object.fromEntries(pages.map((page) => [page, `${page}.html`])) },
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/api': { target: 'http://127.0.0.1:8080', ws: true },
      '/tiles': { target: 'http://127.0.0.1:8080' },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
    setupFiles: [],
  },
}));
