import { beforeEach, describe, expect, test } from 'vitest';
import type { Cursor, Run } from '../../../lib/domain/groups/cursors.ts';
import { type PulledGroup, readingDefaults } from '../../../lib/domain/groups/groups.ts';
import { type AppDeps, call, newWorld, produce, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/groups/billing';
const partitions = 4;

/** The calls of each store, by `<store>.<method>`. */
const calls = new Map<string, number>();
beforeEach(() => calls.clear());

const counted = <Target extends object>(name: string, target: Target): Target =>
  new Proxy(target, {
    get: (original, method) => {
      const value: unknown = Reflect.get(original, method, original);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const call = `${name}.${String(method)}`;
        calls.set(call, (calls.get(call) ?? 0) + 1);
        return Reflect.apply(value, original, args);
      };
    },
  });

/** A topic of four partitions, of which the first has three records, a second apart, and the others none. */
const makeWorld = async (): Promise<World> => {
  const world = await newWorld(({ cursors, members, partitions: states, reader, groups }: AppDeps) => ({
    cursors: counted('cursors', cursors),
    members: counted('members', members),
    partitions: counted('partitions', states),
    reader: counted('reader', reader),
    groups: counted('groups', groups),
  }));
  await withTopic(world, partitions);
  for (let value = 0; value < 3; value += 1) {
    await produce(world, [{ value, partition: 0 }]);
    world.clock.advance(1000);
  }
  return world;
};

/** A group that is pulled from, from the oldest record on. */
const withGroup = async (
  world: World,
  mode: PulledGroup['mode'] = 'pull',
  more: Partial<PulledGroup> = {},
): Promise<PulledGroup> => {
  const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
  const group: PulledGroup = {
    name: 'billing',
    groupId: 'g1',
    topic: 'orders',
    topicId,
    mode,
    start: 'earliest',
    startOffsets: Array.from({ length: partitions }, () => 0),
    reading: readingDefaults,
    createdAt: world.clock.now(),
    ...more,
  };
  await world.stores.groups.create(group);
  return group;
};

/** A member, whose session is named `<consumerId>/<memberEpoch>`. */
const join = async (world: World, consumerId: string, memberEpoch = 'm'): Promise<void> => {
  const now = world.clock.now();
  const [standing] = (await world.stores.members.list('g1')).filter((each) => each.consumerId === consumerId);
  const times = { expiresAt: now + 30_000, joinedAt: now, polledAt: now };
  await world.stores.members.join('g1', { consumerId, memberEpoch, ...times }, standing);
};

const poll = async (world: World, consumerId: string, more: object = {}): Promise<number[]> => {
  const { status, json } = await call(world, `POST ${path}/poll`, { json: { consumerId, ...more } });
  expect(status).toBe(200);
  return (json['records'] as { offset: number }[]).map(({ offset }) => offset);
};

/** The group as it is shown. */
const shown = async (world: World): Promise<Record<string, unknown>> => {
  const { status, json } = await call(world, `GET ${path}`);
  expect(status).toBe(200);
  return json;
};

type Members = readonly { consumerId: string; partitions: readonly number[] }[];

