import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  deliveryDefaults,
  type Endpoint,
  type Group,
  type GroupChange,
  type PulledGroup,
  type PushGroup,
  readingDefaults,
} from '../../lib/domain/groups/groups.ts';
import { dynamoGroupStore } from '../../lib/stores/dynamodb/groups.ts';
import { topicItemsKey } from '../../lib/stores/dynamodb/keys.ts';
import { createStateClient } from '../../lib/stores/dynamodb/table/client.ts';
import { itemsUnder } from '../../lib/stores/dynamodb/table/table.ts';
import { embeddedTables, type TestTables } from '../embedded/tables.ts';

const ref = { topicId: 't', group: 'billing' };
const group = (groupId: string): Group => ({
  name: 'billing',
  groupId,
  topic: 'orders',
  topicId: 't',
  mode: 'push',
  start: 'latest',
  startOffsets: [0],
  delivery: deliveryDefaults,
  createdAt: 0,
});
const { mode: _mode, delivery: _delivery, ...common } = group('any') as PushGroup;
const shared: PulledGroup = { ...common, mode: 'shared', reading: readingDefaults };
/** All that a group can get. */
const everything: Required<GroupChange> = {
  delivery: deliveryDefaults,
  reading: readingDefaults,
  pausedSince: 5,
  redrive: { redriveId: 'r', deadTopicId: 'd', ranges: { '0': [0, 1] }, through: { '0': 1 }, requestedAt: 0 },
  places: [{ endpointId: 'e', url: 'mark', version: 1, takenAt: 0 }],
};
const endpoint: Endpoint = {
  endpointId: 'e',
  url: 'https://example.com/',
  secrets: ['whsec_a'],
  status: 'enabled',
  createdAt: 0,
};

let tables: TestTables;
beforeAll(async () => {
  tables = await embeddedTables();
});
afterAll(() => tables[Symbol.asyncDispose]());

test.each<Group>([
  { ...group('dying'), topicId: 'of-push' },
  { ...shared, groupId: 'dying', topicId: 'of-shared' },
])(
  'a deleted group of mode $mode leaves nothing but its id, though it changed while it was being deleted',
  async (made) => {
    const { state } = tables;
    const groups = dynamoGroupStore(state);
    const { topicId } = made;
    const at = { topicId, group: 'billing' };
    await groups.create(made);
    const slow = createStateClient(tables.connection);
    let changed: unknown;
    slow.middlewareStack.add(
      (next, context) => async (args) => {
        // After it was read, and before it is changed.
        if (context.commandName === 'UpdateItemCommand') changed ??= await groups.update(made, everything);
        return next(args);
      },
      { step: 'initialize' },
    );
    await dynamoGroupStore({ ...state, client: slow }).delete(at, 'dying');
    slow.destroy();
    expect(changed).toMatchObject({ pausedSince: 5, version: 2 });
    const left: string[][] = [];
    for await (const item of itemsUnder(state, { pk: topicItemsKey(topicId) }))
      left.push(Object.keys(item).sort());
    expect(left).toStrictEqual([['deletedAt', 'groupId', 'pk', 'sk', 'ttl']]);
    expect(await groups.update(made, everything)).toBeUndefined();
  },
);

test('a deletion that stops half way leaves no endpoint to the next group of that name', async () => {
  const groups = dynamoGroupStore(tables.state);
  await groups.create(group('first'));
  await groups.putEndpoint(ref, endpoint);

  const dying = createStateClient(tables.connection);
  dying.middlewareStack.add(
    (next, context) => (args) => {
      if (context.commandName === 'QueryCommand') throw new Error('died');
      return next(args);
    },
    { step: 'initialize' },
  );
  await expect(dynamoGroupStore({ ...tables.state, client: dying }).delete(ref, 'first')).rejects.toThrow();
  dying.destroy();

  await groups.create(group('second'));
  expect(await groups.get(ref)).toStrictEqual({ group: group('second'), endpoints: [] });
  expect(await groups.list('t')).toStrictEqual([{ group: group('second'), endpoints: [] }]);

  await groups.delete(ref, 'first');
  const left: unknown[] = [];
  for await (const item of itemsUnder(tables.state, { pk: topicItemsKey('t') })) left.push(item['sk']?.S);
  expect(left).toStrictEqual(['group/billing/']);
});
