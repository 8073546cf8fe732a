import { describe, expect, it } from 'vitest';
import { Problem } from '../../../../lib/domain/errors.ts';
import { type PulledGroup, readingDefaults } from '../../../../lib/domain/groups/groups.ts';
import type { Topic } from '../../../../lib/domain/topics.ts';
import { noSystemEvents } from '../../../../lib/events/system-events.ts';
import { PullGroups } from '../../../../lib/groups/pull/pull-groups.ts';
import type { Polled } from '../../../../lib/groups/pull/requests.ts';
import { Arrivals } from '../../../../lib/log/read/arrivals.ts';
import type { BatchTableOptions } from '../../../../lib/stores/memory/batches.ts';
import { memoryStores } from '../../../../lib/stores/memory/stores.ts';
import { noTelemetry } from '../../../../lib/surroundings/telemetry.ts';
import { seededRandom } from '../../../simulation/scheduler.ts';
import { partitionsOf, put } from '../../log/many-partitions.ts';
import { logWorld } from '../../log/scripted-store.ts';

interface Given {
  readonly mode?: 'pull' | 'shared';
  readonly arrivals?: Arrivals;
  readonly table?: BatchTableOptions;
}

/** A group of a topic of many partitions, whose members wait in virtual time, over a log that takes 2.5 ms each way. */
const makeWaiting = async (
  count: number,
  { mode = 'pull', arrivals = new Arrivals(), table }: Given = {},
) => {
  const world = logWorld(table);
  const { clock, store } = world;
  const ats = partitionsOf(count);
  const topic: Topic = {
    name: 'orders',
    topicId: 'orders1',
    partitions: count,
    retentionHours: null,
    archive: false,
    createdAt: clock.now(),
    version: 1,
  };
  const group = {
    name: 'billing',
    groupId: 'g1',
    topic: 'orders',
    topicId: 'orders1',
    mode,
    start: 'earliest',
    startOffsets: new Array<number>(count).fill(0),
    reading: readingDefaults,
    createdAt: clock.now(),
  } as PulledGroup;
  const stores = memoryStores({ clock });
  await stores.groups.create(group);
  const pulls = new PullGroups(
    {
      ...stores,
      systemEvents: noSystemEvents,
      directory: { resolve: async () => topic },
      reader: world.reader(arrivals),
      appender: {
        append: () => Promise.reject(new Problem('unavailable', 'Nothing is appended here.')),
      },
      clock,
      random: seededRandom(5),
      telemetry: noTelemetry,
    },
    { isAlone: arrivals.complete },
  );
  const poll = (consumerId: string, waitMs = 20_000): Promise<Polled> =>
    pulls.poll(topic, 'billing', { consumerId, maxRecords: 100, maxBytes: 1_000_000, waitMs });
  // So the process knows where each partition ends.
  await world.outcome(poll('a', 0));
  store.requests = [];
  return { world, arrivals, ats, pulls, topic, poll };
};

const placesOf = ({ records }: Polled): string[] =>
  records.map(({ record: { partition, offset } }) => `${partition}:${offset}`);

const partitionOf = (ats: ReturnType<typeof partitionsOf>, partition: number) => {
  const at = ats[partition];
  if (at === undefined) throw new Error(`There is no partition ${partition}.`);
  return at;
};

