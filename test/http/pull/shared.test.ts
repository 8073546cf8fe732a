import { describe, expect, test } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { type Answer, call, expectProblem, produce } from '../world.ts';
import { newRoom, placesIn, type Room, type RoomOptions, recordsIn } from './room.ts';

/** A shared group and as many records in the one partition, the values their offsets. */
const sharedRoom = async (count: number, options: RoomOptions = {}): Promise<Room> => {
  const room = await newRoom({ mode: 'shared', ...options });
  const values = Array.from({ length: count }, (_, value) => ({ value, partition: 0 }));
  if (count > 0) await produce(room.world, values);
  return room;
};

const at = (offset: number, more: object = {}) => ({ partition: 0, offset, ...more });

/** How often each of the records was handed out. */
const deliveriesIn = (answer: Answer): unknown[] => recordsIn(answer).map(({ deliveries }) => deliveries);

describe('a consumer of a group of mode shared', () => {
  test('is handed what no other has, with how often it was handed out, and no partition is its own', async () => {
    const { world, ask } = await sharedRoom(4);
    const mine = await ask('poll', { consumerId: 'a', maxRecords: 3 });
    expect(mine.json).toMatchObject({
      records: [0, 1, 2].map((value) => ({ partition: 0, offset: value, value, deliveries: 1 })),
      assignment: [],
      leaseUntil: new Date(world.clock.now() + 30_000).toISOString(),
      ackUntil: new Date(world.clock.now() + 60_000).toISOString(),
    });
    expect(placesIn(await ask('poll', { consumerId: 'b' }))).toEqual(['0:3']);
    expect(placesIn(await ask('poll', { consumerId: 'a' }))).toEqual([]);
  });

  test('acknowledges, gives back and prolongs each record by itself', async () => {
    const { world, ask } = await sharedRoom(5, { reading: { ackTimeoutSeconds: 20 } });
    await ask('poll', { consumerId: 'a' });
    const records = [
      at(0),
      at(1, { outcome: 'nack' }),
      at(2, { outcome: 'nack', delaySeconds: 5 }),
      at(3, { outcome: 'extend' }),
    ];
    world.clock.advance(15_000);
    expect((await ask('ack', { consumerId: 'a', records })).status).toBe(204);
    const now = await ask('poll', { consumerId: 'b' });
    expect([placesIn(now), deliveriesIn(now)]).toEqual([['0:1'], [2]]);
    world.clock.advance(5001);
    // What was delayed, and what was not spoken of.
    const later = await ask('poll', { consumerId: 'b' });
    expect([placesIn(later), deliveriesIn(later)]).toEqual([
      ['0:2', '0:4'],
      [2, 2],
    ]);
    expect((await ask('ack', { consumerId: 'a', records: [at(3)] })).status).toBe(204);
  });

  test('settles ranges, with a poll too, and the same again', async () => {
    const { ask } = await sharedRoom(6);
    await ask('poll', { consumerId: 'a', maxRecords: 4 });
    const records = [{ partition: 0, from: 0, to: 3 }];
    const next = await ask('poll', { consumerId: 'a', ack: { records } });
    expect(placesIn(next)).toEqual(['0:4', '0:5']);
    expect((await ask('ack', { consumerId: 'a', records })).status).toBe(204);
    const back = [{ partition: 0, from: 3, to: 6 }];
    expect((await ask('nack', { consumerId: 'a', records: back })).status).toBe(204);
    expect(deliveriesIn(await ask('poll', { consumerId: 'a' }))).toEqual([2, 2, 2]);
  });

  test('gives back with one delay for all that do not name their own', async () => {
    const { world, ask } = await sharedRoom(3);
    await ask('poll', { consumerId: 'a' });
    const records = [at(0), at(1, { delaySeconds: 20 }), at(2, { outcome: 'ack' })];
    expect((await ask('nack', { consumerId: 'a', records, delaySeconds: 10 })).status).toBe(204);
    expect(placesIn(await ask('poll', { consumerId: 'b' }))).toEqual([]);
    world.clock.advance(10_001);
    expect(placesIn(await ask('poll', { consumerId: 'b' }))).toEqual(['0:0']);
    world.clock.advance(10_001);
    expect(placesIn(await ask('poll', { consumerId: 'b' }))).toEqual(['0:1']);
  });

  test('that leaves makes room at once', async () => {
    const { ask } = await sharedRoom(2);
    await ask('poll', { consumerId: 'a' });
    expect((await ask('leave', { consumerId: 'a' })).status).toBe(204);
    expect(placesIn(await ask('poll', { consumerId: 'b' }))).toEqual(['0:0', '0:1']);
  });

  test('has its record among the dead letters when it gave it back too often, once and with why', async () => {
    const { world, ask } = await sharedRoom(2, { reading: { maxDeliveries: 2 } });
    for (const _time of [1, 2]) {
      await ask('poll', { consumerId: 'a' });
      expect((await ask('nack', { consumerId: 'a', records: [at(0)] })).status).toBe(204);
    }
    await ask('ack', { consumerId: 'a', records: [at(1)] });
    expect(placesIn(await ask('poll', { consumerId: 'a' }))).toEqual([]);
    const dead = await call(world, 'GET /v1/topics/orders.workers.dead/partitions/0/records');
    expect(recordsIn(dead)).toMatchObject([
      {
        value: 0,
        headers: {
          'millrace-dead-reason': 'nack',
          'millrace-dead-deliveries': '2',
          'millrace-dead-offset': '0',
        },
      },
    ]);
  });
});

