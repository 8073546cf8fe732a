import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OutcomeUnknownError, ThrottledError } from '../../../lib/domain/errors.ts';
import type { Cursor } from '../../../lib/domain/groups/cursors.ts';
import type { Member } from '../../../lib/domain/groups/members.ts';
import type { BatchPlace, BatchStore } from '../../../lib/stores/batches.ts';
import type { CursorStore, VersionedCursor } from '../../../lib/stores/cursors.ts';
import { dynamoBatchStore } from '../../../lib/stores/dynamodb/batches.ts';
import { dynamoCursorStore } from '../../../lib/stores/dynamodb/cursors.ts';
import { cursorKey, memberKey } from '../../../lib/stores/dynamodb/keys.ts';
import { dynamoMemberStore } from '../../../lib/stores/dynamodb/members.ts';
import {
  createLogClient,
  createStateClient,
  type RequestUsage,
} from '../../../lib/stores/dynamodb/table/client.ts';
import { type Item, type Table, toItem, toKey } from '../../../lib/stores/dynamodb/table/table.ts';
import { toKept } from '../../../lib/stores/kept-cursors.ts';
import type { MemberStore } from '../../../lib/stores/members.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';
import { type Answer, refusal, type ScriptedServer, scriptedServer } from '../../embedded/scripted-server.ts';
import { embeddedTables, type TestTables } from '../../embedded/tables.ts';
import { anyTime } from '../windows.ts';

const connection = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const clock: Clock = { now: () => 1000, monotonic: () => 1000, sleep: async () => undefined };
const done: Answer = { status: 200, body: {} };

/** The log, on a server that answers so, and how often it was told of a throttle. */
const logAnswering = async (
  ...answers: Answer[]
): Promise<{ batches: BatchStore; server: ScriptedServer; throttles: () => number }> => {
  const server = await scriptedServer(...answers);
  let throttles = 0;
  const onThrottle = (): void => {
    throttles += 1;
  };
  const client = createLogClient({ ...connection, endpoint: server.endpoint, onThrottle });
  return {
    server,
    batches: dynamoBatchStore({ client, table: 'table', clock }),
    throttles: () => throttles,
  };
};

const key = (base: number): Item => ({ pk: { S: 't/0' }, sk: { N: String(base) } });
const places = (...bases: number[]): BatchPlace[] =>
  bases.map((base) => ({ at: { topicId: 't', partition: 0 }, base }));
const found = (bases: readonly number[], left: readonly number[] = []): Answer => ({
  status: 200,
  body: {
    Responses: { table: bases.map(key) },
    UnprocessedKeys: left.length === 0 ? {} : { table: { Keys: left.map(key) } },
  },
});

