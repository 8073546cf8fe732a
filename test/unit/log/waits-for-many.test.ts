import { describe, expect, it } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import type { PartitionRef } from '../../../lib/domain/records/records.ts';
import { type Arrival, Arrivals } from '../../../lib/log/read/arrivals.ts';
import { partitionsOf } from './many-partitions.ts';
import { at, logWorld } from './scripted-store.ts';

const all = partitionsOf(limits.partitionsPerTopic);
const one = (partition: number): PartitionRef => ({ ...at, partition });
const waitMs = 20_000;

/** Waits, and says after how many ms it ended, and whether by what arrived. */
const waits = (world: ReturnType<typeof logWorld>, arrival: Arrival, signal?: AbortSignal) => {
  const startedAt = world.clock.monotonic();
  return arrival
    .within(waitMs, world.clock, signal)
    .then((hasArrived) => ({ hasArrived, ms: world.clock.monotonic() - startedAt }));
};

describe('a wait for 1,024 partitions', () => {
  it.each([0, 511, 1_023])('ends with what is written to any of them (%i)', async (partition) => {
    const world = logWorld();
    const arrivals = new Arrivals();
    const waiting = waits(world, arrivals.expectAny(all));
    await world.pass(1_000);
    arrivals.announce(one(partition));
    expect(await world.outcome(waiting)).toEqual({ hasArrived: true, ms: 1_000 });
  });

  it('goes on when something else is written or happens, until its time is over', async () => {
    const world = logWorld();
    const arrivals = new Arrivals();
    const waiting = waits(world, arrivals.expectAny(all, ['group/billing']));
    await world.pass(1_000);
    arrivals.announce({ topicId: 'orders2', partition: 0 });
    arrivals.announceKey('group/shipping');
    expect(await world.outcome(waiting)).toEqual({ hasArrived: false, ms: waitMs });
  });

  it('ends with something else that it was told to wait for', async () => {
    const world = logWorld();
    const arrivals = new Arrivals();
    const waiting = waits(world, arrivals.expectAny(all, ['group/billing']));
    await world.pass(1_000);
    arrivals.announceKey('group/billing');
    expect(await world.outcome(waiting)).toEqual({ hasArrived: true, ms: 1_000 });
  });

  it('does not begin where something arrived after it was expected, and does where that was told', async () => {
    const world = logWorld();
    const arrivals = new Arrivals();
    const arrival = arrivals.expectAny(all);
    arrivals.announce(one(7));
    arrivals.announce(one(8));
    expect(await world.outcome(waits(world, arrival))).toEqual({ hasArrived: true, ms: 0 });
    expect(await world.outcome(waits(world, arrival))).toEqual({ hasArrived: false, ms: waitMs });
  });

  it('ends when its caller is gone, and hears of nothing after it was ended', async () => {
    const world = logWorld();
    const arrivals = new Arrivals();
    const arrival = arrivals.expectAny(all, ['group/billing']);
    const caller = new AbortController();
    const waiting = waits(world, arrival, caller.signal);
    await world.pass(1_000);
    caller.abort();
    expect(await world.outcome(waiting)).toEqual({ hasArrived: false, ms: 1_000 });
    arrival.end();
    for (const partition of all) arrivals.announce(partition);
    arrivals.announceKey('group/billing');
    expect(await world.outcome(waits(world, arrival))).toEqual({ hasArrived: false, ms: waitMs });
  });

  it('leaves those who wait for the same waiting when another ends', async () => {
    const world = logWorld();
    const arrivals = new Arrivals();
    const [first, second] = [arrivals.expectAny(all), arrivals.expectAny(all)];
    const [ended, another] = [waits(world, first), waits(world, second)];
    first.end();
    await world.pass(1_000);
    arrivals.announce(one(3));
    expect(await world.outcome(another)).toEqual({ hasArrived: true, ms: 1_000 });
    expect(await world.outcome(ended)).toEqual({ hasArrived: false, ms: waitMs });
  });

  it('takes one pause and one listener, however many they are', async () => {
    const world = logWorld();
    const taken: string[] = [];
    const clock = {
      ...world.clock,
      sleep: (ms: number, signal?: AbortSignal) => {
        taken.push('pause');
        return world.clock.sleep(ms, signal);
      },
    };
    const { signal } = new AbortController();
    signal.addEventListener = () => void taken.push('listener');
    signal.removeEventListener = () => void taken.push('no listener');
    await world.outcome(new Arrivals().expectAny(all).within(waitMs, clock, signal));
    expect(taken).toEqual(['listener', 'pause', 'no listener']);
  });

  it('ends when the process ends, which lets none begin', async () => {
    const world = logWorld();
    const arrivals = new Arrivals();
    const waiting = waits(world, arrivals.expectAny(all, ['group/billing']));
    await world.pass(1_000);
    arrivals.stop();
    expect(await world.outcome(waiting)).toMatchObject({ ms: 1_000 });
    expect(await world.outcome(waits(world, arrivals.expectAny(all)))).toMatchObject({ ms: 0 });
  });
});
