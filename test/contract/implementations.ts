import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { dynamoStateStores } from '../../lib/stores/dynamodb/stores.ts';
import { memoryStores } from '../../lib/stores/memory/stores.ts';
import { Database } from '../../lib/stores/sqlite/database.ts';
import { sqliteStores } from '../../lib/stores/sqlite/stores.ts';
import type { Stores as KeptStores } from '../../lib/stores/stores.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { startDynamodb } from '../embedded/dynamodb.ts';
import { type TestTables, tablesAt } from '../embedded/tables.ts';
import { copyWrites } from './suites/late-copies.ts';

export interface Stores extends KeptStores {
  /**
   * Every request so far that was to change something in the state table reaches it once more, and then all of them from
   * the last to the first. A memory store sends none: what a call changes there is changed when it is called.
   */
  readonly landCopies: () => Promise<void>;
}

export interface Implementation {
  readonly name: string;
  /** Whether a put that finds its slot taken answers with the batch that stands there. */
  readonly tellsWinner: boolean;
  start(): Promise<Running>;
}

export interface Running {
  /** Stores with nothing in them. */
  readonly open: () => Promise<Stores>;
  readonly stop: () => Promise<void>;
}

const dynamodbAt = (endpoint: string, stopServer: () => Promise<void>): Running => {
  const opened: TestTables[] = [];
  return {
    open: async () => {
      const tables = await tablesAt(endpoint);
      opened.push(tables);
      const landCopies = copyWrites(tables.state.client);
      return { batches: dynamoBatchStore(tables.log), ...dynamoStateStores(tables.state), landCopies };
    },
    stop: async () => {
      for (const tables of opened) await tables[Symbol.asyncDispose]();
      await stopServer();
    },
  };
};

const memory: Implementation = {
  name: 'memory',
  tellsWinner: true,
  start: async () => ({
    open: async () => ({ ...memoryStores({ clock: systemClock }), landCopies: async () => undefined }),
    stop: async () => undefined,
  }),
};

/** A database in memory for each set of stores. */
const sqlite: Implementation = {
  name: 'SQLite',
  tellsWinner: true,
  start: async () => {
    const opened: Database[] = [];
    return {
      open: async () => {
        const database = new Database(':memory:');
        opened.push(database);
        return { ...sqliteStores(database, { clock: systemClock }), landCopies: async () => undefined };
      },
      stop: async () => {
        for (const database of opened) database.close();
      },
    };
  },
};

const dynalite: Implementation = {
  name: 'DynamoDB (dynalite)',
  tellsWinner: false,
  start: async () => {
    const server = await startDynamodb();
    return dynamodbAt(server.endpoint, server.stop);
  },
};

/** DynamoDB Local, where one was started: `TEST_DYNAMODB_ENDPOINT=http://127.0.0.1:8000`. */
const running = process.env['TEST_DYNAMODB_ENDPOINT'];
const dynamodbLocal: readonly Implementation[] =
  running === undefined
    ? []
    : [
        {
          name: 'DynamoDB Local',
          tellsWinner: true,
          start: async () => dynamodbAt(running, async () => undefined),
        },
      ];

const dynamodbs: readonly Implementation[] = [dynalite, ...dynamodbLocal];

/** Those that keep what they are given, each of which is held against the memory stores. */
export const databases: readonly Implementation[] = [sqlite, ...dynamodbs];

export const implementations: readonly Implementation[] = [memory, ...databases];