describe('a group that is pulled from is shown', () => {
  test('with its members, what is assigned to each, and what each has in hand', async () => {
    const world = await makeWorld();
    await withGroup(world);
    for (const consumerId of ['a', 'b']) expect(await poll(world, consumerId, { maxRecords: 0 })).toEqual([]);
    world.clock.advance(2000);
    const before = await shown(world);
    const members = before['members'] as Members;
    expect(members.flatMap((member) => member.partitions).toSorted()).toEqual([0, 1, 2, 3]);
    for (const member of members) expect(member.partitions).toHaveLength(2);
    expect(before).toMatchObject({
      lag: 3,
      lost: 0,
      oldestUnacknowledgedSeconds: 5,
      members: [
        {
          consumerId: 'a',
          lastPoll: '2026-03-01T12:00:03.000Z',
          expiresAt: '2026-03-01T12:00:33.000Z',
          handedOut: 0,
        },
        { consumerId: 'b', handedOut: 0 },
      ],
      partitions: [{ committed: 0, end: 3, lag: 3, handedOut: 0 }, { handedOut: 0 }, {}, {}],
    });
    const owner = members.find((member) => member.partitions.includes(0))?.consumerId ?? '';
    expect(await poll(world, owner, { maxRecords: 2 })).toEqual([0, 1]);
    const after = await shown(world);
    expect(after).toMatchObject({
      partitions: [{ partition: 0, committed: 0, lag: 3, handedOut: 2, owner }, {}, {}, {}],
    });
    for (const member of after['members'] as (Members[number] & { handedOut: number })[])
      expect(member.handedOut).toBe(member.consumerId === owner ? 2 : 0);
    expect(after).not.toHaveProperty('deadLettered');
  });

  test('with no oldest record where all is acknowledged, and with the next one where some is', async () => {
    const world = await makeWorld();
    await withGroup(world);
    await poll(world, 'a');
    await call(world, `POST ${path}/ack`, { json: { consumerId: 'a', offsets: { 0: 1 } } });
    expect(await shown(world)).toMatchObject({
      lag: 2,
      oldestUnacknowledgedSeconds: 2,
      members: [{ consumerId: 'a', handedOut: 2 }],
      partitions: [{ committed: 1, lag: 2, handedOut: 2, oldestUnacknowledgedSeconds: 2 }, {}, {}, {}],
    });
    await call(world, `POST ${path}/ack`, { json: { consumerId: 'a', offsets: { 0: 3 } } });
    const through = await shown(world);
    expect(through).toMatchObject({ lag: 0, oldestUnacknowledgedSeconds: null, members: [{ handedOut: 0 }] });
    const [first] = through['partitions'] as object[];
    expect(first).toMatchObject({ committed: 3, owner: 'a', handedOut: 0 });
    expect(first).not.toHaveProperty('oldestUnacknowledgedSeconds');
  });

  test('while it is handed over: each partition is whose its records are, until they are acknowledged', async () => {
    const world = await makeWorld();
    await withGroup(world);
    for (let partition = 1; partition < partitions; partition += 1)
      await produce(world, [{ value: partition, partition }]);
    expect(await poll(world, 'a')).toHaveLength(6);
    await poll(world, 'b', { maxRecords: 0 });
    world.clock.advance(1000);
    const owners = async (): Promise<unknown[]> => {
      const { partitions: all, oldestUnacknowledgedSeconds } = await shown(world);
      // As of the partition in which it is oldest.
      expect(oldestUnacknowledgedSeconds).toBe(4);
      return (all as { owner: unknown }[]).map(({ owner }) => owner);
    };
    const [, , ...behind] = (await shown(world))['partitions'] as object[];
    for (const partition of behind) expect(partition).toMatchObject({ oldestUnacknowledgedSeconds: 1 });
    expect(await owners()).toEqual(['a', 'a', 'a', 'a']);
    const members = (await shown(world))['members'] as Members;
    const over = members.find(({ consumerId }) => consumerId === 'b')?.partitions.at(-1) ?? -1;
    expect(over).toBeGreaterThan(0);
    const ack = { consumerId: 'a', offsets: { [over]: 1 } };
    expect((await call(world, `POST ${path}/ack`, { json: ack })).status).toBe(204);
    expect(await owners()).toEqual([0, 1, 2, 3].map((partition) => (partition === over ? 'b' : 'a')));
  });

  test('without what is not acknowledged in time, and without members whose session is over', async () => {
    const world = await makeWorld();
    await withGroup(world);
    await poll(world, 'a');
    world.clock.advance(29_000);
    await poll(world, 'b', { maxRecords: 0 });
    world.clock.advance(4000);
    const lost = await shown(world);
    expect(lost).toMatchObject({ members: [{ consumerId: 'b', partitions: [0, 1, 2, 3], handedOut: 0 }] });
    // What the one that is gone has in hand is nobody's, whoever takes it next.
    expect(lost).toMatchObject({ partitions: [{ owner: 'b', handedOut: 0, lag: 3 }, {}, {}, {}] });
    expect(await poll(world, 'b')).toEqual([0, 1, 2]);
    expect(await shown(world)).toMatchObject({
      members: [{ handedOut: 3 }],
      partitions: [{ handedOut: 3 }, {}, {}, {}],
    });
    for (let seconds = 0; seconds < 60; seconds += 20) {
      world.clock.advance(20_000);
      await poll(world, 'b', { maxRecords: 0 });
    }
    expect(await shown(world)).toMatchObject({
      members: [{ handedOut: 0 }],
      partitions: [{ handedOut: 0 }, {}, {}, {}],
    });
    world.clock.advance(33_000);
    expect(await shown(world)).toMatchObject({
      lag: 3,
      members: [],
      partitions: [{ owner: null }, {}, {}, {}],
    });
  });

  test('with what was given back, and when it is handed out again', async () => {
    const world = await makeWorld();
    await withGroup(world);
    await poll(world, 'a');
    const given = { consumerId: 'a', offsets: { 0: 1 } };
    await call(world, `POST ${path}/nack`, { json: { ...given, delaySeconds: 60 } });
    const [first] = (await shown(world))['partitions'] as object[];
    expect(first).toMatchObject({
      committed: 1,
      attempts: 1,
      handedOut: 0,
      retryAt: '2026-03-01T12:01:03.000Z',
    });
    expect(first).not.toHaveProperty('lastFailure');
    world.clock.advance(61_000);
    await poll(world, 'a');
    world.clock.advance(61_000);
    expect(await poll(world, 'a')).toEqual([1, 2]);
    const [again] = (await shown(world))['partitions'] as object[];
    expect(again).toMatchObject({ attempts: 2, handedOut: 2 });
    expect(again).not.toHaveProperty('retryAt');
  });

  test('without a member of whom a clock that is wrong says that it lasts for days', async () => {
    const world = await makeWorld();
    await withGroup(world);
    const now = world.clock.now();
    const times = { expiresAt: now + 86_400_000, joinedAt: now, polledAt: now };
    await world.stores.members.join('g1', { consumerId: 'a', memberEpoch: 'm', ...times });
    expect(await shown(world)).toMatchObject({ members: [], partitions: [{ owner: null }, {}, {}, {}] });
  });

  test('with what becomes of its records, each by itself, where it is shared', async () => {
    const world = await makeWorld();
    await withGroup(world, 'shared');
    for (let value = 3; value < 30; value += 1) await produce(world, [{ value, partition: 0 }]);
    for (const consumerId of ['a', 'b']) await join(world, consumerId);
    const until = world.clock.now() + 60_000;
    const held = { state: 'held', until, deliveries: 1 } as const;
    const runs: readonly Run[] = [
      { start: 2, end: 5, ...held, by: 'a/m' },
      { start: 5, end: 9, state: 'acknowledged', deliveries: 0 },
      { start: 9, end: 11, ...held, by: 'b/m' },
      { start: 11, end: 12, ...held, by: 'a/m' },
      { start: 12, end: 14, state: 'delayed', until: until + 60_000, deliveries: 2 },
      { start: 14, end: 15, state: 'stuck', until: 0, deliveries: 10, reason: 'nack' },
      // Of a member that is gone, and once too often: to be handed out again, and to go to the dead letters.
      { start: 15, end: 16, ...held, by: 'a/former' },
      { start: 16, end: 18, ...held, by: 'a/former', deliveries: 10 },
    ];
    const cursor = { epoch: 1, leaseUntil: 0, attempts: 0, retryAt: 0, version: 1, writeId: 'w' };
    const ref = { groupId: 'g1', partition: 0 };
    const next = { ...cursor, committed: 2, runs, deadLettered: 7 };
    await world.stores.cursors.replace(ref, undefined, next);
    const counts = { handedOut: 6, delayed: 3, stuck: 3, acknowledgedAhead: 4, deadLettered: 7 };
    expect(await shown(world)).toMatchObject({
      lag: 28,
      deadLettered: 7,
      members: [
        { consumerId: 'a', partitions: [], handedOut: 4 },
        { consumerId: 'b', partitions: [], handedOut: 2 },
      ],
      partitions: [
        { committed: 2, end: 30, lag: 28, owner: null, ...counts },
        { handedOut: 0, delayed: 0, stuck: 0, acknowledgedAhead: 0, deadLettered: 0 },
        {},
        {},
      ],
    });
    world.clock.advance(60_000);
    for (const consumerId of ['a', 'b']) await join(world, consumerId, 'later');
    const [first] = (await shown(world))['partitions'] as object[];
    expect(first).toMatchObject({ handedOut: 0, delayed: 9, stuck: 3, acknowledgedAhead: 4 });
  });

  test('with how far it is with the dead letters that it was given again', async () => {
    const world = await makeWorld();
    const redrive = {
      redriveId: 'r1',
      deadTopicId: 'dead',
      ranges: { 0: [5, 15], 3: [0, 4], 7: [2, 2] },
      through: {},
      requestedAt: world.clock.now(),
    } as const;
    await withGroup(world, 'shared', { redrive });
    expect(await shown(world)).toMatchObject({
      redrive: { requestedAt: '2026-03-01T12:00:03.000Z', records: 14, done: 0, left: 14, deadLettered: 0 },
    });
    const cursor = { epoch: 1, leaseUntil: 0, attempts: 0, retryAt: 0, version: 1, writeId: 'w' };
    const lane = (partition: number) => ({ groupId: 'g1', partition, lane: 'r1' });
    const { cursors } = world.stores;
    const acknowledged = { start: 10, end: 12, state: 'acknowledged', deliveries: 0 } as const;
    const held = { state: 'held', by: 'a/m', until: world.clock.now() + 60_000, deliveries: 1 } as const;
    const runs = [{ start: 8, end: 10, ...held }, acknowledged];
    await cursors.replace(lane(0), undefined, { ...cursor, committed: 8, runs, deadLettered: 1 });
    // The end of the range is not the end of the partition.
    await cursors.replace(lane(3), undefined, { ...cursor, committed: 9 });
    expect(await shown(world)).toMatchObject({ redrive: { records: 14, done: 9, left: 5, deadLettered: 1 } });
    // They are no lag of its own topic, but whoever has them has them in hand.
    await join(world, 'a');
    expect(await shown(world)).toMatchObject({ lag: 3, deadLettered: 0, members: [{ handedOut: 2 }] });
  });
});

