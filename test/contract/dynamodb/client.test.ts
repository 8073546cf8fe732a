import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Batch } from '../../../lib/domain/records/batches.ts';
import { dynamoBatchStore } from '../../../lib/stores/dynamodb/batches.ts';
import { dynamoCursorStore } from '../../../lib/stores/dynamodb/cursors.ts';
import type { RequestUsage } from '../../../lib/stores/dynamodb/table/client.ts';
import { embeddedTables, type TestTables } from '../../embedded/tables.ts';
import { anyTime } from '../windows.ts';

const at = { topicId: 't', partition: 0 };
const batch = (base: number, bytes: number): Batch => ({
  base,
  count: 1,
  data: new Uint8Array(bytes),
  writeId: new Uint8Array(8),
  appendedAt: 0,
  bytesBefore: 0,
});

let tables: TestTables;
let used: RequestUsage[] = [];
beforeAll(async () => {
  tables = await embeddedTables({ onRequest: (usage) => used.push(usage) });
});
afterAll(() => tables[Symbol.asyncDispose]());
beforeEach(() => {
  used = [];
});

test('every request is told of with the units that it took', async () => {
  const batches = dynamoBatchStore(tables.log);
  await batches.putIfAbsent(at, batch(0, 100), anyTime);
  await batches.putIfAbsent(at, batch(1, 2500), anyTime);
  await batches.range(at, { from: 0, limit: 10, consistent: true });
  await batches.range(at, { from: 0, limit: 10, consistent: false });
  await batches.delete(at, [0]);
  const { table } = tables.log;
  expect(used).toStrictEqual([
    { operation: 'PutItem', table, access: 'write', units: 1 },
    { operation: 'PutItem', table, access: 'write', units: 3 },
    { operation: 'Query', table, access: 'read', units: 1 },
    { operation: 'Query', table, access: 'read', units: 0.5 },
    { operation: 'BatchWriteItem', table, access: 'write', units: 1 },
  ]);
});

test('a request that was refused is told of, and one that never left is not', async () => {
  const batches = dynamoBatchStore(tables.log);
  await batches.putIfAbsent(at, batch(9, 10), anyTime);
  await batches.putIfAbsent(at, batch(9, 10), anyTime);
  await expect(batches.putIfAbsent(at, batch(9, 10), { ...anyTime, notAfter: 0 })).rejects.toThrow();
  expect(used.map(({ units }) => units)).toStrictEqual([1, undefined]);
});

test('a lease and a commit are one write each', async () => {
  const cursors = dynamoCursorStore(tables.state);
  const ref = { groupId: 'g', partition: 0 };
  await cursors.acquire(ref, { read: undefined, startOffset: 0, owner: 'a', leaseUntil: 9 });
  await cursors.commit(ref, { epoch: 1, committed: 5, leaseUntil: 9, pendingEnd: 10 });
  await cursors.release(ref, { epoch: 1 });
  expect(used.map(({ operation, units }) => [operation, units])).toStrictEqual([
    ['UpdateItem', 1],
    ['UpdateItem', 1],
    ['UpdateItem', 1],
  ]);
});
