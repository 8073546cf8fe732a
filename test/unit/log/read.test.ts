import { describe, expect, it } from 'vitest';
import { ThrottledError } from '../../../lib/domain/errors.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { LogRecord } from '../../../lib/domain/records/records.ts';
import { Arrivals } from '../../../lib/log/read/arrivals.ts';
import { collect } from '../../../lib/log/read/collect.ts';
import type { Want } from '../../../lib/log/read/collector.ts';
import type { Fetched, FetchRequest, Reader } from '../../../lib/log/read/reader.ts';
import type { RunReader } from '../../../lib/log/read/run.ts';
import { at, logWorld } from './scripted-store.ts';

type World = ReturnType<typeof logWorld>;

/** Appends batches of the given sizes; the record at offset n has the value n. */
const fill = async (world: World, sizes: readonly number[]): Promise<void> => {
  const appender = world.appender();
  let next = world.store.table.end(at);
  for (const size of sizes) {
    const records = Array.from({ length: size }, (_, index) => ({ valueJson: jsonText(next + index) }));
    await world.outcome(appender.append(at, records));
    next += size;
  }
  world.store.requests = [];
};

const fetch = (
  world: World,
  reader: Reader,
  request: Partial<FetchRequest> & { offset: number },
): Promise<Fetched> =>
  world.outcome(reader.fetch(at, { maxRecords: 100, maxBytes: 1_000_000, waitMs: 0, ...request }));

const offsets = (records: readonly LogRecord[]): number[] => records.map(({ offset }) => offset);
const upTo = (from: number, end: number): number[] =>
  Array.from({ length: end - from }, (_, index) => from + index);

