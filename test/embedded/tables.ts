import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type ClientOptions,
  createLogClient,
  createStateClient,
} from '../../lib/stores/dynamodb/table/client.ts';
import type { Table } from '../../lib/stores/dynamodb/table/table.ts';
import { tables } from '../../lib/stores/dynamodb/table/tables.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { startDynamodb } from './dynamodb.ts';
import { ensureTable } from './resources.ts';

/** Both tables, made on a DynamoDB that is not AWS's. */
export interface TestTables extends AsyncDisposable {
  readonly log: Table;
  readonly state: Table;
  readonly endpoint: string;
  /** What a client of another kind needs to reach it. */
  readonly connection: ClientOptions;
}

/** Makes the tables under a name of their own at `endpoint`, so that runs on one server do not meet. */
export const tablesAt = async (endpoint: string, options: ClientOptions = {}): Promise<TestTables> => {
  const connection: ClientOptions = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    ...options,
  };
  const run = `${process.pid}-${process.hrtime.bigint()}`;
  const table = async (client: DynamoDBClient, kind: keyof typeof tables): Promise<Table> => {
    const name = `${kind}-${run}`;
    await ensureTable(client, systemClock, name, tables[kind]);
    return { client, table: name, clock: systemClock };
  };
  const log = await table(createLogClient(connection), 'log');
  const state = await table(createStateClient(connection), 'state');
  return {
    log,
    state,
    endpoint,
    connection,
    [Symbol.asyncDispose]: async () => {
      log.client.destroy();
      state.client.destroy();
    },
  };
};

/** The tables on a dynalite of their own, in memory, on a port of 127.0.0.1. */
export const embeddedTables = async (options: ClientOptions = {}): Promise<TestTables> => {
  const server = await startDynamodb();
  const made = await tablesAt(server.endpoint, options);
  return {
    ...made,
    [Symbol.asyncDispose]: async () => {
      await made[Symbol.asyncDispose]();
      await server.stop();
    },
  };
};
