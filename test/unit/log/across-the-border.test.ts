import { describe, expect, it } from 'vitest';
import { storedKey } from '../../../lib/domain/idempotency/keys.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import type { LogRecord } from '../../../lib/domain/records/records.ts';
import { type Collected, collect } from '../../../lib/log/read/collect.ts';
import type { Fetched, FetchRequest, Reader } from '../../../lib/log/read/reader.ts';
import { at, logWorld } from './scripted-store.ts';

type World = ReturnType<typeof logWorld>;

/** Appends `count` batches of two records; the record at offset n has the value n. */
const filled = async (count: number): Promise<World> => {
  const world = logWorld();
  const appender = world.appender();
  for (let base = 0; base < 2 * count; base += 2) {
    const records = [base, base + 1].map((offset) => ({ valueJson: jsonText(offset), key: `k${offset}` }));
    await world.outcome(appender.append(at, records));
  }
  world.store.requests = [];
  return world;
};

const fetch = (
  world: World,
  reader: Reader,
  request: Partial<FetchRequest> & { offset: number },
): Promise<Fetched> =>
  world.outcome(reader.fetch(at, { maxRecords: 100, maxBytes: 1_000_000, waitMs: 0, ...request }));

const offsets = (records: readonly LogRecord[]): number[] => records.map(({ offset }) => offset);

/** Every record from `from` on, page by page. */
const readAll = async (world: World, reader: Reader, from = 0, maxRecords = 5): Promise<LogRecord[]> => {
  const all: LogRecord[] = [];
  for (let offset = from; ; ) {
    const { records, nextOffset, endOffset } = await fetch(world, reader, { offset, maxRecords });
    all.push(...records);
    if (nextOffset === endOffset) return all;
    expect(nextOffset).toBeGreaterThan(offset);
    offset = nextOffset;
  }
};

describe('a log of which a part is archived', () => {
  it.each([1, 3, 100])('is the same as before, record for record (%i at once)', async (maxRecords) => {
    const world = await filled(12);
    const before = await readAll(world, world.reader());
    await world.archiveBatches(0, 6);
    await world.archiveBatches(6, 14);
    expect(await readAll(world, world.reader(), 0, maxRecords)).toEqual(before);
    world.deleteBatches(14);
    expect(await readAll(world, world.reader(), 0, maxRecords)).toEqual(before);
    expect(await readAll(world, world.reader(), 5, maxRecords)).toEqual(before.slice(5));
  });

  it('is the same where all of it is archived, and its last batch alone is left', async () => {
    const world = await filled(4);
    const before = await readAll(world, world.reader());
    await world.archiveBatches(0, 8);
    world.deleteBatches(8);
    const reader = world.reader();
    expect(await readAll(world, reader)).toEqual(before);
    expect(await world.outcome(reader.endOffset(at))).toBe(8);
    expect(await fetch(world, world.reader(), { offset: 8 })).toMatchObject({
      records: [],
      nextOffset: 8,
      endOffset: 8,
    });
    await expect(fetch(world, world.reader(), { offset: 9 })).rejects.toMatchObject({
      code: 'offset_out_of_range',
    });
    const appender = world.appender();
    await expect(world.outcome(appender.append(at, [{}], { expectedOffset: 7 }))).rejects.toMatchObject({
      details: { members: { endOffset: 8 } },
    });
    expect(await world.outcome(appender.append(at, [{}], { expectedOffset: 8 }))).toMatchObject({ base: 8 });
  });

  it('asks DynamoDB for no more than the state of the partition where it reads segments', async () => {
    const world = await filled(12);
    await world.archiveBatches(0, 20);
    world.deleteBatches(20);
    const reader = world.reader();
    await fetch(world, reader, { offset: 2, maxRecords: 3 });
    // Where it ends, which an answer tells.
    expect(world.store.requests).toEqual(['end']);
    world.store.requests = [];
    await fetch(world, reader, { offset: 9, maxRecords: 3 });
    expect(world.store.requests).toEqual([]);
  });

  it('is found by who learned of its border before it moved', async () => {
    const world = await filled(12);
    const reader = world.reader();
    await fetch(world, reader, { offset: 0, maxRecords: 2 });
    await world.archiveBatches(0, 20);
    world.deleteBatches(20);
    expect(offsets((await fetch(world, reader, { offset: 2, maxRecords: 4 })).records)).toContain(2);
  });

  it('takes one query where a batch below the border is asked for in the midst', async () => {
    const world = await filled(12);
    await world.archiveBatches(0, 8);
    const reader = world.reader();
    await fetch(world, reader, { offset: 8, maxRecords: 2 });
    world.store.requests = [];
    await fetch(world, reader, { offset: 10, maxRecords: 2 });
    expect(world.store.requests).toEqual(['eventual range 10']);
  });
});

