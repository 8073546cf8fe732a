import { describe, expect, it } from 'vitest';
import { jsonText } from '../../../lib/domain/json/text.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { trim } from '../../harness/trim.ts';
import { at, logWorld, shape } from './scripted-store.ts';

/** Five batches of two records, one a minute, the youngest as old as said. */
const filled = async (youngestMs: number) => {
  const world = logWorld();
  const appender = world.appender();
  for (let batch = 0; batch < 5; batch += 1) {
    if (batch > 0) await world.pass(60_000);
    const record = { valueJson: jsonText(batch) };
    await world.outcome(appender.append(at, [record, record]));
  }
  await world.pass(youngestMs);
  const deps = { batches: world.store, partitions: world.partitions, clock: world.clock };
  const trimTo = (upTo: number, minAgeMs?: number): Promise<number> =>
    world.outcome(trim(minAgeMs === undefined ? deps : { ...deps, minAgeMs }, at, upTo));
  return { world, trimTo };
};
const hour = 60 * 60_000;

describe('trimming', () => {
  it('deletes the batches below an offset, and keeps one that reaches over it', async () => {
    const { world, trimTo } = await filled(2 * hour);
    expect(await trimTo(5)).toBe(2);
    expect(shape(world.store).map(([base]) => base)).toEqual([4, 6, 8]);
    expect((await world.partitions.get(at)).startOffset).toBe(5);
  });

  it('never deletes the last batch, even if all of it may go', async () => {
    const { world, trimTo } = await filled(2 * hour);
    expect(await trimTo(1_000)).toBe(4);
    expect(shape(world.store)).toEqual([[8, 2]]);
    expect((await world.partitions.get(at)).startOffset).toBe(10);
    expect((await world.outcome(world.appender().append(at, [{ valueJson: jsonText('next') }]))).base).toBe(
      10,
    );
  });

  it('keeps what has records of an idempotency key for as long as that is kept, and what follows it', async () => {
    const { world, trimTo } = await filled(2 * hour);
    const [first, second, ...others] = world.store.table.batches(at);
    if (first === undefined || second === undefined) throw new Error('There are five batches.');
    world.store.table.delete(at, [second.base]);
    world.store.table.put(
      at,
      { ...second, idempotencyKeys: ['key.0'] },
      world.clock.now(),
      world.clock.now(),
    );
    expect(await trimTo(10)).toBe(1);
    expect(shape(world.store)).toHaveLength(1 + others.length);
    await world.pass(22 * hour);
    expect(await trimTo(10)).toBe(0);
    await world.pass(hour);
    expect(await trimTo(10)).toBe(3);
  });

  it('deletes none that is younger than the floor, and gets them later', async () => {
    const { world, trimTo } = await filled(limits.trimMinAgeMs - 90_000);
    expect(await trimTo(10)).toBe(3);
    expect(shape(world.store).map(([base]) => base)).toEqual([6, 8]);
    await world.pass(hour);
    expect(await trimTo(10)).toBe(1);
    expect(await trimTo(10)).toBe(0);
  });

  it('makes records unreadable before it deletes them', async () => {
    const { world, trimTo } = await filled(2 * hour);
    const seen: number[] = [];
    const remove = world.store.delete.bind(world.store);
    world.store.delete = async (ref, bases) => {
      seen.push((await world.partitions.get(at)).startOffset);
      await remove(ref, bases);
    };
    await trimTo(6);
    expect(seen).toEqual([6]);
  });

  it('does not move the start back', async () => {
    const { world, trimTo } = await filled(2 * hour);
    await trimTo(6);
    await trimTo(2);
    expect((await world.partitions.get(at)).startOffset).toBe(6);
  });

  it('goes through many batches', async () => {
    const world = logWorld();
    const appender = world.appender();
    for (let batch = 0; batch < 120; batch += 1)
      await world.outcome(appender.append(at, [{ valueJson: jsonText(batch) }]));
    await world.pass(2 * hour);
    const deps = { batches: world.store, partitions: world.partitions, clock: world.clock };
    expect(await world.outcome(trim(deps, at, 120))).toBe(119);
  });

  it('does nothing to an empty partition', async () => {
    const world = logWorld();
    const deps = { batches: world.store, partitions: world.partitions, clock: world.clock };
    expect(await world.outcome(trim(deps, at, 5))).toBe(0);
    expect((await world.partitions.get(at)).startOffset).toBe(0);
  });

  it('goes down to a lower floor where that is allowed', async () => {
    const { trimTo } = await filled(10_000);
    expect(await trimTo(10)).toBe(0);
    expect(await trimTo(10, 5_000)).toBe(4);
  });
});

describe('reading while batches are trimmed', () => {
  it('ends before what is gone, and then says where the partition begins', async () => {
    const { world, trimTo } = await filled(2 * hour);
    const reader = world.reader();
    const want = { maxRecords: 2, maxBytes: 1e6, waitMs: 0 };
    expect((await world.outcome(reader.fetch(at, { offset: 0, ...want }))).nextOffset).toBe(2);
    await trimTo(6);
    await expect(world.outcome(reader.fetch(at, { offset: 2, ...want }))).rejects.toMatchObject({
      code: 'offset_out_of_range',
      details: { members: { startOffset: 6, endOffset: 10 } },
    });
    expect((await world.outcome(reader.fetch(at, { offset: 6, ...want }))).nextOffset).toBe(8);
  });
});
