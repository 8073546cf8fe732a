import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { AbstractKeyIterator, AbstractValueIterator } from 'abstract-level';
import { ClassicLevel } from 'classic-level';
import dynalite from 'dynalite';
import { damaged } from '../data-folder.ts';

/** A service of AWS that runs inside this process, on a port of 127.0.0.1 that the system chose. */
export interface EmbeddedService {
  /** As `http://127.0.0.1:40123`. */
  readonly endpoint: string;
  /** Ends it, once what it was asked to write is written. */
  stop(): Promise<void>;
}

/**
 * dynalite 4.0.0 ends the iterators of its queries by `return`, which those of abstract-level do not have. One that is not
 * closed keeps a snapshot of LevelDB, and the memory behind it, for good: one for each query.
 */
for (const { prototype } of [AbstractKeyIterator, AbstractValueIterator])
  Object.defineProperty(prototype, 'return', {
    configurable: true,
    value(this: { close(): Promise<void> }) {
      return this.close();
    },
  });

/** dynalite opens its LevelDB late, and ends the process where it cannot: so it is opened here first. */
const checkTables = async (folder: string): Promise<void> => {
  const level = new ClassicLevel(folder);
  try {
    await level.open();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw damaged(
      dirname(folder),
      folder,
      cause,
      'Put back a copy of the data folder that was made while no broker ran, or begin with an empty one: ' +
        'MILLRACE_DATA_DIR names another.',
    );
  } finally {
    await level.close();
  }
};

/**
 * DynamoDB as dynalite plays it: no streams, no `ALL_OLD` on a failed condition, no expiry.
 * A write that was answered has left the process, so `kill -9` cannot take it back.
 * @param folder Where it keeps its tables; in memory without.
 * @throws StartError when they cannot be read.
 */
export const startDynamodb = async (folder?: string): Promise<EmbeddedService> => {
  if (folder !== undefined) await checkTables(folder);
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