describe('a partition whose start moved', () => {
  it('refuses who is in the middle of a read, with the new start', async () => {
    const world = await filled(12);
    await world.archiveBatches(0, 8);
    await world.archiveBatches(8, 16);
    world.deleteBatches(16);
    const reader = world.reader();
    const { nextOffset } = await fetch(world, reader, { offset: 0, maxRecords: 2 });
    // As retention does it: the start, the manifest, the object.
    await world.partitions.advance(at, 'startOffset', 10);
    const [first] = await world.segments.list(at, { from: 0, limit: 1 });
    if (first === undefined) throw new Error('Nothing is archived.');
    await world.segments.delete(at, first);
    await world.objects.delete([first.object]);
    await expect(fetch(world, reader, { offset: nextOffset + 3 })).rejects.toMatchObject({
      code: 'offset_out_of_range',
      details: { members: { startOffset: 10, endOffset: 24 } },
    });
    expect(offsets((await fetch(world, reader, { offset: 10, maxRecords: 2 })).records)).toEqual([10, 11]);
  });

  it('and a read of batches likewise', async () => {
    const world = await filled(12);
    const reader = world.reader();
    await fetch(world, reader, { offset: 0, maxRecords: 2 });
    await world.partitions.advance(at, 'startOffset', 10);
    world.deleteBatches(10);
    await expect(fetch(world, reader, { offset: 2 })).rejects.toMatchObject({
      details: { members: { startOffset: 10 } },
    });
  });

  /** Sixteen archived records; `retain` takes the first eight, whose segment a late copy then names again. */
  const named = async () => {
    const world = await filled(12);
    await world.archiveBatches(0, 8);
    await world.archiveBatches(8, 16);
    world.deleteBatches(16);
    const retain = async (): Promise<void> => {
      const [first] = await world.segments.list(at, { from: 0, limit: 1 });
      if (first === undefined) throw new Error('Nothing is archived.');
      await world.partitions.advance(at, 'startOffset', 8);
      await world.segments.delete(at, first);
      await world.objects.delete([first.object]);
      await world.segments.add(at, first);
    };
    return { world, retain };
  };
  const wanted = { from: 4, batches: 3, want: { maxRecords: 3, maxBytes: 1_000 }, consistent: true };

  it('is known for that where a late copy names again what retention took', async () => {
    const { world, retain } = await named();
    const [reader, runs] = [world.reader(), world.runs()];
    const times = (await fetch(world, reader, { offset: 0, maxRecords: 2 })).records;
    await runs.offsets.state(at);
    const searching = world.reader().offsetAtTime(at, times[1]?.timestamp ?? 0);
    // The state is known to it, and nothing else.
    await world.pass(1);
    await retain();
    await expect(fetch(world, reader, { offset: 4 })).rejects.toMatchObject({
      details: { members: { startOffset: 8 } },
    });
    expect(await world.outcome(runs.read(at, wanted))).toEqual({ kind: 'below', start: 8 });
    expect(await world.outcome(searching)).toBe(0);
  });

  it('is known for that also where it moves after it was asked for', async () => {
    const { world, retain } = await named();
    const { partitions } = world;
    const get = partitions.get.bind(partitions);
    partitions.get = async (given) => {
      const state = await get(given);
      if (state.startOffset === 0) await retain();
      return state;
    };
    expect(await world.outcome(world.runs().read(at, wanted))).toEqual({ kind: 'below', start: 8 });
  });

  it('is not taken for one of which an object is missing', async () => {
    const world = await filled(12);
    await world.archiveBatches(0, 8);
    world.deleteBatches(8);
    const [first] = await world.segments.list(at, { from: 0, limit: 1 });
    await world.objects.delete([first?.object ?? '']);
    await expect(fetch(world, world.reader(), { offset: 2 })).rejects.toThrow('The archive has no object');
  });

  it('is not taken for one that lost records', async () => {
    const world = await filled(12);
    world.deleteBatches(4);
    await expect(fetch(world, world.reader(), { offset: 2 })).rejects.toThrow('is missing from the log');
  });
});

