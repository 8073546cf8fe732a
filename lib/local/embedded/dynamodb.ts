import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';

/** A service of AWS that runs inside this process, on a port of 127.0.0.1 that the system chose. */
export interface EmbeddedService {
  /** As `http://127.0.0.1:40123`. */
  readonly endpoint: string;
  /** Ends it, once what it was asked to write is written. */
  stop(): Promise<void>;
}

/**
 * DynamoDB as dynalite plays it: no streams, no `ALL_OLD` on a failed condition, no expiry.
 * A write that was answered has left the process, so `kill -9` cannot take it back.
 * @param folder Where it keeps its tables; in memory without.
 */
export const startDynamodb = async (folder?: string): Promise<EmbeddedService> => {
  const server = dynalite({
    ...(folder === undefined ? {} : { path: folder }),
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve, reject) => {
        // dynalite calls back with null where Node would give undefined.
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeIdleConnections();
      }),
  };
};
