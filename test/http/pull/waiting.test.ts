import { describe, expect, test } from 'vitest';
import { adminKey, call, expectProblem, produce } from '../world.ts';
import { groupPath, newRoom, placesIn, type Room, recordsIn } from './room.ts';

const waiting = { consumerId: 'a', waitSeconds: 20 };

/** As many turns of the event loop as a request takes to come to its wait. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
};

/** A poll that `signal` ends, as a client that goes away. */
const pollUntil = async ({ world }: Room, signal: AbortSignal): Promise<unknown> => {
  const response = await world.apps.pull.request(`${groupPath}/poll`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(waiting),
    signal,
  });
  return ((await response.json()) as { records: unknown }).records;
};

describe('a poll that waits', () => {
  test('brings what comes meanwhile, of whichever partition', async () => {
    const { world, ask } = await newRoom({ partitions: 3 });
    const polling = ask('poll', waiting);
    await settled();
    world.clock.advance(500);
    await produce(world, [{ partition: 2, value: 'new' }]);
    expect(placesIn(await world.clock.until(polling))).toEqual(['2:0']);
  });

  test('waits as long as it was asked to, and no longer', async () => {
    const room = await newRoom();
    const from = room.world.clock.now();
    const answer = await room.world.clock.until(room.ask('poll', { consumerId: 'a', waitSeconds: 2.5 }));
    expect(placesIn(answer)).toEqual([]);
    expect(room.world.clock.now() - from).toBeGreaterThanOrEqual(2500);
    expect(room.world.clock.now() - from).toBeLessThan(3500);
  });

  test('keeps the session that it waits in', async () => {
    const { world, ask, groupId } = await newRoom({ reading: { sessionTimeoutSeconds: 5 } });
    await world.clock.until(ask('poll', waiting));
    expect(placesIn(await ask('poll', { consumerId: 'b' }))).toEqual([]);
    const members = (await world.stores.members.list(groupId)).map(({ consumerId }) => consumerId);
    expect(members.toSorted()).toEqual(['a', 'b']);
  });

  test('has what another leaves', async () => {
    const { world, ask } = await newRoom({ partitions: 2 });
    await produce(
      world,
      [0, 1].map((partition) => ({ partition, value: partition })),
    );
    expect(placesIn(await ask('poll', { consumerId: 'b' }))).toHaveLength(2);
    const from = world.clock.now();
    const polling = ask('poll', waiting);
    await settled();
    await ask('leave', { consumerId: 'b' });
    expect(placesIn(await world.clock.until(polling, { stepMs: 10 })).length).toBeGreaterThan(0);
    expect(world.clock.now() - from).toBeLessThan(100);
  });

  test('acknowledges first what it brings along', async () => {
    const { world, ask, groupId } = await newRoom();
    await produce(world, [{ value: 1 }]);
    await ask('poll', { consumerId: 'a' });
    const polling = ask('poll', { ...waiting, ack: { offsets: { 0: 1 } } });
    await settled();
    const at = { groupId, partition: 0 };
    expect(await world.stores.cursors.get(at)).toMatchObject({ committed: 1 });
    await world.clock.until(polling);
  });

  test('ends when its group is deleted', async () => {
    const { world, ask } = await newRoom();
    const polling = ask('poll', waiting);
    await settled();
    await call(world, `DELETE ${groupPath}`);
    const answer = await world.clock.until(polling);
    expectProblem(answer, 404, 'group_not_found');
  });

  test('ends when its client goes, and takes nothing along', async () => {
    const room = await newRoom();
    const gone = new AbortController();
    const from = room.world.clock.now();
    const polling = pollUntil(room, gone.signal);
    await settled();
    // At the same moment as the first record comes.
    await produce(room.world, [{ value: 1 }]);
    gone.abort();
    expect(await polling).toEqual([]);
    expect(room.world.clock.now()).toBe(from);
    expect(placesIn(await room.ask('poll', { consumerId: 'a' }))).toEqual(['0:0']);
  });

  test('takes nothing where its client had gone before it began', async () => {
    const room = await newRoom();
    await produce(room.world, [{ value: 1 }]);
    expect(await pollUntil(room, AbortSignal.abort())).toEqual([]);
    expect(recordsIn(await room.ask('poll', { consumerId: 'a' }))).toHaveLength(1);
  });
});
