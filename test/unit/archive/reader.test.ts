import { describe, expect, it } from 'vitest';
import { ArchiveReader, type ArchiveReadOptions } from '../../../lib/archive/read/reader.ts';
import type { ArchivedRun } from '../../../lib/archive/read/segment-reader.ts';
import { parseObjectName } from '../../../lib/domain/archive/segments.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import type { LogRecord } from '../../../lib/domain/records/records.ts';
import { memoryStores } from '../../../lib/stores/memory/stores.ts';
import { type ByteRange, ObjectMissingError, type ObjectStore } from '../../../lib/stores/objects.ts';
import { jsonSegmentsOf } from '../../harness/json-segments.ts';
import { archive, storeSegment } from '../../harness/segments-by-hand.ts';

const at = { topicId: 't1', partition: 3 };
const format = jsonSegmentsOf(4);

const recordAt = (offset: number): LogRecord => ({
  partition: 3,
  offset,
  valueJson: jsonText(offset),
  timestamp: offset,
  appendedAt: offset,
});
const between = (from: number, end: number): number[] =>
  Array.from({ length: end - from }, (_, index) => from + index);

/** An archive of segments that end where `ends` says, the first one from 0 on, without the records of `holes`. */
const archiveOf = async (
  ends: readonly number[],
  { holes = [], ...options }: Partial<ArchiveReadOptions> & { holes?: readonly number[] } = {},
) => {
  let now = 1_000_000;
  const clock = {
    now: () => now,
    monotonic: () => now,
    // A request's time limit does not pass by itself.
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        if (signal === undefined) resolve();
        else signal.addEventListener('abort', () => resolve());
      }),
  };
  const stores = memoryStores({ clock });
  const requests: string[] = [];
  const failures: Error[] = [];
  const sizes: number[] = [];
  const objects: ObjectStore = {
    put: (...given) => stores.objects.put(...given),
    list: (...given) => stores.objects.list(...given),
    delete: (...given) => stores.objects.delete(...given),
    read: async (object: string, range: ByteRange, signal?: AbortSignal) => {
      const segment = await stores.segments.floor(at, parseObjectName(object)?.start ?? 0);
      const isFooter = segment !== undefined && range.to === segment.objectBytes;
      requests.push(isFooter ? 'footer' : 'rows');
      if (!isFooter) sizes.push(range.to - range.from);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return stores.objects.read(object, range, signal);
    },
  };
  const segments = {
    ...stores.segments,
    floor: (...given: Parameters<typeof stores.segments.floor>) => {
      requests.push('floor');
      return stores.segments.floor(...given);
    },
    list: (...given: Parameters<typeof stores.segments.list>) => {
      requests.push('list');
      return stores.segments.list(...given);
    },
  } as typeof stores.segments;
  let start = 0;
  for (const end of ends) {
    const records = between(start, end)
      .filter((offset) => !holes.includes(offset))
      .map(recordAt);
    await archive(stores, format, at, { start, end, records, maxTimestamp: end - 1 });
    start = end;
  }
  const reader = new ArchiveReader({
    segments,
    objects,
    format,
    clock,
    options: { wholeObjectBytes: 0, ...options },
  });
  const read = async (from: number, maxRecords = 1, more: { maxBytes?: number; end?: number } = {}) => {
    requests.length = 0;
    return reader.read(at, from, { maxRecords, maxBytes: 1e6, ...more });
  };
  const pass = (ms: number): void => {
    now += ms;
  };
  return { stores, reader, read, requests, sizes, failures, pass };
};

const offsetsIn = (runs: readonly ArchivedRun[] | undefined): number[] =>
  (runs ?? []).flatMap(({ records }) => records.map(({ offset }) => offset));
const rangesOf = (runs: readonly ArchivedRun[] | undefined): [number, number][] =>
  (runs ?? []).map(({ from, end }) => [from, end]);

