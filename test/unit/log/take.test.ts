import { describe, expect, it } from 'vitest';
import { Arrivals } from '../../../lib/log/read/arrivals.ts';
import { each, put, takeFrom, type World } from './many-partitions.ts';
import { at, logWorld } from './scripted-store.ts';

const offsetsOf = ({ records }: { readonly records: readonly { readonly offset: number }[] }): number[] =>
  records.map(({ offset }) => offset);

const filled = (...sizes: readonly number[]): World => {
  const world = logWorld();
  for (const size of sizes) put(world, at, size);
  return world;
};

describe('a take', () => {
  it('is one request where a batch begins, whatever the process knows of the partition', async () => {
    const world = filled(2, 3);
    const taken = await takeFrom(world, world.reader(), { at, offset: 2 });
    expect(taken).toMatchObject({ next: 5, closed: false });
    expect(offsetsOf(taken)).toEqual([2, 3, 4]);
    expect(world.store.requests).toEqual(['eventual range 2']);
  });

  it('is strong in a process that all writes go through, as nobody looks there twice', async () => {
    const world = filled(2);
    await takeFrom(world, world.reader(new Arrivals({ complete: true })), { at, offset: 0 });
    expect(world.store.requests[0]).toBe('strong range 0');
  });

  it('gives no more than wanted, and says whether more is behind it', async () => {
    const world = filled(10);
    const reader = world.reader();
    const some = await world.outcome(reader.take(at, { offset: 0, ...each, maxRecords: 4 }));
    expect(some).toMatchObject({ next: 4, more: true });
    const rest = await world.outcome(reader.take(at, { offset: 4, ...each, maxRecords: 6 }));
    expect(rest).toMatchObject({ next: 10, more: false });
  });

  it('finds nothing at the end, without a wait', async () => {
    const world = filled(2);
    const startedAt = world.clock.monotonic();
    const taken = await takeFrom(world, world.reader(), { at, offset: 2 });
    expect(taken).toEqual({ records: [], next: 2, more: false, closed: false });
    expect(world.clock.monotonic() - startedAt).toBeLessThan(20);
  });

  it('goes on behind what compaction took away, also where that is all', async () => {
    const world = filled(4, 1);
    await world.archiveBatches(0, 4, () => false);
    world.deleteBatches(4);
    const taken = await world.outcome(world.reader().take(at, { offset: 1, ...each, maxRecords: 1 }));
    expect(offsetsOf(taken)).toEqual([4]);
    expect(taken.next).toBe(5);
    const rest = filled(4, 1);
    await rest.archiveBatches(0, 4, (offset) => offset < 2);
    rest.deleteBatches(4);
    const before = await takeFrom(rest, rest.reader(), { at, offset: 0 });
    expect(offsetsOf(before).slice(0, 2)).toEqual([0, 1]);
    expect(before.next).toBeGreaterThanOrEqual(4);
  });

  it.each([1, 9])('outside the partition is refused with what there is (%i)', async (offset) => {
    const world = filled(4, 2);
    await world.partitions.advance(at, 'startOffset', 4);
    world.deleteBatches(4);
    await expect(takeFrom(world, world.reader(), { at, offset })).rejects.toMatchObject({
      code: 'offset_out_of_range',
      details: { members: { startOffset: 4, endOffset: 6 } },
    });
  });
});
