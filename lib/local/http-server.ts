import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Api } from '../http/api.ts';
import { type Part, partFor } from '../http/paths.ts';
import type { Clock } from '../stores/clock.ts';
import { StartError } from './data-folder.ts';

export type Apps = Readonly<Record<Part, Api>>;

export interface HttpServer {
  /** As `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Takes no more requests, and cuts those that are not over within `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error);
      const why = error.code === 'EACCES' ? 'may not be used by this user' : 'is taken by another program';
      reject(
        new StartError(
          `The port ${port} at 127.0.0.1 ${why}. Choose another with PORT (0 takes a free one).`,
        ),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });

/**
 * Serves the applications at one port of 127.0.0.1.
 * @param port 0 takes a free one.
 * @throws StartError when the port cannot be had.
 */
export const serveHttp = async (apps: Apps, port: number, clock: Clock): Promise<HttpServer> => {
  const server = createAdaptorServer({
    fetch: (request, env) => apps[partFor(request.method, new URL(request.url).pathname)].fetch(request, env),
    overrideGlobalObjects: false,
  }) as Server;
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async (graceMs) => {
      const over = new AbortController();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.race([closed, clock.sleep(graceMs, over.signal)]);
      over.abort();
      server.closeAllConnections();
      await closed;
    },
  };
};
