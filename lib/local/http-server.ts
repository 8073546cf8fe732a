import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import { Problem } from '../domain/errors.ts';
import type { Api } from '../http/api.ts';
import { type Part, partFor } from '../http/paths.ts';
import { problemOf, problemResponse } from '../http/problems.ts';
import type { Clock } from '../stores/clock.ts';
import { newId } from '../stores/ids.ts';
import { systemRandom } from '../stores/system/random.ts';
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

/** Of a request that reaches no application, since it has no address that can be read. */
const problemBeforeRouting = (error: unknown): Response => {
  const problem =
    error instanceof RequestError
      ? new Problem('invalid_request', 'The address of the request, or its Host header, is not valid.')
      : problemOf(error);
  const requestId = newId(systemRandom);
  return problemResponse(requestId, problem, { 'x-request-id': requestId, 'cache-control': 'no-store' });
};

/**
 * Serves the applications at one port of 127.0.0.1.
 * @param port 0 takes a free one.
 * @throws StartError when the port cannot be had.
 */
export const serveHttp = async (apps: Apps, port: number, clock: Clock): Promise<HttpServer> => {
  const server = createServer(
    getRequestListener(
      (request, env) => apps[partFor(request.method, new URL(request.url).pathname)].fetch(request, env),
      { overrideGlobalObjects: false, errorHandler: problemBeforeRouting },
    ),
  );
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