describe('a shared group is shown', () => {
  test('as its members poll it, acknowledge, and give records back', async () => {
    const world = await makeWorld();
    await withGroup(world, 'shared');
    expect(await poll(world, 'a', { maxRecords: 2 })).toEqual([0, 1]);
    expect(await poll(world, 'b', { maxRecords: 1 })).toEqual([2]);
    expect(await shown(world)).toMatchObject({
      lag: 3,
      members: [
        { consumerId: 'a', handedOut: 2 },
        { consumerId: 'b', handedOut: 1 },
      ],
      partitions: [{ committed: 0, handedOut: 3, delayed: 0, owner: null }, {}, {}, {}],
    });
    const at = { partition: 0 };
    const ack = { consumerId: 'b', records: [{ ...at, offset: 2, outcome: 'ack' }] };
    expect((await call(world, `POST ${path}/ack`, { json: ack })).status).toBe(204);
    const nack = { consumerId: 'a', records: [{ ...at, offset: 0, delaySeconds: 600 }] };
    expect((await call(world, `POST ${path}/nack`, { json: nack })).status).toBe(204);
    const counts = { handedOut: 1, delayed: 1, acknowledgedAhead: 1, stuck: 0 };
    expect(await shown(world)).toMatchObject({
      lag: 3,
      oldestUnacknowledgedSeconds: 3,
      members: [{ handedOut: 1 }, { handedOut: 0 }],
      partitions: [{ committed: 0, ...counts }, {}, {}, {}],
    });
  });
});

