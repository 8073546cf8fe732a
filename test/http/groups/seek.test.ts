import { describe, expect, test } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { type Answer, call, expectProblem, newWorld, produce, type World, withTopic } from '../world.ts';

const path = '/v1/topics/orders/groups/billing';
const stores = async ({ stores: all }: World) => {
  const topicId = (await all.topics.get('orders'))?.topicId ?? '';
  const groupId = (await all.groups.get({ topicId, group: 'billing' }))?.group.groupId ?? '';
  return { ...all, topicId, groupId };
};

/** Two partitions: four records in the first, a second apart; none in the other. A group that begins at its end. */
const newGroup = async (settings: object = { mode: 'pull' }, seconds = 4): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 2);
  for (let value = 0; value < seconds; value += 1) {
    await produce(world, [{ value, partition: 0 }]);
    world.clock.advance(1000);
  }
  const json = { start: { offsets: { 0: Math.min(2, seconds) } }, ...settings };
  expect((await call(world, `PUT ${path}`, { json })).status).toBe(201);
  return world;
};

const seek = (world: World, to: unknown, query = ''): Promise<Answer> =>
  call(world, `POST ${path}/seek${query}`, { json: { to } });

const moves = ({ json }: Answer): number[][] =>
  (json['partitions'] as { from: number; to: number; records: number }[]).map(({ from, to, records }) => [
    from,
    to,
    records,
  ]);

const committed = async (world: World): Promise<unknown[]> => {
  const { json } = await call(world, `GET ${path}`);
  return (json['partitions'] as { committed: unknown }[]).map((partition) => partition.committed);
};

const poll = async (world: World, more: object = {}): Promise<Answer> =>
  call(world, `POST ${path}/poll`, { json: { consumerId: 'a', ...more } });

const offsetsIn = ({ json }: Answer): unknown[] =>
  (json['records'] as { offset: unknown }[]).map(({ offset }) => offset);

