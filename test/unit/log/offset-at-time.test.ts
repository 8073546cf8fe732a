import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';
import { at, logWorld } from './scripted-store.ts';

/** A log of these batches, given by their records' times (undefined: none was given), appended 10 ms apart or so. */
const logOf = async (batches: readonly (readonly (number | undefined)[])[]) => {
  const world = logWorld();
  const appender = world.appender();
  for (const times of batches) {
    const records = times.map((timestamp): NewRecord => (timestamp === undefined ? {} : { timestamp }));
    await world.outcome(appender.append(at, records));
    await world.pass(10);
  }
  const reader = world.reader();
  const find = (time: number): Promise<number> => world.outcome(reader.offsetAtTime(at, time));
  return { world, appender, find };
};

/** The times of all records, by offset. */
const timesIn = ({ store }: ReturnType<typeof logWorld>): number[] =>
  store.table.batches(at).flatMap((batch) => decodeRecords(batch, 0).map(({ timestamp }) => timestamp));

/** What a reader of the whole log finds. */
const scan = (times: readonly number[], start: number, wanted: number): number => {
  const found = times.findIndex((time, offset) => offset >= start && time >= wanted);
  return found < 0 ? times.length : found;
};

const [y1999, y2029, y2030] = [Date.UTC(1999, 0), Date.UTC(2029, 0), Date.UTC(2030, 0)];

describe('a record is found by its own time', () => {
  it('where it is later than its append, by any time up to it', async () => {
    const { find } = await logOf([[undefined], [1, y2030], [undefined], [undefined]]);
    expect(await find(y2029)).toBe(2);
    expect(await find(y2030)).toBe(2);
    expect(await find(y2030 + 1)).toBe(5);
  });

  it('where it is earlier: it does not stand for its append', async () => {
    const { world, find } = await logOf([[undefined], [y1999], [y1999, undefined]]);
    const times = timesIn(world);
    expect(await find((times[0] ?? 0) + 1)).toBe(3);
    expect(await find(y1999)).toBe(0);
  });

  it('in the middle of a batch', async () => {
    const { find } = await logOf([[10, 20, 15, 30, 25]]);
    expect(await Promise.all([5, 11, 16, 21, 26, 31].map(find))).toEqual([0, 1, 1, 3, 3, 5]);
  });

  it('at the start offset or behind it, and at the start where the first one as late was trimmed', async () => {
    const { world, find } = await logOf([[50], [40, 60, 41], [42], [70]]);
    await world.partitions.advance(at, 'startOffset', 3);
    world.store.table.delete(at, [0]);
    expect(await find(41)).toBe(3);
    expect(await find(65)).toBe(5);
    // A record of 60 is gone. What is left is not as late, but for the last: nothing is missed from the start on.
    expect(await find(55)).toBe(3);
  });

  it('in a closed partition', async () => {
    const { world, appender, find } = await logOf([[10], [20]]);
    await world.outcome(appender.close(at));
    expect(await Promise.all([5, 15, 25].map(find))).toEqual([0, 1, 2]);
  });

  it('by its append in batches of older versions', async () => {
    const { world, find } = await logOf([[undefined], [undefined]]);
    const { table } = world.store;
    const old = table.batches(at).map(({ maxTimestamp: _none, ...batch }) => batch);
    table.delete(at, [0, 1]);
    for (const batch of old) table.put(at, batch, world.scheduler.now(), world.scheduler.now());
    const [first = 0, second = 0] = timesIn(world);
    expect(await Promise.all([first, first + 1, second + 1].map(find))).toEqual([0, 1, 2]);
  });

  it('as far as can be known where its batch cannot be read', async () => {
    const { world, find } = await logOf([[10], [20, 21], [30]]);
    const { table } = world.store;
    const broken = table.batches(at).map((batch) => ({ ...batch, data: new Uint8Array([99]) }));
    table.delete(at, [0, 1, 3]);
    for (const batch of broken) table.put(at, batch, world.scheduler.now(), world.scheduler.now());
    expect(await find(21)).toBe(1);
  });

  it('with one query for each halving of the log and two more, whatever it holds', async () => {
    const { world, find } = await logOf(Array.from({ length: 1_000 }, (_, index) => [index]));
    for (const time of [0, 1, 499, 500, 998, 999]) {
      world.store.requests = [];
      expect(await find(time)).toBe(time);
      expect(
        world.store.requests.filter((request) => request.startsWith('strong floor')).length,
      ).toBeLessThanOrEqual(10);
      expect(world.store.requests.filter((request) => !request.startsWith('strong floor'))).toEqual(['last']);
    }
  });

  it('as a scan of the whole log finds it, whatever the times', async () => {
    const time = fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined });
    const batches = fc.array(fc.array(time, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(batches, fc.nat(), async (given, trim) => {
        const { world, find } = await logOf(given);
        const times = timesIn(world);
        const wanted = [...times.flatMap((each) => [each, each + 1]), 0];
        for (const each of wanted) expect(await find(each)).toBe(scan(times, 0, each));
        const start = trim % (times.length + 1);
        await world.partitions.advance(at, 'startOffset', start);
        for (const each of wanted) {
          const found = await find(each);
          const wasTrimmed = scan(times, 0, each) < start;
          expect(found).toBeLessThanOrEqual(scan(times, start, each));
          if (!wasTrimmed) expect(found).toBe(scan(times, start, each));
          expect(found).toBeGreaterThanOrEqual(start);
        }
      }),
      { numRuns: 60 },
    );
  });
});