describe('asking where batches begin', () => {
  test('is one request, eventually consistent, of each place once and of its key alone', async () => {
    const { batches, server } = await logAnswering(found([7]));
    expect(await batches.present(places(7, 3, 7))).toStrictEqual([true, false, true]);
    const keys = [key(7), key(3)];
    const request = { Keys: keys, ConsistentRead: false, ProjectionExpression: 'pk, sk' };
    expect(server.received.map(({ operation, body }) => [operation, body])).toStrictEqual([
      ['BatchGetItem', { RequestItems: { table: request } }],
    ]);
  });

  test('asks nothing where there is nothing to ask', async () => {
    const { batches, server } = await logAnswering(done);
    expect(await batches.present([])).toStrictEqual([]);
    expect(server.received).toHaveLength(0);
  });

  test('does not take what was left undone for absent', async () => {
    const { batches, server } = await logAnswering(found([7], [3, 5]));
    expect(await batches.present(places(3, 7, 9, 5))).toStrictEqual([undefined, true, false, undefined]);
    expect(server.received).toHaveLength(1);
  });

  test.each([
    [0, 1],
    [2, 1],
    // So much may be more than an answer holds, which says nothing of capacity.
    [3, 0],
  ])('tells of a throttle where an answer of %i batches left some undone (%i)', async (count, told) => {
    const there = Array.from({ length: count }, (_, index) => index);
    const { batches, throttles } = await logAnswering(found(there, [50]));
    await batches.present(places(...there, 50));
    expect(throttles()).toBe(told);
  });

  test('tells of none where nothing was left', async () => {
    const { batches, throttles } = await logAnswering(found([]), found([1]));
    expect([await batches.present(places(1)), await batches.present(places(1))]).toEqual([[false], [true]]);
    expect(throttles()).toBe(0);
  });

  test('is refused as a throttle where none of it was read for want of capacity', async () => {
    const { batches, throttles } = await logAnswering(refusal('ProvisionedThroughputExceededException'));
    await expect(batches.present(places(1))).rejects.toBeInstanceOf(ThrottledError);
    expect(throttles()).toBe(1);
  });

  test('has no answer where none came, and is given up when it is told to', async () => {
    const { batches } = await logAnswering('reset');
    await expect(batches.present(places(1))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(batches.present(places(1), AbortSignal.abort())).rejects.toThrow();
  });
});

const member: Member = { consumerId: 'c', memberEpoch: 'm', expiresAt: 30_000, joinedAt: 0, polledAt: 0 };
const memberItem = toItem(memberKey({ groupId: 'g', consumerId: 'c' }), { ...member, ttl: 5 });
const read: Cursor = { committed: 3, epoch: 1, leaseUntil: 0, attempts: 0, retryAt: 0 };
const next: VersionedCursor = {
  ...read,
  version: 1,
  writeId: 'w',
  runs: [{ start: 3, end: 4, state: 'held', by: 'c/m', until: 5, deliveries: 1 }],
};
const ref = { groupId: 'g', partition: 0 };
const cursorItem = toItem(cursorKey(ref), toKept(next));

const stateAnswering = async (...answers: Answer[]) => {
  const server = await scriptedServer(...answers);
  const state: Table = {
    client: createStateClient({ ...connection, endpoint: server.endpoint }),
    table: 'table',
    clock,
  };
  return { server, cursors: dynamoCursorStore(state), members: dynamoMemberStore(state) };
};

interface PulledStores {
  readonly cursors: CursorStore;
  readonly members: MemberStore;
}

/** Each write, the item that it leaves, and what it answers. */
const writes: readonly [string, (stores: PulledStores) => Promise<unknown>, Item | undefined, unknown][] = [
  ['a join', ({ members }) => members.join('g', member), memberItem, member],
  [
    'a renewal',
    ({ members }) => members.renew('g', { ...member, polledAt: 1, expiresAt: 30_000 }),
    memberItem,
    member,
  ],
  ['a removal', ({ members }) => members.remove('g', member), undefined, true],
  ['a replacement', ({ cursors }) => cursors.replace(ref, read, next), cursorItem, { done: true }],
];

describe('a write whose answer was lost', () => {
  const conflict = (item: Item | undefined): Answer =>
    refusal('ConditionalCheckFailedException', item && { Item: item });

  test.each(writes)('recognises itself: %s', async (_name, write, item, answer) => {
    const { server, ...stores } = await stateAnswering('reset', conflict(item), done);
    expect(await write(stores)).toStrictEqual(answer);
    // A store that does not show the item that a condition failed on is asked for it.
    expect(server.received).toHaveLength(item === undefined ? 3 : 2);
    expect(server.received[0]?.body).toMatchObject({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' });
  });

  test.each(writes)(
    'recognises itself where the store does not show what stands: %s',
    async (_name, write, item, answer) => {
      const standing: Answer = { status: 200, body: item === undefined ? {} : { Item: item } };
      const { server, ...stores } = await stateAnswering('reset', conflict(undefined), standing);
      expect(await write(stores)).toStrictEqual(answer);
      expect(server.received[2]).toMatchObject({ operation: 'GetItem', body: { ConsistentRead: true } });
    },
  );

  test.each(writes)(
    'is not known to have been made where no answer comes at all: %s',
    async (_name, write) => {
      const { server: _server, ...stores } = await stateAnswering('reset');
      await expect(write(stores)).rejects.toBeInstanceOf(OutcomeUnknownError);
    },
  );

  test('is not sent again under its name where nothing stands any more: others may have ended that session', async () => {
    const { server, members } = await stateAnswering('reset', conflict(undefined), done);
    expect(await members.join('g', member)).toBeUndefined();
    expect(server.received.map(({ operation }) => operation)).toStrictEqual([
      'PutItem',
      'PutItem',
      'GetItem',
    ]);
  });
});

describe('on a table', () => {
  let tables: TestTables;
  let used: RequestUsage[] = [];
  beforeAll(async () => {
    tables = await embeddedTables({ onRequest: (usage) => used.push(usage) });
  });
  afterAll(() => tables[Symbol.asyncDispose]());
  beforeEach(() => {
    used = [];
  });
  const units = (): (number | undefined)[] => used.map((usage) => usage.units);

  test('a member has a day more than its session until it expires, and again with each renewal', async () => {
    const members = dynamoMemberStore(tables.state);
    const ttl = async (): Promise<number> => {
      const Key = toKey(memberKey({ groupId: 'g', consumerId: 'c' }));
      const { Item } = await tables.state.client.send(
        new GetItemCommand({ TableName: tables.state.table, Key, ConsistentRead: true }),
      );
      return Number(Item?.['ttl']?.N);
    };
    await members.join('g', member);
    expect(await ttl()).toBe(30 + 86_400);
    await members.renew('g', { ...member, polledAt: 1, expiresAt: 45_000.5 });
    expect(await ttl()).toBe(46 + 86_400);
    expect(units()).toStrictEqual([1, 1, 1, 1]);
  });

  test('a place costs half a read unit, and one with a batch what reading that costs', async () => {
    const batches = dynamoBatchStore(tables.log);
    const batch = { base: 0, count: 1, writeId: new Uint8Array(8), appendedAt: 0, bytesBefore: 0 };
    const at = { topicId: 't', partition: 0 };
    await batches.putIfAbsent(at, { ...batch, data: new Uint8Array(9000) }, anyTime);
    used = [];
    await batches.present(places(0, 1, 2, 3, 4, 4));
    expect(units()).toStrictEqual([1.5 + 4 * 0.5]);
  });
});
