import { describe, expect, test } from 'vitest';
import { type Answer, call, expectProblem, newWorld, produce, type World, withTopic } from '../world.ts';

const group = '/v1/topics/orders/groups/billing';
const dead = 'orders.billing.dead';

const redrive = (world: World, json: object = {}): Promise<Answer> =>
  call(world, `POST ${group}/redrive`, { json });
const shown = async (world: World): Promise<Answer['json']> => (await call(world, `GET ${group}`)).json;

/** Kind and partition of the wakes of redrives that are on the queue now; everything is taken off it. */
const woken = (world: World): string[] => {
  world.clock.advance(10_000);
  return world.stores.wakes.receive().flatMap(({ wake, receipt }) => {
    world.stores.wakes.acknowledge(receipt);
    return wake.redriveId === undefined ? [] : [`${wake.kind} ${wake.partition}`];
  });
};

/** A push group with an endpoint, and `count` dead letters in the second of two partitions. */
const withLetters = async (count: number): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 2);
  expect((await call(world, `PUT ${group}`, { json: { mode: 'push' } })).status).toBe(201);
  const endpoint = { json: { url: 'https://billing.example.com/' } };
  expect((await call(world, `POST ${group}/endpoints`, endpoint)).status).toBe(201);
  const letters = Array.from({ length: count }, (_none, value) => ({ value, partition: 1 }));
  if (count > 0) expect((await produce(world, letters, dead)).status).toBe(200);
  woken(world);
  return world;
};

/** Moves the cursor of the redrive that is under way to before `committed`, as a run does that delivered what is below. */
const deliverBelow = async (world: World, committed: number): Promise<void> => {
  const { topicId = '' } = (await world.stores.topics.get('orders')) ?? {};
  const found = (await world.stores.groups.get({ topicId, group: 'billing' }))?.group;
  const ref = { groupId: found?.groupId ?? '', partition: 1, lane: found?.redrive?.redriveId ?? '' };
  const cursor = { committed, epoch: 1, leaseUntil: 0, attempts: 0, retryAt: 0, version: 1, writeId: 'w' };
  await world.stores.cursors.replace(ref, undefined, cursor);
};

describe('a redrive of a group that is pushed to', () => {
  test('wakes each partition of its dead letters that has some, says how far it is, and asks for none twice', async () => {
    const world = await withLetters(3);
    const asked = await redrive(world);
    expect(asked.json).toEqual({ partitions: [{ partition: 1, from: 0, to: 3, records: 3 }], records: 3 });
    expect(woken(world)).toEqual(['continue 1']);
    expect(await shown(world)).toMatchObject({
      lag: 0,
      redrive: { records: 3, done: 0, left: 3, deadLettered: 0 },
    });
    await deliverBelow(world, 3);
    expect((await shown(world))['redrive']).toMatchObject({ done: 3, left: 0 });
    expect((await redrive(world)).json).toEqual({ partitions: [], records: 0 });
    expect(woken(world)).toEqual([]);
  });

  test('is one at a time, and is woken again by whoever asks for another', async () => {
    const world = await withLetters(3);
    await redrive(world, { record: { partition: 1, offset: 1 } });
    woken(world);
    expectProblem(await redrive(world), 409, 'conflict');
    expect(woken(world)).toEqual(['continue 1']);
    await deliverBelow(world, 2);
    expect((await redrive(world)).json['records']).toBe(3);
  });

  test('goes on when the group is resumed', async () => {
    const world = await withLetters(2);
    await call(world, `POST ${group}/pause`);
    await redrive(world);
    woken(world);
    await call(world, `POST ${group}/resume`);
    expect(woken(world)).toEqual(['resume 1']);
  });

  test('is refused where the topic of its dead letters was deleted', async () => {
    const world = await withLetters(0);
    await call(world, `DELETE /v1/topics/${dead}`);
    expectProblem(await redrive(world), 404, 'topic_not_found');
  });
});