describe('a seek', () => {
  test.each([
    ['earliest', [2, 0, 2]],
    ['latest', [2, 4, 2]],
    [{ timestamp: '2026-03-01T12:00:01Z' }, [2, 1, 1]],
    [{ timestamp: '2030-01-01T00:00:00Z' }, [2, 4, 2]],
    [{ offsets: { 0: 3 } }, [2, 3, 1]],
    [{ offsets: { 0: 2, 1: 0 } }, [2, 2, 0]],
    [{ offsets: {} }, [2, 2, 0]],
  ])('moves the group to where it is asked to, and says so before: %j', async (to, move) => {
    const world = await newGroup();
    const dry = await seek(world, to, '?dryRun=true');
    expect(dry.status).toBe(200);
    expect(moves(dry)).toEqual([move, [0, 0, 0]]);
    expect(dry.json['records']).toBe(move[2]);
    expect(await committed(world)).toEqual([2, 0]);
    const { cursors, groupId } = await stores(world);
    expect((await cursors.list(groupId)).size).toBe(0);

    const done = await seek(world, to, '?dryRun=false');
    expect(done.json).toEqual(dry.json);
    expect(await committed(world)).toEqual([move[1], 0]);
    expect(moves(await seek(world, to))).toEqual([
      [move[1], move[1], 0],
      [0, 0, 0],
    ]);
  });

  test('gives every partition that it names a cursor, and leaves the others as they are', async () => {
    const world = await newGroup();
    await seek(world, { offsets: { 1: 0 } });
    const { cursors, groupId } = await stores(world);
    expect([...(await cursors.list(groupId)).keys()]).toEqual([1]);
    await seek(world, 'earliest');
    expect([...(await cursors.list(groupId)).keys()]).toEqual([0, 1]);
  });

  test('begins at the oldest record that is left, and counts what retention took up to then', async () => {
    const world = await newGroup({ mode: 'pull', start: 'earliest' });
    const { partitions, topicId } = await stores(world);
    await partitions.advance({ topicId, partition: 0 }, 'startOffset', 3);
    expect(moves(await seek(world, 'latest', '?dryRun=true'))).toEqual([
      [3, 4, 1],
      [0, 0, 0],
    ]);
    const below = expectProblem(await seek(world, { offsets: { 0: 2 } }), 400, 'invalid_request');
    expect(below['errors']).toEqual([
      { path: 'to.offsets.0', message: 'The partition has offsets from 3, and ends at 4.' },
    ]);
    expect((await call(world, `GET ${path}`)).json).toMatchObject({ lag: 1, lost: 3 });
    for (const to of ['earliest', 'latest', 'earliest']) await seek(world, to);
    expect((await call(world, `GET ${path}`)).json).toMatchObject({ lag: 1, lost: 3 });
  });

  test('has a consumer handed what it acknowledged before, and refuses what it had in hand', async () => {
    const world = await newGroup({ mode: 'pull', start: 'earliest' });
    expect(offsetsIn(await poll(world, { maxRecords: 2 }))).toEqual([0, 1]);
    const next = await poll(world, { maxRecords: 1, ack: { offsets: { 0: 2 } } });
    expect(offsetsIn(next)).toEqual([2]);
    await seek(world, { offsets: { 0: 1 } });
    const acknowledge = (more: object = {}) =>
      call(world, `POST ${path}/ack`, { json: { consumerId: 'a', offsets: { 0: 3 }, ...more } });
    expectProblem(await acknowledge(), 409, 'lease_lost');
    expect(offsetsIn(await poll(world))).toEqual([1, 2, 3]);
    // It has it again by now: only the epoch tells that this is from before.
    expectProblem(await acknowledge({ epochs: next.json['epochs'] }), 409, 'lease_lost');
    expect(await committed(world)).toEqual([1, 0]);
    expect((await acknowledge()).status).toBe(204);
    expect(await committed(world)).toEqual([3, 0]);
  });

  test('has a consumer of a shared group handed every record from there on, acknowledged ones too', async () => {
    const world = await newGroup({ mode: 'shared', start: 'earliest' });
    expect(offsetsIn(await poll(world))).toEqual([0, 1, 2, 3]);
    const records = [{ partition: 0, offset: 1 }];
    const acknowledge = () => call(world, `POST ${path}/ack`, { json: { consumerId: 'a', records } });
    expect((await acknowledge()).status).toBe(204);
    await seek(world, 'earliest');
    expectProblem(await acknowledge(), 409, 'not_handed_out');
    expect(offsetsIn(await poll(world))).toEqual([0, 1, 2, 3]);
    await seek(world, 'latest');
    expect(offsetsIn(await poll(world))).toEqual([]);
    expect((await call(world, `GET ${path}`)).json).toMatchObject({ lag: 0 });
  });

  test('is heard of by a consumer that waits', async () => {
    const world = await newGroup({ mode: 'pull', start: 'latest' });
    const waiting = poll(world, { waitSeconds: 20 });
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    await seek(world, 'earliest');
    // Not a millisecond later.
    expect(offsetsIn(await waiting)).toEqual([0, 1, 2, 3]);
  });

  test('wakes a group that is called wherever it lags then, and no other', async () => {
    const world = await newGroup({ mode: 'push', start: 'latest' });
    const wakes = () =>
      world.stores.wakes.receive().map(({ wake: { kind, partition } }) => [kind, partition]);
    await seek(world, 'earliest');
    world.clock.advance(60_000);
    expect(wakes()).toEqual([]);
    await call(world, `POST ${path}/endpoints`, { json: { url: 'https://billing.example.com/hook' } });
    world.clock.advance(60_000);
    for (const { receipt } of world.stores.wakes.receive()) world.stores.wakes.acknowledge(receipt);
    await call(world, `POST ${path}/pause`);
    await seek(world, 'earliest');
    expect(wakes()).toEqual([]);
    await call(world, `POST ${path}/resume`);
    world.clock.advance(60_000);
    for (const { receipt } of world.stores.wakes.receive()) world.stores.wakes.acknowledge(receipt);
    await seek(world, 'latest', '?dryRun=true');
    await seek(world, 'latest');
    expect(wakes()).toEqual([]);
    await seek(world, 'earliest');
    expect(wakes()).toEqual([['resume', 0]]);
  });

  test.each([
    [{}, 'to', /"earliest", "latest"/],
    [{ to: 'now' }, 'to', /"earliest", "latest"/],
    [{ to: null }, 'to', /"earliest", "latest"/],
    [{ to: 3 }, 'to', /"earliest", "latest"/],
    [{ to: { timestamp: 'now' } }, 'to.timestamp', /ISO 8601/],
    [{ to: { offsets: { 0: -1 } } }, 'to.offsets.0', /whole number/],
    [{ to: { offsets: { 0: 5 } } }, 'to.offsets.0', /from 0, and ends at 4/],
    [{ to: { offsets: { 2: 0 } } }, 'to.offsets.2', /has 2, from 0 to 1/],
    [{ to: 'latest', dryRun: true }, 'dryRun', /Unknown/],
  ])('refuses %j, says where it is wrong, and moves nothing', async (json, at, message) => {
    const world = await newGroup();
    const problem = expectProblem(await call(world, `POST ${path}/seek`, { json }), 400, 'invalid_request');
    expect(problem['errors']).toContainEqual({ path: at, message: expect.stringMatching(message) });
    expect(problem['detail']).toMatch(/Nothing was changed\.$/);
    const { cursors, groupId } = await stores(world);
    expect((await cursors.list(groupId)).size).toBe(0);
  });

  test.each([['?dryRun=yes'], ['?dryrun=true'], ['?dryRun=true&dryRun=true']])(
    'refuses the query %s',
    async (query) => {
      const world = await newGroup();
      expectProblem(await seek(world, 'earliest', query), 400, 'invalid_request');
      expect(await committed(world)).toEqual([2, 0]);
    },
  );

  test('is for a group that is there, of a topic that is not being deleted', async () => {
    const world = await newGroup();
    expectProblem(
      await call(world, `POST ${path}s/seek`, { json: { to: 'latest' } }),
      404,
      'group_not_found',
    );
    const topic = await world.stores.topics.get('orders');
    if (topic !== undefined) await world.stores.topics.update(topic, { deletingSince: world.clock.now() });
    expectProblem(await seek(world, 'latest'), 409, 'conflict');
    expectProblem(await seek(world, 'latest', '?dryRun=true'), 409, 'conflict');
  });

  test('takes the offsets of as many partitions as a topic can have', async () => {
    const world = await newWorld();
    await withTopic(world, limits.partitionsPerTopic);
    await call(world, `PUT ${path}`, { json: { mode: 'pull' } });
    const partitions = Array.from({ length: limits.partitionsPerTopic }, (_, partition) => partition);
    const offsets = Object.fromEntries(partitions.map((partition) => [partition, 0]));
    expect((await seek(world, { offsets })).json['partitions']).toHaveLength(limits.partitionsPerTopic);
  });
});