describe('a read of the archive', () => {
  it('gives whole row groups from the one on that the offset is in', async () => {
    const { read } = await archiveOf([10, 30]);
    const runs = await read(5, 6);
    expect(rangesOf(runs)).toEqual([
      [4, 8],
      [8, 10],
    ]);
    expect(runs?.[0]?.records).toEqual([4, 5, 6, 7].map(recordAt));
    expect(runs?.[0]?.bytes).toBe(4 * '{"v":4,"t":4}'.length);
  });

  it('finds each offset of each segment', async () => {
    const { read } = await archiveOf([1, 6, 7, 30]);
    for (const offset of [...between(0, 30), ...between(0, 30).reverse()])
      expect(offsetsIn(await read(offset))).toContain(offset);
  });

  it('gives nothing where no segment is', async () => {
    const { read } = await archiveOf([10]);
    expect(await read(10)).toBeUndefined();
    expect(await (await archiveOf([])).read(0)).toBeUndefined();
  });

  it('stops where enough is there: of records, of bytes, or at an end', async () => {
    const { read } = await archiveOf([40]);
    expect(rangesOf(await read(0, 4))).toEqual([[0, 4]]);
    expect(rangesOf(await read(1, 4))).toEqual([
      [0, 4],
      [4, 8],
    ]);
    expect(rangesOf(await read(0, 40, { maxBytes: 1 }))).toEqual([[0, 4]]);
    expect(rangesOf(await read(0, 40, { end: 8 }))).toEqual([
      [0, 4],
      [4, 8],
    ]);
  });

  it('says of holes where they end: in front of records, behind the last, and where nothing is left', async () => {
    const holes = [0, 1, 5, 8, 9, ...between(10, 20)];
    const { read } = await archiveOf([10, 20, 22], { holes });
    const runs = await read(0, 40);
    expect(offsetsIn(runs)).toEqual([2, 3, 4, 6, 7]);
    expect(rangesOf(runs)).toEqual([
      [0, 7],
      [7, 10],
    ]);
    expect(rangesOf(await read(9))).toEqual([[8, 10]]);
    expect(offsetsIn(await read(9))).toEqual([]);
    const empty = await read(15);
    expect([rangesOf(empty), offsetsIn(empty)]).toEqual([[[10, 20]], []]);
    expect(offsetsIn(await read(20))).toEqual([20, 21]);
  });
});

