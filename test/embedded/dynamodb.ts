import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { AbstractKeyIterator, AbstractValueIterator } from 'abstract-level';
import dynalite from 'dynalite';

/** A service of AWS that runs inside this process, on a port of 127.0.0.1 that the system chose. */
export interface EmbeddedService {
  /** As `http://127.0.0.1:40123`. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * dynalite 4.0.0 ends the iterators of its queries by `return`, which those of abstract-level do not have. One that is not
 * closed keeps a snapshot, and the memory behind it, for good: one for each query.
 */
for (const { prototype } of [AbstractKeyIterator, AbstractValueIterator])
  Object.defineProperty(prototype, 'return', {
    configurable: true,
    value(this: { close(): Promise<void> }) {
      return this.close();
    },
  });

/** DynamoDB as dynalite plays it, in memory: no streams, no `ALL_OLD` on a failed condition, no expiry. */
export const startDynamodb = async (): Promise<EmbeddedService> => {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  // Clients keep a connection for 30 s without use (lib/stores/aws/connections.ts). Node's servers close one after five, at times while
  // a request is on its way: it is answered by ECONNRESET then.
  server.keepAliveTimeout = 60_000;
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
