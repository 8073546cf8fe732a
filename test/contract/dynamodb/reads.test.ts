import { expect, onTestFinished, test } from 'vitest';
import type { EndQuery } from '../../../lib/stores/batches.ts';
import { dynamoBatchStore } from '../../../lib/stores/dynamodb/batches.ts';
import { dynamoStateStores } from '../../../lib/stores/dynamodb/stores.ts';
import {
  createLogClient,
  createStateClient,
  type RequestUsage,
} from '../../../lib/stores/dynamodb/table/client.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import { type Answer, refusal, type ScriptedServer, scriptedServer } from '../../embedded/scripted-server.ts';
import { embeddedTables } from '../../embedded/tables.ts';
import { anyTime } from '../windows.ts';

/*
 * No emulator reads late, so that a test on one passes whatever is asked for. Therefore: what is asked for.
 */

const connection = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const ref = { topicId: 't', group: 'g' };
const at = { topicId: 't', partition: 3 };

const stateAt = (endpoint: string) =>
  dynamoStateStores({
    client: createStateClient({ ...connection, endpoint }),
    table: 'table',
    clock: systemClock,
  });
type State = ReturnType<typeof stateAt>;

const expectStrongReads = ({ received }: ScriptedServer): void => {
  const reads = received.filter(({ operation }) => operation === 'GetItem' || operation === 'Query');
  expect(reads.length).toBeGreaterThan(0);
  expect(reads.map(({ body }) => body['ConsistentRead'])).toEqual(reads.map(() => true));
};

const reads: Readonly<Record<string, (stores: State) => Promise<unknown>>> = {
  'a topic': ({ topics }) => topics.get('orders'),
  topics: ({ topics }) => topics.list({ limit: 10, after: 'a' }),
  'a group': ({ groups }) => groups.get(ref),
  groups: ({ groups }) => groups.list('t'),
  'the group of an endpoint that is put': ({ groups }) =>
    groups.putEndpoint(ref, { endpointId: 'e', url: 'u', secrets: [], status: 'enabled', createdAt: 0 }),
  'a group that is deleted': ({ groups }) => groups.delete(ref, 'g1'),
  'an API key': ({ keys }) => keys.get('k'),
  'API keys': ({ keys }) => keys.list(),
  removals: ({ removals }) => removals.list('group', { limit: 10, after: 'a' }),
  'the state of a partition': ({ partitions }) => partitions.get(at),
  'the states of partitions': ({ partitions }) => partitions.list('t'),
  'the partitions that are deleted': ({ partitions }) => partitions.deleteAll('t'),
  'a cursor': ({ cursors }) => cursors.get({ groupId: 'g1', partition: 3 }),
  cursors: ({ cursors }) => cursors.list('g1'),
  'the pace of an endpoint': ({ paces }) => paces.get({ groupId: 'g1', endpointId: 'e' }),
  'the paces that are deleted': ({ paces }) => paces.deleteAll('g1'),
  'the cursors that are deleted': ({ cursors }) => cursors.deleteAll('g1'),
};

test.each(Object.entries(reads))('%s: read strongly', async (_name, read) => {
  const server = await scriptedServer({ status: 200, body: {} });
  await read(stateAt(server.endpoint));
  expectStrongReads(server);
});

test('what a condition failed on is read strongly where the store does not show it', async () => {
  const topic = { name: 'orders', topicId: 't', partitions: 1, retentionHours: null, archive: false };
  const stored = { pk: { S: 'topic' }, sk: { S: 'orders' }, topicId: { S: 'other' } };
  const answered = (body: Readonly<Record<string, unknown>>): Answer => ({ status: 200, body });
  const refused = refusal('ConditionalCheckFailedException');
  const server = await scriptedServer(answered({}), refused, answered({ Item: stored }));
  const { created } = await stateAt(server.endpoint).topics.create({ ...topic, createdAt: 0 });
  expect(created).toBe(false);
  expectStrongReads(server);
});

test('the end of a partition is read strongly, and without the records of its last batch', async () => {
  const server = await scriptedServer({ status: 200, body: { Items: [{ sk: { N: '7' }, n: { N: '3' } }] } });
  const client = createLogClient({ ...connection, endpoint: server.endpoint });
  const batches = dynamoBatchStore({ client, table: 'table', clock: systemClock });
  expect(await batches.end(at, { from: 0, consistent: true })).toBe(10);
  expectStrongReads(server);
  const last = { ProjectionExpression: 'sk, n', Limit: 1, ScanIndexForward: false };
  expect(server.received[0]?.body).toMatchObject(last);
});

test('where nothing was appended since the end that is known, half a unit is read, however large the last batch', async () => {
  const usage: RequestUsage[] = [];
  const tables = await embeddedTables({ onRequest: (request) => usage.push(request) });
  onTestFinished(() => tables[Symbol.asyncDispose]());
  const batches = dynamoBatchStore(tables.log);
  const data = new Uint8Array(300_000);
  const batch = { base: 0, count: 1000, data, writeId: new Uint8Array(8), appendedAt: 5, bytesBefore: 0 };
  expect(await batches.putIfAbsent(at, batch, anyTime)).toEqual({ kind: 'stored' });
  const units = async (query: EndQuery): Promise<number | undefined> => {
    usage.length = 0;
    expect(await batches.end(at, query)).toBe(1000);
    expect(usage).toHaveLength(1);
    return usage[0]?.units;
  };
  expect(await units({ from: 0, consistent: true })).toBeGreaterThan(73);
  expect(await units({ from: 1000, consistent: false })).toBeLessThanOrEqual(0.5);
});
