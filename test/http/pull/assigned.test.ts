import { describe, expect, test } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { type Answer, call, expectProblem, produce } from '../world.ts';
import { groupPath, newRoom, placesIn, type Room, recordsIn } from './room.ts';

const many = (count: number, partition = 0): readonly object[] =>
  Array.from({ length: count }, (_, value) => ({ partition, value }));

const values = (count: number, from = 0): number[] => Array.from({ length: count }, (_, at) => from + at);

const timeAfter = ({ world }: Room, seconds: number): string =>
  new Date(world.clock.now() + seconds * 1000).toISOString();

describe('a consumer of a group of mode pull', () => {
  test('is handed what is there, told what is its own and until when, and acknowledges it as it polls', async () => {
    const room = await newRoom({ partitions: 2 });
    const { world, ask, groupId } = room;
    const timestamp = timeAfter(room, 0);
    await produce(world, [{ partition: 0, key: 'k', value: { total: 42 }, headers: { h: '1' } }]);
    const first = await ask('poll', { consumerId: 'a' });
    expect(first.status).toBe(200);
    expect(first.json).toEqual({
      records: [{ partition: 0, offset: 0, timestamp, key: 'k', value: { total: 42 }, headers: { h: '1' } }],
      assignment: [0, 1],
      epochs: { 0: 1 },
      leaseUntil: timeAfter(room, 30),
      ackUntil: timeAfter(room, 60),
    });
    expect(first.headers.get('content-type')).toBe('application/json');
    expect(first.headers.get('cache-control')).toBe('no-store');

    await produce(world, many(1));
    expect(placesIn(await ask('poll', { consumerId: 'a' }))).toEqual([]);
    const second = await ask('poll', { consumerId: 'a', ack: { offsets: { 0: 1 } } });
    expect(placesIn(second)).toEqual(['0:1']);
    expect((await ask('ack', { consumerId: 'a', offsets: { 0: 2 } })).status).toBe(204);
    expect(await world.stores.cursors.get({ groupId, partition: 0 })).toMatchObject({
      committed: 2,
    });
  });

  test('is given records as a fetch gives them, whatever they are', async () => {
    const { world, ask } = await newRoom();
    const records =
      '{"value":null},{"value":12345678901234567890.10},{"valueBase64":"AP8="},{"value":{"b":1,"a":"\\u00e9","b":2}},' +
      '{"value":1,"key":"ü","timestamp":"2020-01-01T00:00:00Z","headers":{"x":"\\"é"}}';
    const sent = `{"records":[${records}]}`;
    const headers = { 'content-type': 'application/json' };
    expect((await call(world, 'POST /v1/topics/orders/records', { body: sent, headers })).status).toBe(200);
    const listOf = (text: string): string | undefined =>
      /"records":(\[.*\]),"(?:assignment|nextOffset)"/s.exec(text)?.[1];
    const fetched = await call(world, 'GET /v1/topics/orders/partitions/0/records');
    const polled = await ask('poll', { consumerId: 'a' });
    expect(listOf(polled.text)).toBe(listOf(fetched.text));
    expect(listOf(polled.text)).toContain('12345678901234567890.10');
    expect(recordsIn(polled)).toHaveLength(5);
  });

  test('gets as many records and bytes as it asks for, and a hundred records where it does not say', async () => {
    const { world, ask } = await newRoom();
    await produce(world, many(250));
    const next = async (body: object) => {
      const answer = await ask('poll', { consumerId: 'a', ...body });
      const offsets = recordsIn(answer).map(({ offset }) => Number(offset));
      await ask('ack', { consumerId: 'a', offsets: { 0: (offsets.at(-1) ?? -1) + 1 } });
      return offsets;
    };
    expect(await next({})).toEqual(values(100));
    expect(await next({ maxRecords: 1 })).toEqual([100]);
    expect(await next({ maxBytes: 1 })).toEqual([101]);
    expect(await next({ maxRecords: 1000, maxBytes: limits.pollBytes })).toEqual(values(148, 102));
  });

  test('of no records stays a member and gets none', async () => {
    const room = await newRoom();
    const { world, ask, groupId } = room;
    await produce(world, many(1));
    const joined = await ask('poll', { consumerId: 'a', maxRecords: 0, waitSeconds: 20 });
    expect(joined.json).toMatchObject({ records: [], assignment: [0], leaseUntil: timeAfter(room, 30) });
    world.clock.advance(20_000);
    await ask('poll', { consumerId: 'a', maxRecords: 0 });
    world.clock.advance(20_000);
    const other = await ask('poll', { consumerId: 'b', maxRecords: 0 });
    const { assignment } = (await ask('poll', { consumerId: 'a', maxRecords: 0 })).json;
    expect([assignment, other.json['assignment']]).toContainEqual([0]);
    expect(await world.stores.members.list(groupId)).toHaveLength(2);
  });

  test('goes on before it acknowledges where it says what it has', async () => {
    const { world, ask } = await newRoom();
    await produce(world, many(3));
    const first = await ask('poll', { consumerId: 'a', maxRecords: 2 });
    expect(placesIn(first)).toEqual(['0:0', '0:1']);
    const { epochs } = first.json;
    expect(placesIn(await ask('poll', { consumerId: 'a', positions: { 0: 2 }, epochs }))).toEqual(['0:2']);
  });

  test('is handed again what it gives back, after the delay that it names, and not what was before', async () => {
    const { world, ask } = await newRoom();
    await produce(world, many(3));
    await ask('poll', { consumerId: 'a' });
    expect((await ask('nack', { consumerId: 'a', offsets: { 0: 1 }, delaySeconds: 10 })).status).toBe(204);
    expect(placesIn(await ask('poll', { consumerId: 'a' }))).toEqual([]);
    world.clock.advance(10_001);
    expect(placesIn(await ask('poll', { consumerId: 'a' }))).toEqual(['0:1', '0:2']);
    expect((await ask('nack', { consumerId: 'a', offsets: { 0: 2 } })).status).toBe(204);
    expect(placesIn(await ask('poll', { consumerId: 'a' }))).toEqual(['0:2']);
  });

  test('that leaves makes room at once', async () => {
    const { world, ask } = await newRoom({ partitions: 4 });
    await produce(
      world,
      [0, 1, 2, 3].flatMap((partition) => many(1, partition)),
    );
    expect(placesIn(await ask('poll', { consumerId: 'a' }))).toHaveLength(4);
    expect((await ask('leave', { consumerId: 'a' })).status).toBe(204);
    expect((await ask('leave', { consumerId: 'a' })).status).toBe(204);
    const other = await ask('poll', { consumerId: 'b' });
    expect(placesIn(other).sort()).toEqual(['0:0', '1:0', '2:0', '3:0']);
    expect(other.json).toMatchObject({ assignment: [0, 1, 2, 3], epochs: { 0: 2, 1: 2, 2: 2, 3: 2 } });
  });

  test('shares the partitions with others, none of which has more than its part', async () => {
    const { world, ask } = await newRoom({ partitions: 4 });
    await produce(
      world,
      [0, 1, 2, 3].flatMap((partition) => many(5, partition)),
    );
    for (const consumerId of ['a', 'b', 'c']) await ask('poll', { consumerId, maxRecords: 0 });
    const answers = [];
    for (const consumerId of ['a', 'b', 'c']) answers.push(await ask('poll', { consumerId }));
    const assigned = answers.map(({ json }) => json['assignment'] as readonly number[]);
    expect(assigned.flat().sort()).toEqual([0, 1, 2, 3]);
    for (const own of assigned) expect(own.length).toBeLessThanOrEqual(2);
    expect(new Set(answers.flatMap(placesIn)).size).toBe(20);
    for (const [index, answer] of answers.entries())
      for (const { partition } of recordsIn(answer)) expect(assigned[index]).toContain(partition);
  });
});