describe.each(['pull', 'shared'] as const)(
  'a poll that waits for records of many partitions (%s)',
  (mode) => {
    it('asks for all of a hundred by one request each time that it looks', async () => {
      const { world, poll } = await makeWaiting(100, { mode });
      const startedAt = world.clock.monotonic();
      expect(placesOf(await world.outcome(poll('a')))).toEqual([]);
      expect(world.clock.monotonic() - startedAt).toBeGreaterThanOrEqual(20_000);
      expect(world.store.count('present')).toBe(world.store.requests.length);
      // It looks once a second in the end.
      expect(world.store.requests.length).toBeGreaterThan(20);
      expect(world.store.requests.length).toBeLessThan(40);
    });

    it('asks for all of 1,024 by eleven', async () => {
      const { world, poll } = await makeWaiting(1_024, { mode });
      await world.outcome(poll('a', 10));
      expect(world.store.requests).toEqual(Array(world.store.requests.length).fill('present'));
      expect(world.store.requests.length % 11).toBe(0);
    });

    it('has within a second or so what another process appends', async () => {
      const { world, poll, ats } = await makeWaiting(100, { mode });
      const polling = poll('a');
      await world.pass(15_000);
      put(world, partitionOf(ats, 42));
      const putAt = world.clock.monotonic();
      expect(placesOf(await world.outcome(polling))).toEqual(['42:0']);
      expect(world.clock.monotonic() - putAt).toBeLessThan(1_100);
    });

    it('has at once what its own process appends', async () => {
      const { world, poll, ats, arrivals } = await makeWaiting(100, { mode });
      const polling = poll('a');
      await world.pass(15_300);
      put(world, partitionOf(ats, 42));
      arrivals.announce(partitionOf(ats, 42));
      const putAt = world.clock.monotonic();
      expect(placesOf(await world.outcome(polling))).toEqual(['42:0']);
      expect(world.clock.monotonic() - putAt).toBeLessThan(30);
    });

    it.each([
      ['where it hears of all appends', true],
      ['where other processes append, too', false],
    ])('misses nothing that is appended while it looks, %s', async (_where, complete) => {
      const { world, poll, ats, arrivals } = await makeWaiting(100, {
        mode,
        arrivals: new Arrivals({ complete }),
      });
      const polling = poll('a');
      // The store has answered that nothing is there, and the answer is on the way.
      await world.pass(4);
      expect(world.store.requests).toEqual(['present']);
      put(world, partitionOf(ats, 42));
      arrivals.announce(partitionOf(ats, 42));
      const putAt = world.clock.monotonic();
      expect(placesOf(await world.outcome(polling))).toEqual(['42:0']);
      expect(world.clock.monotonic() - putAt).toBeLessThan(30);
    });

    it('looks no more than it hears of, where it hears of all appends, but for what tells of its group', async () => {
      const { world, poll } = await makeWaiting(100, { mode, arrivals: new Arrivals({ complete: true }) });
      await world.outcome(poll('a'));
      expect(world.store.requests.length).toBeLessThanOrEqual(8);
    });

    it('finds by a later look what an eventually consistent read missed', async () => {
      const table = { missed: (storedAt: number, now: number) => now - storedAt < 700 };
      const { world, poll, ats, arrivals } = await makeWaiting(100, { mode, table });
      const polling = poll('a');
      await world.pass(3_000);
      put(world, partitionOf(ats, 42));
      arrivals.announce(partitionOf(ats, 42));
      const putAt = world.clock.monotonic();
      expect(placesOf(await world.outcome(polling))).toEqual(['42:0']);
      expect(world.clock.monotonic() - putAt).toBeGreaterThanOrEqual(700);
      expect(world.clock.monotonic() - putAt).toBeLessThan(1_400);
    });

    it('reads only what has something, and all of that at once', async () => {
      const { world, poll, ats } = await makeWaiting(100, { mode });
      const polling = poll('a');
      await world.pass(5_000);
      world.store.requests = [];
      for (const partition of [3, 64, 99]) put(world, partitionOf(ats, partition));
      expect(placesOf(await world.outcome(polling)).sort()).toEqual(['3:0', '64:0', '99:0']);
      expect(world.store.requests.sort()).toEqual([...Array(3).fill('eventual range 0'), 'present']);
    });

    it('is answered when the process ends', async () => {
      const { world, poll, arrivals } = await makeWaiting(100, { mode });
      const polling = poll('a');
      await world.pass(2_000);
      arrivals.stop();
      const stoppedAt = world.clock.monotonic();
      expect(placesOf(await world.outcome(polling))).toEqual([]);
      expect(world.clock.monotonic() - stoppedAt).toBeLessThan(30);
    });
  },
);

describe('a poll that waits', () => {
  it('has at once what a member had that leaves', async () => {
    const { world, poll, ats, pulls, topic } = await makeWaiting(2);
    await world.outcome(poll('b', 0));
    const { assignment } = await world.outcome(poll('a', 0));
    expect(assignment).toHaveLength(1);
    const polling = poll('a');
    await world.pass(200);
    const [other = 0] = [0, 1].filter((partition) => !assignment.includes(partition));
    put(world, partitionOf(ats, other));
    await world.outcome(pulls.leave(topic, 'billing', 'b'));
    const leftAt = world.clock.monotonic();
    expect(placesOf(await world.outcome(polling))).toEqual([`${other}:0`]);
    expect(world.clock.monotonic() - leftAt).toBeLessThan(30);
  });
});