describe('records that compaction took away', () => {
  it('are not shown by who remembers the batch that they were in', async () => {
    const world = logWorld();
    const appender = world.appender();
    await world.outcome(
      appender.append(
        at,
        Array.from({ length: 9 }, () => ({})),
      ),
    );
    await world.outcome(appender.append(at, [{}]));
    const reader = world.reader();
    await fetch(world, reader, { offset: 0, maxRecords: 3 });
    await world.archiveBatches(0, 9, (offset) => offset === 8);
    world.deleteBatches(9);
    await world.pass(6_000);
    expect(offsets((await fetch(world, reader, { offset: 3, maxRecords: 3 })).records)).toEqual([8]);
  });

  it('are not shown by a new process from a batch that is kept for its idempotency keys', async () => {
    const world = logWorld();
    const appender = world.appender();
    const key = storedKey('k');
    await world.outcome(appender.append(at, [{}, {}, {}], { key }));
    await world.outcome(appender.append(at, [{}]));
    await world.pass(2 * 60 * 60_000);
    await world.archiveBatches(0, 3, (offset) => offset !== 1);
    const want = { maxRecords: 10, maxBytes: 1_000 };
    const read = (): Promise<Collected> =>
      world.outcome(collect(world.runs(), at, { from: 0, want, consistent: true }));
    expect(offsets((await read()).records)).toEqual([0, 2]);
    // And who sends it again finds it.
    const again = await world.outcome(world.appender().append(at, [{}, {}, {}], { key }));
    expect(again).toMatchObject({ base: 0, replayed: true });
  });

  const compacted = async () => {
    const world = await filled(12);
    await world.archiveBatches(0, 8, (offset) => offset === 3 || offset === 4);
    await world.archiveBatches(8, 12, () => false);
    await world.archiveBatches(12, 16, (offset) => offset !== 12);
    world.deleteBatches(16);
    return world;
  };

  it('are passed over, and nextOffset is behind them', async () => {
    const world = await compacted();
    const reader = world.reader();
    const pages = [];
    for (let offset = 0; offset < 16; ) {
      const page = await fetch(world, reader, { offset, maxRecords: 1 });
      pages.push([offsets(page.records), page.nextOffset]);
      offset = page.nextOffset;
    }
    expect(pages).toEqual([
      [[3], 4],
      [[4], 8],
      [[13], 14],
      [[14], 15],
      [[15], 16],
    ]);
  });

  it('do not keep a long poll waiting', async () => {
    const world = await compacted();
    const startedAt = world.clock.now();
    const { records } = await fetch(world, world.reader(), { offset: 8, maxRecords: 1, waitMs: 20_000 });
    expect(offsets(records)).toEqual([13]);
    expect(world.clock.now() - startedAt).toBeLessThan(1_000);
  });

  it('may be so many that a fetch goes some way without a record', async () => {
    const world = await filled(60);
    for (let start = 0; start < 100; start += 2) await world.archiveBatches(start, start + 2, () => false);
    world.deleteBatches(100);
    const startedAt = world.clock.now();
    const { records, nextOffset } = await fetch(world, world.reader(), { offset: 0, waitMs: 20_000 });
    expect([records, nextOffset]).toEqual([[], 32]);
    expect(world.clock.now() - startedAt).toBeLessThan(1_000);
    expect(offsets(await readAll(world, world.reader()))).toEqual(
      Array.from({ length: 20 }, (_, n) => 100 + n),
    );
  });
});

