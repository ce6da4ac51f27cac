import type { Plugin } from 'vite';

/** Lets the development server answer `/wall` with `wall.html`, as the real server does. */
export function cleanAddresses(pages: string[]): Plugin {
  return {
    name: 'clean-addresses',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const [path = '', query] = (request.url ?? '').split('?');
        if (pages.includes(path.slice(1))) request.url = `${path}.html${query === undefined ? '' : `?${query}`}`;
        next();
      });
    },
  };
}