describe('a fetch', () => {
  it('gives the records from an offset on, with where to go on and how far the partition goes', async () => {
    const world = logWorld();
    await fill(world, [2, 3, 1]);
    const fetched = await fetch(world, world.reader(), { offset: 2 });
    expect(fetched.records.map(({ valueJson }) => valueJson)).toEqual(['2', '3', '4', '5']);
    expect(fetched).toMatchObject({ nextOffset: 6, startOffset: 0, endOffset: 6 });
  });

  it.each([1, 3, 4])('may begin in the middle of a batch (%i)', async (offset) => {
    const world = logWorld();
    await fill(world, [2, 3, 1]);
    const { records } = await fetch(world, world.reader(), { offset });
    expect(offsets(records)).toEqual(upTo(offset, 6));
  });

  it('goes through the log in order, whatever is asked for at once', async () => {
    for (const maxRecords of [1, 2, 3, 7, 50]) {
      const world = logWorld();
      await fill(world, [1, 5, 2, 9, 1, 1, 3]);
      const reader = world.reader();
      const read: number[] = [];
      while (read.length < 22) {
        const { records, nextOffset } = await fetch(world, reader, { offset: read.length, maxRecords });
        expect(records.length).toBeGreaterThan(0);
        expect(records.length).toBeLessThanOrEqual(maxRecords);
        read.push(...offsets(records));
        expect(nextOffset).toBe(read.length);
      }
      expect(read).toEqual(upTo(0, 22));
    }
  });

  it('costs one query when it goes on where the last one ended', async () => {
    const world = logWorld();
    await fill(
      world,
      Array.from({ length: 40 }, () => 1),
    );
    const reader = world.reader();
    let { nextOffset } = await fetch(world, reader, { offset: 0, maxRecords: 10 });
    world.store.requests = [];
    for (let turn = 0; turn < 3; turn += 1)
      ({ nextOffset } = await fetch(world, reader, { offset: nextOffset, maxRecords: 10 }));
    expect(world.store.requests).toEqual(['eventual range 10', 'eventual range 20', 'eventual range 30']);
    expect(nextOffset).toBe(40);
  });

  it('reads a large batch once, though it is asked for in parts', async () => {
    const world = logWorld();
    await fill(world, [100]);
    const reader = world.reader();
    for (let offset = 0; offset < 100; offset += 10) await fetch(world, reader, { offset, maxRecords: 10 });
    expect(world.store.count('eventual range')).toBeLessThanOrEqual(2);
    expect(world.store.count('strong floor')).toBe(0);
  });

  it('gives no more bytes than wanted, but one record in any case', async () => {
    const world = logWorld();
    const appender = world.appender();
    const valueJson = jsonText('x'.repeat(1_000));
    await world.outcome(appender.append(at, Array(4).fill({ valueJson })));
    const reader = world.reader();
    expect((await fetch(world, reader, { offset: 0, maxBytes: 2_500 })).records).toHaveLength(2);
    expect((await fetch(world, reader, { offset: 1, maxBytes: 10 })).records).toHaveLength(1);
  });

  it.each([-1, 7])('outside the partition is refused with what there is (%i)', async (offset) => {
    const world = logWorld();
    await fill(world, [6]);
    await expect(fetch(world, world.reader(), { offset })).rejects.toMatchObject({
      code: 'offset_out_of_range',
      details: { members: { startOffset: 0, endOffset: 6 } },
    });
  });

  it('below the start is refused though its batch is still there', async () => {
    const world = logWorld();
    await fill(world, [6]);
    await world.partitions.advance(at, 'startOffset', 3);
    const reader = world.reader();
    await expect(fetch(world, reader, { offset: 2 })).rejects.toMatchObject({ code: 'offset_out_of_range' });
    expect(offsets((await fetch(world, reader, { offset: 3 })).records)).toEqual([3, 4, 5]);
  });

  it('at the end gives nothing, of an empty partition, too', async () => {
    const world = logWorld();
    expect(await fetch(world, world.reader(), { offset: 0 })).toEqual({
      records: [],
      nextOffset: 0,
      startOffset: 0,
      endOffset: 0,
    });
    await fill(world, [2]);
    expect(await fetch(world, world.reader(), { offset: 2 })).toMatchObject({ records: [], nextOffset: 2 });
  });

  it('is tried again when the store does not answer, and refused as unavailable in the end', async () => {
    const world = logWorld();
    await fill(world, [1]);
    const reader = world.reader();
    world.store.readFailure = new ThrottledError('Slow down.');
    const fetching = reader.fetch(at, { offset: 0, maxRecords: 1, maxBytes: 1, waitMs: 0 });
    await world.pass(50);
    world.store.readFailure = undefined;
    expect((await world.outcome(fetching)).records).toHaveLength(1);
    world.store.readFailure = new Error('No route.');
    await expect(fetch(world, reader, { offset: 0 })).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a fetch that waits', () => {
  it('ends with the first record that comes', async () => {
    const world = logWorld();
    await fill(world, [1]);
    const fetching = world.reader().fetch(at, { offset: 1, maxRecords: 10, maxBytes: 1_000, waitMs: 20_000 });
    await world.pass(3_000);
    await fill(world, [1]);
    const startedAt = world.clock.now();
    expect(offsets((await world.outcome(fetching)).records)).toEqual([1]);
    expect(world.clock.now() - startedAt).toBeLessThan(1_500);
  });

  it('looks at once when its own process has written, and not when it is another partition', async () => {
    const world = logWorld();
    const arrivals = new Arrivals();
    const request = { offset: 0, maxRecords: 10, maxBytes: 1_000, waitMs: 20_000 };
    const fetching = world.reader(arrivals).fetch(at, request);
    await world.pass(10_000);
    const looks = world.store.count('eventual range');
    arrivals.announce({ ...at, partition: at.partition + 1 });
    await world.pass(10);
    expect(world.store.count('eventual range')).toBe(looks);
    await fill(world, [1]);
    arrivals.announce(at);
    const announcedAt = world.clock.now();
    expect(offsets((await world.outcome(fetching)).records)).toEqual([0]);
    expect(world.clock.now() - announcedAt).toBeLessThanOrEqual(10);
  });

  it('misses nothing that is written while it looks', async () => {
    const world = logWorld();
    const arrivals = new Arrivals();
    const request = { offset: 0, maxRecords: 10, maxBytes: 1_000, waitMs: 20_000 };
    const fetching = world.reader(arrivals).fetch(at, request);
    // The start offset is known, the query has been served, and its answer is on the way.
    await world.pass(4);
    expect(world.store.count('eventual range')).toBe(1);
    const now = world.clock.now();
    const data = encodeRecords([{ valueJson: jsonText(0) }]);
    const batch = { base: 0, count: 1, data, writeId: new Uint8Array(8), appendedAt: now, bytesBefore: 0 };
    world.store.table.put(at, batch, now, now);
    arrivals.announce(at);
    expect(offsets((await world.outcome(fetching)).records)).toEqual([0]);
    expect(world.clock.now() - now).toBeLessThan(20);
  });

  it('ends empty when its time is over, after few queries', async () => {
    const world = logWorld();
    const reader = world.reader();
    const startedAt = world.clock.now();
    const fetched = await fetch(world, reader, { offset: 0, waitMs: 20_000 });
    expect(fetched.records).toEqual([]);
    expect(world.clock.now() - startedAt).toBeGreaterThanOrEqual(20_000);
    expect(world.clock.now() - startedAt).toBeLessThan(20_200);
    expect(world.store.count('eventual range')).toBeLessThan(40);
  });

  it.each([
    ['looks again and again', false],
    ['waits to be told', true],
  ])('ends when its caller is gone, where it %s', async (_how, complete) => {
    const world = logWorld();
    const caller = new AbortController();
    const request = { offset: 0, maxRecords: 1, maxBytes: 1, waitMs: 20_000, signal: caller.signal };
    const fetching = world.reader(new Arrivals({ complete })).fetch(at, request);
    await world.pass(1_000);
    const abortedAt = world.clock.now();
    caller.abort();
    expect((await world.outcome(fetching)).records).toEqual([]);
    expect(world.clock.now() - abortedAt).toBeLessThan(100);
  });

  it('ends at once at the end of a closed partition', async () => {
    const world = logWorld();
    await fill(world, [2]);
    await world.outcome(world.appender().close(at));
    const startedAt = world.clock.now();
    expect((await fetch(world, world.reader(), { offset: 2, waitMs: 20_000 })).records).toEqual([]);
    expect(world.clock.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('a fetch by reads that miss batches', () => {
  /** Four batches, of which eventually consistent reads miss those with the numbers given. */
  const missing = async (hidden: readonly number[]): Promise<World> => {
    const storedAt: number[] = [];
    const world = logWorld({ missed: (time) => hidden.includes(storedAt.indexOf(time)) });
    for (const size of [2, 3, 1, 2]) {
      await fill(world, [size]);
      // The answer took 2.5 ms to come.
      storedAt.push(world.clock.now() - 2.5);
    }
    return world;
  };

  it.each([[[0]], [[1]], [[1, 2]], [[0, 2]], [[3]], [[0, 1, 2, 3]]])(
    'never shows a hole (%j)',
    async (hidden) => {
      const world = await missing(hidden);
      const { batches } = world.store.table.range(at, { from: 0, limit: 9, consistent: false }, 0);
      expect(batches).toHaveLength(4 - hidden.length);
      const reader = world.reader();
      for (let from = 0; from < 8; from += 1) {
        const { records, nextOffset } = await fetch(world, reader, { offset: from });
        expect(offsets(records)).toEqual(upTo(from, nextOffset));
        const isSeen = batches.some((batch) => from < batch.base + batch.count);
        if (isSeen) expect(records.length).toBeGreaterThan(0);
      }
    },
  );

  it('reads what is missing by one more query, from the gap on', async () => {
    const world = await missing([1]);
    await fetch(world, world.reader(), { offset: 0 });
    expect(world.store.requests).toEqual(['eventual range 0', 'strong range 2']);
  });

  it('does not take a batch that it misses for the end of the partition', async () => {
    const world = await missing([0, 1, 2, 3]);
    const reader = world.reader();
    expect((await fetch(world, reader, { offset: 5 })).records.length).toBeGreaterThan(0);
    await expect(fetch(world, reader, { offset: 9 })).rejects.toMatchObject({ code: 'offset_out_of_range' });
  });
});

const strongly = (world: World, runs: RunReader, from: number, want: Want) =>
  world.outcome(collect(runs, at, { from, want, consistent: true }));

describe('strongly consistent records', () => {
  it('cost one query from the base of a batch on', async () => {
    const world = logWorld();
    await fill(world, [2, 3, 1]);
    const { records, more } = await strongly(world, world.runs(), 2, { maxRecords: 100, maxBytes: 1e6 });
    expect(offsets(records)).toEqual([2, 3, 4, 5]);
    expect(more).toBe(false);
    expect(world.store.requests).toEqual(['strong range 2']);
  });

  it.each([
    [{ maxRecords: 2, maxBytes: 1e6 }, 2, true],
    [{ maxRecords: 5, maxBytes: 1e6 }, 5, true],
    [{ maxRecords: 6, maxBytes: 1e6 }, 6, false],
    [{ maxRecords: 100, maxBytes: 1e6, end: 4 }, 4, true],
    [{ maxRecords: 100, maxBytes: 1e6, end: 5 }, 5, true],
    [{ maxRecords: 100, maxBytes: 1e6, end: 6 }, 6, false],
  ])('say whether more is behind them (%j)', async (want, count, more) => {
    const world = logWorld();
    await fill(world, [2, 3, 1]);
    const read = await strongly(world, world.runs(), 0, want);
    expect(offsets(read.records)).toEqual(upTo(0, count));
    expect(read.more).toBe(more);
  });

  it('say so also when they come from a batch that is remembered', async () => {
    const world = logWorld();
    await fill(world, [10]);
    const runs = world.runs();
    const part = (from: number) => strongly(world, runs, from, { maxRecords: 5, maxBytes: 1e6 });
    expect((await part(0)).more).toBe(true);
    expect((await part(5)).more).toBe(false);
    await fill(world, [1]);
    expect((await part(5)).more).toBe(true);
  });
});

describe('where a partition begins and ends', () => {
  it('is read strongly', async () => {
    const world = logWorld();
    await fill(world, [2, 3]);
    await world.partitions.advance(at, 'startOffset', 2);
    const reader = world.reader();
    expect(await world.outcome(reader.startOffset(at))).toBe(2);
    expect(await world.outcome(reader.endOffset(at))).toBe(5);
  });

  it('shows in every fetch within seconds', async () => {
    const world = logWorld();
    await fill(world, [5, 5]);
    const reader = world.reader();
    await fetch(world, reader, { offset: 0, maxRecords: 5 });
    await fill(world, [5]);
    await world.partitions.advance(at, 'startOffset', 5);
    await world.pass(6_000);
    expect(await fetch(world, reader, { offset: 5, maxRecords: 5 })).toMatchObject({
      startOffset: 5,
      endOffset: 15,
    });
  });
});

describe('the offset at a time', () => {
  it('is that of the first record appended then or later, or the end', async () => {
    const world = logWorld();
    const times: number[] = [];
    for (let batch = 0; batch < 9; batch += 1) {
      await world.pass(1_000);
      await fill(world, [1 + (batch % 3)]);
      times.push(world.store.table.batches(at)[batch]?.appendedAt ?? 0);
    }
    const reader = world.reader();
    const bases = world.store.table.batches(at).map(({ base }) => base);
    const offsetAt = (time: number): Promise<number> => world.outcome(reader.offsetAtTime(at, time));
    for (const [index, time] of times.entries()) {
      expect(await offsetAt(time)).toBe(bases[index]);
      expect(await offsetAt(time + 1)).toBe(bases[index + 1] ?? 18);
    }
    expect(await offsetAt(0)).toBe(0);
    await world.partitions.advance(at, 'startOffset', 4);
    expect(await offsetAt(0)).toBe(4);
  });

  it('is 0 in an empty partition', async () => {
    const world = logWorld();
    expect(await world.outcome(world.reader().offsetAtTime(at, 0))).toBe(0);
  });
});
