import { describe, expect, it } from 'vitest';
import { PartitionEnds } from '../../../lib/delivery/sweep/ends.ts';
import { type SweepDeps, sweep } from '../../../lib/delivery/sweep/sweep.ts';
import { deliveryDefaults } from '../../../lib/domain/groups/groups.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { noSystemEvents } from '../../../lib/events/system-events.ts';
import { memoryStores } from '../../../lib/stores/memory/stores.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';
import { ownSecrets } from '../../harness/secrets.ts';

const runMs = 240_000;

/** Memory stores of which each request takes `requestMs` of a clock, as if there were no two at a time. */
const makeWorld = async (topics: number, requestMs = 5) => {
  let now = Date.UTC(2026, 0, 1);
  const clock = {
    now: () => now,
    monotonic: () => now,
    sleep: () => Promise.reject(new Error('Nothing sleeps.')),
  };
  const stores = memoryStores({ clock });
  const seen = new Map<string, number>();
  const slow = <Store extends object>(store: Store, note?: (method: string, first: unknown) => void): Store =>
    new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown => {
          now += requestMs;
          note?.(String(name), given[0]);
          return Reflect.apply(value, target, given);
        };
      },
    });
  const settings = { partitions: 1, retentionHours: null, archive: false, createdAt: now };
  for (let index = 0; index < topics; index += 1) {
    const name = `topic-${String(index).padStart(6, '0')}`;
    await stores.topics.create({ name, topicId: name, ...settings });
  }
  const groups = slow(stores.groups, (method, topicId) => {
    // Of what is removed the groups are listed too.
    if (method === 'list' && String(topicId).startsWith('topic-'))
      seen.set(String(topicId), (seen.get(String(topicId)) ?? 0) + 1);
  });
  const batches = slow(stores.batches);
  const deps: SweepDeps = {
    topics: slow(stores.topics),
    groups,
    batches,
    ends: new PartitionEnds(batches),
    cursors: slow(stores.cursors),
    members: slow(stores.members),
    paces: slow(stores.paces),
    partitions: slow(stores.partitions),
    removals: slow(stores.removals),
    schemas: slow(stores.schemas),
    sweepPlaces: slow(stores.sweepPlaces),
    queue: stores.wakes,
    systemEvents: noSystemEvents,
    secrets: ownSecrets(),
    appender: { close: async () => undefined },
    clock,
    telemetry: noTelemetry,
  };
  return {
    stores,
    seen,
    clock,
    /** One sweep, which must end in time. */
    sweep: async (ms = runMs) => {
      const until = now + ms;
      const swept = await sweep(deps, { remainingMs: () => until - now });
      if (ms === runMs) expect(now).toBeLessThanOrEqual(until);
      return swept;
    },
  };
};

describe('a sweep that has more to do than time', () => {
  it('goes on where the last one stopped, so that 100,000 topics are reached in four sweeps', async () => {
    const world = await makeWorld(100_000);
    for (let sweeps = 0; sweeps < 4; sweeps += 1) await world.sweep();
    expect(world.seen.size).toBe(100_000);
    // Nor is any swept often meanwhile.
    expect(Math.max(...world.seen.values())).toBe(2);
  }, 60_000);

  it('leaves removals a third of its time, and gives those of groups and of topics turns of their own', async () => {
    const world = await makeWorld(100_000);
    const requestedAt = world.clock.now() - limits.removalMinAgeMs;
    for (let index = 0; index < 5000; index += 1) {
      const id = `r-${String(index).padStart(5, '0')}`;
      await world.stores.removals.put({ kind: 'group', id, name: id, topicId: 'former', requestedAt });
      const topic = {
        kind: 'topic',
        id,
        name: id,
        partitions: 1,
        requestedAt,
        closedAt: requestedAt,
      } as const;
      await world.stores.removals.put(topic);
    }
    const left = async () => [
      (await world.stores.removals.list('group', { limit: 9999 })).length,
      (await world.stores.removals.list('topic', { limit: 9999 })).length,
    ];
    await world.sweep();
    const [groups = 0, topics = 0] = await left();
    expect(groups).toBeLessThan(4000);
    expect(topics).toBeLessThan(4000);
    for (let sweeps = 1; sweeps < 7; sweeps += 1) await world.sweep();
    expect(await left()).toEqual([0, 0]);
    expect(world.seen.size).toBe(100_000);
  }, 60_000);

  it('comes to every removal, though none can be finished yet', async () => {
    const world = await makeWorld(0);
    const requestedAt = world.clock.now();
    for (let index = 0; index < 30_000; index += 1) {
      const id = `r-${String(index).padStart(5, '0')}`;
      await world.stores.removals.put({ kind: 'topic', id, name: id, partitions: 1, requestedAt });
    }
    for (let sweeps = 0; sweeps < 4; sweeps += 1) await world.sweep();
    const removals = await world.stores.removals.list('topic', { limit: 99_999 });
    expect(removals.filter(({ kind, ...removal }) => !('closedAt' in removal))).toEqual([]);
  }, 60_000);

  it('is not held up by a topic that takes longer than a sweep', async () => {
    const world = await makeWorld(150);
    const [first] = (await world.stores.topics.list({ limit: 1 })).topics;
    if (first) await world.stores.topics.update(first, { partitions: 60_000 });
    await world.stores.groups.create({
      name: 'g',
      groupId: 'g',
      topic: 'topic-000000',
      topicId: 'topic-000000',
      mode: 'push',
      start: 'earliest',
      startOffsets: [],
      delivery: {
        ...deliveryDefaults,
        batchSize: 1,
        timeoutSeconds: 1,
        backoff: { initialSeconds: 1, maxSeconds: 1 },
      },
      createdAt: 0,
    });
    for (let sweeps = 0; sweeps < 4; sweeps += 1) await world.sweep();
    expect(world.seen.size).toBe(150);
  });

  it('ends in time though each request takes seconds, and still reaches all', async () => {
    const world = await makeWorld(150, 3000);
    for (let sweeps = 0; sweeps < 4; sweeps += 1) await world.sweep();
    expect(world.seen.size).toBe(150);
  });

  it('goes on after the topic that it finds noted, round to it', async () => {
    const world = await makeWorld(3);
    await world.stores.sweepPlaces.set({ topic: 'topic-000001' });
    await world.sweep();
    expect([...world.seen.keys()]).toEqual(['topic-000002', 'topic-000000', 'topic-000001']);
    expect(await world.stores.sweepPlaces.get()).toEqual({});
  });

  it('that has no time at all leaves the place as it is', async () => {
    const world = await makeWorld(3);
    await world.stores.sweepPlaces.set({ topic: 'topic-000001', turn: 'group', groupRemoval: 'r' });
    await world.sweep(0);
    expect(world.seen.size).toBe(0);
    const place = { topic: 'topic-000001', turn: 'group', groupRemoval: 'r' };
    expect(await world.stores.sweepPlaces.get()).toEqual(place);
  });
});