describe('a time', () => {
  it('is searched for on both sides of the border, though it moves meanwhile', async () => {
    const world = await filled(32);
    const times = await readAll(world, world.reader());
    await world.archiveBatches(0, 20);
    world.deleteBatches(20);
    const searching = world.reader().offsetAtTime(at, times[30]?.timestamp ?? 0);
    // The state is known, and the last batch.
    await world.pass(6);
    await world.archiveBatches(20, 60);
    world.deleteBatches(60);
    expect(await world.outcome(searching)).toBe(30);
    for (const offset of [0, 10, 18, 20, 44, 60, 62])
      expect(await world.outcome(world.reader().offsetAtTime(at, times[offset]?.timestamp ?? 0))).toBe(
        offset,
      );
  });

  it('of a record that was taken away is where its segment ends', async () => {
    const world = await filled(12);
    const times = await readAll(world, world.reader());
    await world.archiveBatches(0, 8, (offset) => offset < 4);
    await world.archiveBatches(8, 16);
    world.deleteBatches(16);
    expect(await world.outcome(world.reader().offsetAtTime(at, times[4]?.timestamp ?? 0))).toBe(8);
  });

  it('takes a query for each halving, one footer and one range', async () => {
    const world = await filled(64);
    const times = await readAll(world, world.reader());
    for (let start = 0; start < 96; start += 48) await world.archiveBatches(start, start + 48);
    world.deleteBatches(96);
    let [reads, queries] = [0, 0];
    const { read } = world.objects;
    world.objects.read = (...given) => {
      reads += 1;
      return read.apply(world.objects, given);
    };
    const { floor } = world.segments;
    world.segments.floor = (...given) => {
      queries += 1;
      return floor.apply(world.segments, given);
    };
    world.store.requests = [];
    expect(await world.outcome(world.reader().offsetAtTime(at, times[30]?.timestamp ?? 0))).toBe(30);
    expect([reads, queries]).toEqual([2, 2]);
    expect(world.store.requests.length).toBeLessThanOrEqual(7);
  });
});

describe('a segment that cannot be decoded', () => {
  it('is told with where what follows begins, once what is before it was given', async () => {
    const world = await filled(12);
    await world.archiveBatches(0, 16);
    world.deleteBatches(16);
    const [segment] = await world.segments.list(at, { from: 0, limit: 1 });
    if (segment === undefined) throw new Error('Nothing is archived.');
    const body = Buffer.from(await world.objects.read(segment.object, { from: 0, to: segment.objectBytes }));
    // Within the second of its row groups of three records.
    body.fill(0, body.indexOf('"offset":4') - 20, body.indexOf('"offset":4'));
    await world.objects.delete([segment.object]);
    await world.objects.put(segment.object, body);
    const reader = world.reader();
    expect(offsets((await fetch(world, reader, { offset: 0 })).records)).toEqual([0, 1, 2]);
    await expect(fetch(world, reader, { offset: 3 })).rejects.toMatchObject({
      name: 'UndecodableBatchError',
      base: 3,
      end: 6,
      message: expect.stringContaining('The part of a segment at 3 of partition 2 cannot be decoded.'),
    });
    expect(offsets((await fetch(world, reader, { offset: 6, maxRecords: 3 })).records)).toEqual([6, 7, 8]);
  });
});