describe('a group that is pushed to is shown', () => {
  test('with the age of its oldest record, and without members', async () => {
    const world = await makeWorld();
    await call(world, `PUT ${path}`, { json: { mode: 'push', start: 'earliest' } });
    const answer = await shown(world);
    expect(answer).toMatchObject({
      lag: 3,
      oldestUnacknowledgedSeconds: 3,
      partitions: [{ oldestUnacknowledgedSeconds: 3, owner: null }, {}, {}, {}],
    });
    expect(answer).not.toHaveProperty('members');
    expect((answer['partitions'] as object[])[0]).not.toHaveProperty('handedOut');
  });

  test('with what it has ahead of its committed offset, by the same names as a shared one, and its dead letters', async () => {
    const world = await makeWorld();
    await call(world, `PUT ${path}`, { json: { mode: 'push', start: 'earliest' } });
    await call(world, `POST ${path}/endpoints`, { json: { url: 'https://billing.example.com/' } });
    for (let value = 3; value < 30; value += 1) await produce(world, [{ value, partition: 0 }]);
    const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
    const groupId = (await world.stores.groups.get({ topicId, group: 'billing' }))?.group.groupId ?? '';
    const until = world.clock.now() + 60_000;
    const runs: readonly Run[] = [
      { start: 3, end: 5, state: 'acknowledged', deliveries: 0 },
      { start: 5, end: 6, state: 'delayed', by: 'm', until, deliveries: 2 },
      { start: 6, end: 9, state: 'acknowledged', deliveries: 0 },
      { start: 9, end: 10, state: 'stuck', until, since: 1, deliveries: 10, reason: 'nack' },
    ];
    const cursor = { epoch: 1, leaseUntil: 0, attempts: 0, retryAt: 0, version: 1, writeId: 'w' };
    const set = (partition: number, more: Partial<Cursor> & Pick<Cursor, 'committed'>) =>
      world.stores.cursors.replace({ groupId, partition }, undefined, { ...cursor, ...more });
    await set(0, { committed: 2, runs, deadLettered: 7 });
    await set(1, { committed: 0, deadLettered: 1 });
    await set(2, { committed: 0, stuck: 1 });
    const answer = await shown(world);
    const counts = { delayed: 1, stuck: 1, acknowledgedAhead: 5, deadLettered: 7 };
    expect(answer).toMatchObject({
      lag: 28,
      deadLettered: 8,
      partitions: [
        { committed: 2, ...counts, waiting: { for: 'retry', until: new Date(until).toISOString() } },
        { deadLettered: 1 },
        { stuck: 1 },
        {},
      ],
    });
    const [first, second, , last] = answer['partitions'] as object[];
    expect(first).not.toHaveProperty('handedOut');
    for (const name of Object.keys(counts)) expect(last).not.toHaveProperty(name);
    expect(second).not.toHaveProperty('delayed');
    const { json } = await call(world, 'GET /v1/topics/orders/groups');
    expect(json['groups']).toMatchObject([{ name: 'billing', deadLettered: 8 }]);
  });
});