describe('what a read of the archive takes', () => {
  it('is a query, a footer and one range, and one range when the footer is known', async () => {
    const { read, requests } = await archiveOf([40, 80]);
    await read(10, 12);
    expect(requests).toEqual(['floor', 'footer', 'rows']);
    await read(30, 4);
    expect(requests).toEqual(['rows']);
  });

  it('is a query and one range where the object is small, and a range less for the one behind it', async () => {
    const { read, requests } = await archiveOf([40, 80], { wholeObjectBytes: 10_000 });
    expect(offsetsIn(await read(10, 12))).toEqual(between(8, 24));
    expect(requests).toEqual(['floor', 'footer']);
    expect(offsetsIn(await read(0, 40))).toEqual(between(0, 40));
    expect(requests).toEqual([]);
    expect(offsetsIn(await read(40, 40))).toEqual(between(40, 80));
    expect(requests).toEqual(['list', 'footer']);
  });

  it('is nothing while what was read is remembered', async () => {
    const { read, requests } = await archiveOf([40]);
    await read(0, 12);
    for (const offset of between(0, 12)) {
      await read(offset);
      expect(requests).toEqual([]);
    }
  });

  it('leaves out of its range what is remembered', async () => {
    const { read, requests, sizes } = await archiveOf([40], { readAheadBytes: 0 });
    await read(0, 4);
    await read(8, 4);
    sizes.length = 0;
    await read(4, 4);
    const [middle = 0] = sizes.splice(0);
    expect(offsetsIn(await read(0, 16))).toEqual(between(0, 16));
    expect(requests).toEqual(['rows']);
    expect(sizes[0]).toBeLessThan(middle * 1.5);
  });

  it('grows to a bounded size where one reads on, so that a backfill needs few requests', async () => {
    const { read, requests, sizes } = await archiveOf([400, 800], { readAheadBytes: 1_000 });
    let rows = 0;
    let others = 0;
    for (let from = 0; from < 800; from += 4) {
      expect(offsetsIn(await read(from, 4))).toEqual(between(from, from + 4));
      rows += requests.filter((request) => request === 'rows').length;
      others += requests.filter((request) => request !== 'rows').length;
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
    expect(rows).toBeLessThan(2 + (sizes.reduce((sum, size) => sum + size, 0) / 1_000) * 1.5);
    // For each segment its footer, a query for the first, and one for those behind it.
    expect(others).toBe(4);
  });

  it('is one query for many segments where one reads on', async () => {
    const { read, requests } = await archiveOf(between(1, 61).map((count) => count * 4));
    const all: string[] = [];
    for (let from = 0; from < 240; from += 4) {
      expect(offsetsIn(await read(from, 4))).toEqual(between(from, from + 4));
      all.push(...requests);
    }
    expect(all.filter((request) => request === 'floor' || request === 'list')).toEqual([
      'floor',
      'list',
      'list',
      'list',
      'list',
    ]);
  });

  it('does not grow for reads here and there', async () => {
    const { read, sizes } = await archiveOf([400], { readAheadBytes: 10_000 });
    for (const offset of [0, 200, 100, 300, 40]) await read(offset);
    const [first = 0] = sizes;
    expect(Math.max(...sizes)).toBeLessThan(2 * first);
  });

  it('is shared by those who read the same at the same time', async () => {
    const { reader, requests } = await archiveOf([40]);
    const want = { maxRecords: 8, maxBytes: 1e6 };
    await reader.segmentAt(at, 0);
    requests.length = 0;
    const read = await Promise.all(Array.from({ length: 20 }, () => reader.read(at, 0, want)));
    expect(requests).toEqual(['footer', 'rows']);
    for (const runs of read) expect(offsetsIn(runs)).toEqual(between(0, 8));
  });

  it('is paid again where there is no room to remember it, and every record comes all the same', async () => {
    const { read, requests } = await archiveOf([400], { rowGroupBytes: 1, readAheadBytes: 1_000 });
    for (let from = 0; from < 400; from += 4)
      expect(offsetsIn(await read(from, 12))).toEqual(between(from, Math.min(from + 12, 400)));
    await read(0, 4);
    expect(requests).toContain('rows');
  });
});

describe('a segment that another took the place of', () => {
  const replaced = async (tidy = true) => {
    const made = await archiveOf([12]);
    await made.read(0, 4);
    const old = await made.stores.segments.floor(at, 0);
    if (old === undefined) throw new Error('There is no segment.');
    const records = [2, 7, 11].map(recordAt);
    const next = await storeSegment(made.stores, format, at, { start: 0, end: 12, records, attempt: 'b' });
    await made.stores.segments.replace(at, old.object, next);
    if (tidy) await made.stores.objects.delete([old.object]);
    return made;
  };

  it('is found where the old object is gone', async () => {
    const { read, requests } = await replaced();
    // What was read before is remembered, and the rest is not to be had.
    expect(offsetsIn(await read(8, 4))).toEqual([2, 7, 11]);
    expect(requests).toEqual(['rows', 'floor', 'footer', 'rows']);
  });

  it('shows within five seconds where it is not', async () => {
    const { read, pass } = await replaced(false);
    expect(offsetsIn(await read(0, 4))).toEqual([0, 1, 2, 3]);
    pass(5_000);
    expect(offsetsIn(await read(0, 4))).toEqual([2, 7, 11]);
  });

  it('is none when it was deleted', async () => {
    const { stores, read } = await archiveOf([12]);
    await read(0, 4);
    const segment = await stores.segments.floor(at, 0);
    if (segment === undefined) throw new Error('There is no segment.');
    await stores.segments.delete(at, segment);
    await stores.objects.delete([segment.object]);
    expect(await read(8, 4)).toBeUndefined();
  });

  it('is a fault when the manifest goes on to name what is not there', async () => {
    const { stores, read } = await archiveOf([12]);
    const segment = await stores.segments.floor(at, 0);
    await stores.objects.delete([segment?.object ?? '']);
    await expect(read(0)).rejects.toThrow(ObjectMissingError);
  });
});

describe('an object that cannot be read', () => {
  it('is asked for again when no answer comes, and is unavailable in the end', async () => {
    const { read, failures } = await archiveOf([12]);
    failures.push(new Error('No route.'), new Error('No route.'));
    expect(offsetsIn(await read(0, 4))).toEqual([0, 1, 2, 3]);
    failures.push(...Array.from({ length: 4 }, () => new Error('No route.')));
    await expect(read(8, 4)).rejects.toMatchObject({ code: 'unavailable' });
    expect(offsetsIn(await read(8, 4))).toEqual([8, 9, 10, 11]);
  });

  it('tells which of its row groups is damaged, and gives those before it', async () => {
    const { stores, read } = await archiveOf([12]);
    const segment = await stores.segments.floor(at, 0);
    if (segment === undefined) throw new Error('There is no segment.');
    const body = await stores.objects.read(segment.object, { from: 0, to: segment.objectBytes });
    const { groups } = format.readIndex(body.slice(-segment.footerBytes), body.length);
    body.fill(0, groups[1]?.bytes.from, groups[1]?.bytes.to);
    await stores.objects.delete([segment.object]);
    await stores.objects.put(segment.object, body);
    const runs = await read(2, 12);
    expect(offsetsIn(runs)).toEqual([0, 1, 2, 3]);
    expect(runs?.[1]).toMatchObject({ from: 4, end: 8, damage: { name: 'DamagedSegmentError' } });
    expect(offsetsIn(await read(8, 4))).toEqual([8, 9, 10, 11]);
  });

  it('is damaged as a whole where its footer is', async () => {
    const { stores, read } = await archiveOf([12]);
    const segment = await stores.segments.floor(at, 0);
    await stores.objects.delete([segment?.object ?? '']);
    await stores.objects.put(segment?.object ?? '', new Uint8Array(segment?.objectBytes ?? 0));
    expect(await read(5)).toMatchObject([{ from: 0, end: 12, damage: { name: 'DamagedSegmentError' } }]);
  });
});