describe('what a consumer says of records is refused, and nothing is done,', () => {
  const verbs = ['ack', 'nack', 'poll'] as const;
  const say = ({ ask }: Room, verb: (typeof verbs)[number], records: object[], more: object = {}) =>
    ask(verb, { consumerId: 'a', ...(verb === 'poll' ? { ack: { records } } : { records }), ...more });

  test.each(verbs)('by %s, where they were not handed out', async (verb) => {
    const room = await sharedRoom(3);
    await room.ask('poll', { consumerId: 'a', maxRecords: 2 });
    const problem = expectProblem(await say(room, verb, [at(0), at(2)]), 409, 'not_handed_out');
    expect(problem).toMatchObject({ partition: 0, handedOut: 2 });
    expect(
      expectProblem(await say(room, verb, [{ partition: 0, from: 0, to: 9 }]), 409, 'not_handed_out'),
    ).toMatchObject({ partition: 0, handedOut: 2 });
    await room.ask('leave', { consumerId: 'a' });
    expect(placesIn(await room.ask('poll', { consumerId: 'b' }))).toEqual(['0:0', '0:1', '0:2']);
  });

  test.each(verbs)('by %s, where another has them', async (verb) => {
    const room = await sharedRoom(2);
    await room.ask('poll', { consumerId: 'a', maxRecords: 1 });
    await room.ask('poll', { consumerId: 'b', maxRecords: 1 });
    const problem = expectProblem(await say(room, verb, [at(0), at(1)]), 409, 'lease_lost');
    expect(problem).toMatchObject({ partitions: [0] });
    expect(problem['detail']).toMatch(/Offset 1 .*Forget those records.*Nothing was acknowledged/);
    expect((await say(room, verb, [at(0)])).status).toBe(verb === 'poll' ? 200 : 204);
  });

  test.each(verbs)('by %s, where they are of another epoch, partition or topic', async (verb) => {
    const room = await sharedRoom(1);
    await room.ask('poll', { consumerId: 'a' });
    const later = await say(room, verb, [at(0)], { epochs: { 0: 7 } });
    expect(expectProblem(later, 409, 'lease_lost')).toMatchObject({ partitions: [0] });
    expectProblem(await say(room, verb, [{ partition: 1, offset: 0 }]), 404, 'partition_not_found');
    const foreign = await say(room, verb, [at(0, { topic: 'billing' })]);
    expect(expectProblem(foreign, 409, 'lease_lost')['detail']).toMatch(/"billing"/);
    expect((await say(room, verb, [at(0, { topic: 'orders' })])).status).toBe(verb === 'poll' ? 200 : 204);
  });

  test.each(['ack', 'nack'] as const)('by %s, where the consumer is no member', async (verb) => {
    const room = await sharedRoom(1);
    expectProblem(await say(room, verb, [at(0)]), 409, 'lease_lost');
  });

  test.each([
    ['poll', { ack: { offsets: {} } }],
    ['poll', { positions: {} }],
    ['ack', { offsets: {} }],
    ['nack', { offsets: { 0: 1 } }],
  ] as const)('by %s as in a group of mode pull: %j', async (verb, body) => {
    const { ask } = await sharedRoom(1);
    const problem = expectProblem(await ask(verb, { consumerId: 'a', ...body }), 400, 'invalid_request');
    expect(problem['detail']).toMatch(/is of mode "shared": acknowledge each of its records by "records"/);
  });
});

test('a thousand records are settled one by one in one request', async () => {
  const { ask, world, groupId } = await sharedRoom(1000);
  const polled = await ask('poll', { consumerId: 'a', maxRecords: limits.pollRecords });
  expect(recordsIn(polled)).toHaveLength(1000);
  const records = recordsIn(polled).map(({ offset }) => at(Number(offset)));
  expect((await ask('ack', { consumerId: 'a', records: records.toReversed() })).status).toBe(204);
  expect(await world.stores.cursors.get({ groupId, partition: 0 })).toMatchObject({ committed: 1000 });
});

test('a shared group that waits has what another gives back', async () => {
  const { ask, world } = await sharedRoom(1);
  await ask('poll', { consumerId: 'a' });
  const polling = ask('poll', { consumerId: 'b', waitSeconds: 20 });
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  const from = world.clock.now();
  await ask('nack', { consumerId: 'a', records: [at(0)] });
  expect(placesIn(await world.clock.until(polling, { stepMs: 10 }))).toEqual(['0:0']);
  expect(world.clock.now() - from).toBeLessThan(100);
});