test('a group that retention passed is shown with the oldest record that is left', async () => {
  const world = await makeWorld();
  const { topicId } = await withGroup(world);
  await world.stores.partitions.advance({ topicId, partition: 0 }, 'startOffset', 2);
  expect(await shown(world)).toMatchObject({ lag: 1, lost: 2, oldestUnacknowledgedSeconds: 1 });
});

describe('groups are listed', () => {
  const set = (world: World, groupId: string, cursor: Partial<Cursor>) => {
    const empty = { committed: 0, epoch: 1, leaseUntil: 0, attempts: 0, retryAt: 0 };
    const next = { ...empty, ...cursor, version: 1, writeId: 'w' };
    return world.stores.cursors.replace({ groupId, partition: 0 }, undefined, next);
  };

  test('with the totals of each', async () => {
    const world = await makeWorld();
    const { topicId } = await withGroup(world);
    await withGroup(world, 'shared', { name: 'mail', groupId: 'g2' });
    await call(world, 'PUT /v1/topics/orders/groups/web', { json: { mode: 'push', start: 'earliest' } });
    await poll(world, 'a', { maxRecords: 0 });
    await poll(world, 'b', { maxRecords: 0 });
    await set(world, 'g2', { committed: 1, lost: 4, deadLettered: 2 });
    await world.stores.partitions.advance({ topicId, partition: 0 }, 'startOffset', 1);
    const { json } = await call(world, 'GET /v1/topics/orders/groups');
    expect(json).toMatchObject({
      groups: [
        { name: 'billing', mode: 'pull', lag: 2, lost: 1, members: 2 },
        { name: 'mail', mode: 'shared', lag: 2, lost: 4, members: 0, deadLettered: 2 },
        { name: 'web', mode: 'push', lag: 2, lost: 1 },
      ],
    });
    const [billing, , web] = json['groups'] as object[];
    expect(billing).not.toHaveProperty('deadLettered');
    expect(web).not.toHaveProperty('members');
  });

  test('at a query for each partition, and one or two for each group', async () => {
    const world = await makeWorld();
    await call(world, 'PUT /v1/topics/orders/groups/web', { json: { mode: 'push', start: 'earliest' } });
    for (let number = 0; number < 20; number += 1)
      await withGroup(world, 'pull', { name: `g${number}`, groupId: `g${number}` });
    calls.clear();
    const { json } = await call(world, 'GET /v1/topics/orders/groups');
    expect(json['groups']).toHaveLength(21);
    expect(Object.fromEntries(calls)).toEqual({
      'groups.list': 1,
      'partitions.list': 1,
      'reader.endOffset': partitions,
      'cursors.places': 21,
      'members.list': 20,
    });
  });

  test('at one query where there is none', async () => {
    const world = await makeWorld();
    calls.clear();
    expect((await call(world, 'GET /v1/topics/orders/groups')).json).toEqual({ groups: [] });
    expect(Object.fromEntries(calls)).toEqual({ 'groups.list': 1 });
  });

  test('while one is shown at one more for each partition in which it lags', async () => {
    const world = await makeWorld();
    await withGroup(world);
    calls.clear();
    await shown(world);
    expect(Object.fromEntries(calls)).toEqual({
      'groups.get': 1,
      'partitions.list': 1,
      'reader.endOffset': partitions,
      'reader.appendTime': 1,
      'cursors.list': 1,
      'members.list': 1,
    });
  });
});