describe('an acknowledgement is refused, and nothing moves,', () => {
  const verbs = ['ack', 'nack', 'poll'] as const;
  type Verb = (typeof verbs)[number];

  /** Consumer a acknowledges these offsets. */
  const acknowledge = ({ ask }: Room, verb: Verb, offsets: object, more: object = {}): Promise<Answer> =>
    ask(verb, { consumerId: 'a', ...(verb === 'poll' ? { ack: { offsets } } : { offsets }), ...more });

  const committed = async ({ world, groupId }: Room, partition: number): Promise<number | undefined> =>
    (await world.stores.cursors.get({ groupId, partition }))?.committed;

  test.each(verbs)('by %s, where it is past what was handed out', async (verb) => {
    const room = await newRoom({ partitions: 2 });
    await produce(room.world, [...many(2, 0), ...many(2, 1)]);
    await room.ask('poll', { consumerId: 'a' });
    const problem = expectProblem(await acknowledge(room, verb, { 0: 1, 1: 3 }), 409, 'not_handed_out');
    expect(problem).toMatchObject({ partition: 1, handedOut: 2 });
    expect(problem['detail']).toMatch(/up to below 2, and 3 is past that.*Nothing was acknowledged/);
    expect([await committed(room, 0), await committed(room, 1)]).toEqual([0, 0]);
  });

  test.each(verbs)('by %s, of a session that is over and another took', async (verb) => {
    const room = await newRoom({ partitions: 2 });
    await produce(room.world, [...many(1, 0), ...many(1, 1)]);
    await room.ask('poll', { consumerId: 'a' });
    room.world.clock.advance(40_000);
    expect(placesIn(await room.ask('poll', { consumerId: 'b' }))).toHaveLength(2);
    const problem = expectProblem(await acknowledge(room, verb, { 0: 1, 1: 1 }), 409, 'lease_lost');
    expect(problem).toMatchObject({ partitions: [0, 1] });
    expect(problem['detail']).toMatch(/Partitions 0, 1 are not this consumer's any more.*poll again/);
    expect([await committed(room, 0), await committed(room, 1)]).toEqual([0, 0]);
  });

  test.each(verbs)('by %s, of another epoch than the one that it names', async (verb) => {
    const room = await newRoom();
    await produce(room.world, many(2));
    const { json } = await room.ask('poll', { consumerId: 'a' });
    expect(json['epochs']).toEqual({ 0: 1 });
    const problem = expectProblem(
      await acknowledge(room, verb, { 0: 1 }, { epochs: { 0: 2 } }),
      409,
      'lease_lost',
    );
    expect(problem).toMatchObject({ partitions: [0] });
    expect(await committed(room, 0)).toBe(0);
    expect([200, 204]).toContain((await acknowledge(room, verb, { 0: 1 }, { epochs: { 0: 1 } })).status);
    expect(await committed(room, 0)).toBe(1);
  });
});

describe('what is for groups of mode shared is refused, with what to do instead,', () => {
  const records = [{ partition: 0, offset: 0 }];
  test.each([
    ['poll', { ack: { records } }],
    ['ack', { records }],
    ['nack', { records }],
  ] as const)('by %s', async (verb, body) => {
    const { world, ask } = await newRoom();
    await produce(world, many(1));
    await ask('poll', { consumerId: 'a' });
    const problem = expectProblem(await ask(verb, { consumerId: 'a', ...body }), 400, 'invalid_request');
    expect(problem['detail']).toMatch(/is of mode "pull": acknowledge it by "offsets"/);
  });
});

test('a key that is for other topics polls none of these, and one that is for them needs no more than to consume', async () => {
  const { world, ask } = await newRoom();
  await produce(world, many(1));
  const poll = { consumerId: 'a' };
  const other = await world.key({ scopes: ['consume'], topics: ['billing'] });
  expectProblem(await ask('poll', poll, { key: other }), 403, 'forbidden');
  const own = await world.key({ scopes: ['consume'], topics: ['ord*'] });
  expect(placesIn(await ask('poll', poll, { key: own }))).toEqual(['0:0']);
  expect((await ask('ack', { ...poll, offsets: { 0: 1 } }, { key: own })).status).toBe(204);
  expect((await ask('leave', poll, { key: own })).status).toBe(204);
});

test('a batch that cannot be decoded stops its partition alone, and is told of', async () => {
  const { world, ask, groupId } = await newRoom({ partitions: 2 });
  await produce(world, [...many(1, 0), ...many(1, 1)]);
  const { topicId } = await world.deps.directory.resolve('orders');
  const broken = world.batches.table.batches({ topicId, partition: 0 })[0];
  if (broken === undefined) throw new Error('Nothing was appended.');
  Object.assign(broken, { data: Uint8Array.of(9, ...broken.data.subarray(1)) });
  expect(placesIn(await ask('poll', { consumerId: 'a' }))).toEqual(['1:0']);
  const answer = await ask('poll', { consumerId: 'a', ack: { offsets: { 1: 1 } } });
  const problem = expectProblem(answer, 500, 'undecodable_batch');
  expect(problem).toMatchObject({ partition: 0, offset: 0, nextOffset: 1 });
  const told = { kind: 'undecodable-batch', topic: 'orders', partition: 0, requestId: problem['requestId'] };
  expect(world.events.at(-1)).toMatchObject(told);
  expect(await world.stores.cursors.get({ groupId, partition: 1 })).toMatchObject({
    committed: 1,
  });
});

test('a topic and a group that were deleted are gone for who polls', async () => {
  const { world, ask } = await newRoom();
  await ask('poll', { consumerId: 'a' });
  await call(world, `DELETE ${groupPath}`);
  world.clock.advance(5000);
  expectProblem(await ask('poll', { consumerId: 'a' }), 404, 'group_not_found');
  await call(world, 'DELETE /v1/topics/orders');
  world.clock.advance(60_000);
  expectProblem(await ask('poll', { consumerId: 'a' }), 404, 'topic_not_found');
});
