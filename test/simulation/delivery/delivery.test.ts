import { describe, expect, it } from 'vitest';
import { firstBreach } from '../first-breach.ts';
import { runDelivery, type WorldOptions } from './world.ts';

const breachOf = (seeds: number, options: WorldOptions): Promise<string | undefined> =>
  firstBreach((seed) => runDelivery(seed, options), { from: 0, to: seeds - 1 });

describe('delivery in a world of crashes, lost and late messages', () => {
  it('delivers every record in order and loses no wake, with no sweep to help', {
    timeout: 120_000,
  }, async () => {
    expect(await breachOf(280, { sweep: false })).toBeUndefined();
  });

  it('does so with sweep sending wakes of its own', { timeout: 120_000 }, async () => {
    expect(await breachOf(84, { sweep: true, copies: true })).toBeUndefined();
  });

  it('does so on a queue that gives one message to two runs', { timeout: 120_000 }, async () => {
    expect(await breachOf(175, { sweep: false, copies: true })).toBeUndefined();
  });

  it('does so on a queue that shows a message again while the run that took it still holds the lease', {
    timeout: 120_000,
  }, async () => {
    const options = { visibilityMs: 10_000, receives: Number.POSITIVE_INFINITY };
    expect(await breachOf(140, { sweep: false, ...options })).toBeUndefined();
  });

  it('does so to endpoints that are paced', { timeout: 120_000 }, async () => {
    const bySlots = { maxConcurrentRequests: 1 };
    const byRate = { requestsPerSecond: 2 };
    const right = { sweep: false, wrongClocks: false };
    expect(await breachOf(49, { ...right, paced: bySlots })).toBeUndefined();
    expect(await breachOf(42, { ...right, paced: byRate })).toBeUndefined();
    const paced = { ...bySlots, ...byRate };
    expect(await breachOf(21, { ...right, paced, operator: true })).toBeUndefined();
    expect(await breachOf(21, { ...right, paced, several: true, poison: true })).toBeUndefined();
    const several = { maxConcurrentRequests: 2, requestsPerSecond: 3 };
    for (const ordering of ['key', 'none'] as const)
      expect(await breachOf(28, { ...right, paced: several, ordering })).toBeUndefined();
    // By clocks that are wrong no pace is kept, but nothing is lost either.
    expect(await breachOf(21, { sweep: true, paced, copies: true, wrongClocks: true })).toBeUndefined();
  });

  it('does so with clocks that are wrong, some by a day', { timeout: 120_000 }, async () => {
    expect(await breachOf(70, { sweep: true, wrongClocks: true })).toBeUndefined();
  });

  it('does so while the group is paused, resumed, and has to go on elsewhere', {
    timeout: 120_000,
  }, async () => {
    expect(await breachOf(175, { sweep: false, operator: true })).toBeUndefined();
    expect(await breachOf(42, { sweep: true, operator: true, copies: true })).toBeUndefined();
    expect(await breachOf(42, { sweep: true, operator: true, wrongClocks: true })).toBeUndefined();
  });

  it('does so where a filter leaves out some of them', { timeout: 120_000 }, async () => {
    const filtered = { filtered: true };
    expect(await breachOf(49, { sweep: false, ...filtered })).toBeUndefined();
    expect(await breachOf(42, { sweep: false, operator: true, ...filtered })).toBeUndefined();
    expect(await breachOf(28, { sweep: false, poison: true, several: true, ...filtered })).toBeUndefined();
    expect(await breachOf(14, { sweep: true, wrongClocks: true, ...filtered })).toBeUndefined();
  });
  it.each(['key', 'none'] as const)(
    'does so in the order %s, with several messages under way',
    {
      timeout: 120_000,
    },
    async (ordering) => {
      expect(await breachOf(105, { sweep: false, ordering })).toBeUndefined();
      expect(await breachOf(35, { sweep: false, ordering, operator: true, copies: true })).toBeUndefined();
      expect(await breachOf(28, { sweep: true, ordering, wrongClocks: true })).toBeUndefined();
    },
  );

  it.each(['partition', 'key', 'none'] as const)(
    'does so where messages are acknowledged by themselves, in the order %s',
    { timeout: 120_000 },
    async (order) => {
      const ordering = order === 'partition' ? {} : { ordering: order };
      const explicit = { sweep: false, explicit: true, ...ordering };
      expect(await breachOf(28, { ...explicit, wrongClocks: false })).toBeUndefined();
      expect(await breachOf(14, { ...explicit, operator: true, copies: true })).toBeUndefined();
      expect(await breachOf(8, { ...explicit, sweep: true, wrongClocks: true })).toBeUndefined();
    },
  );

  it.each(['partition', 'key', 'none'] as const)(
    'delivers dead letters that the group is given again, beside the others, in the order %s',
    { timeout: 120_000 },
    async (order) => {
      const redrives = { redrives: true, ...(order !== 'partition' && { ordering: order }) };
      expect(await breachOf(21, { sweep: false, ...redrives })).toBeUndefined();
      expect(await breachOf(10, { sweep: false, copies: true, several: true, ...redrives })).toBeUndefined();
      expect(await breachOf(10, { sweep: false, explicit: true, ...redrives })).toBeUndefined();
      expect(await breachOf(8, { sweep: true, wrongClocks: true, ...redrives })).toBeUndefined();
    },
  );
});
