import { describe, expect, it } from 'vitest';
import { compactPartition } from '../../../lib/archive/compaction/compact.ts';
import { LatestOffsets } from '../../../lib/archive/compaction/latest-offsets.ts';
import { compactionRules } from '../../../lib/archive/compaction/rules.ts';
import type { ArchiverDeps } from '../../../lib/archive/deps.ts';
import { archiveDefaults } from '../../../lib/archive/options.ts';
import type { LogRecord } from '../../../lib/domain/records/records.ts';
import { failing } from '../../harness/failing.ts';
import type { GivenRecord } from '../../harness/records.ts';
import { seededRandom } from '../../simulation/scheduler.ts';
import { at, hour, makeRig } from './rig.ts';

type Rig = Awaited<ReturnType<typeof makeRig>>;

/** A segment of each batch, at once. */
const eager = { ...archiveDefaults, segmentMaxBytes: 1 };
const compacted = { cleanup: 'compact' } as const;

const segmentOf = async (rig: Rig, ...records: readonly GivenRecord[]): Promise<void> => {
  rig.append(...records);
  await rig.archive({ options: eager });
};

const archived = async (rig: Rig): Promise<readonly LogRecord[]> => {
  const manifest = await rig.manifest();
  return (await Promise.all(manifest.map(({ start }) => rig.recordsAt(start)))).flat();
};

const offsets = async (rig: Rig): Promise<number[]> => (await archived(rig)).map(({ offset }) => offset);

describe('a topic that is compacted', () => {
  it('keeps of each key the last record, at its offset, and every record without a key', async () => {
    const rig = await makeRig(compacted);
    await segmentOf(rig, { key: 'a', value: 1 }, { key: 'b', value: 1 }, { value: 'no key' });
    await segmentOf(rig, { key: 'a', value: 2 }, { key: 'c', value: 1 }, { key: 'c', value: 2 });
    expect(await offsets(rig)).toEqual([1, 2, 3, 5]);
    const manifest = await rig.manifest();
    expect(manifest.map(({ start, end, records }) => [start, end, records])).toEqual([
      [0, 3, 2],
      [3, 6, 2],
    ]);
    // What no manifest names any more is gone.
    expect(await rig.names()).toEqual(manifest.map(({ object }) => object).sort());
  });

  it('waits until there is as much new as old', async () => {
    const rig = await makeRig(compacted);
    await segmentOf(rig, ...Array.from({ length: 50 }, (_, n) => ({ key: `k${n}`, value: 'x'.repeat(20) })));
    await segmentOf(rig, { key: 'k0', value: 1 });
    expect(await rig.state()).toMatchObject({ compactedThrough: 50 });
    expect(await offsets(rig)).toContain(0);
    await segmentOf(rig, ...Array.from({ length: 60 }, (_, n) => ({ key: `k${n}`, value: 'y'.repeat(20) })));
    expect(await rig.state()).toMatchObject({ compactedThrough: 111 });
    expect(await offsets(rig)).toEqual(Array.from({ length: 60 }, (_, n) => 51 + n));
  });

  it('keeps a tombstone for a day, and what it deletes no longer than till it is compacted', async () => {
    const rig = await makeRig(compacted);
    await segmentOf(rig, { key: 'a', value: 1 }, { key: 'b', value: 1 });
    await segmentOf(rig, { key: 'a', value: null }, { key: 'b', valueBase64: '' });
    expect(await offsets(rig)).toEqual([2, 3]);
    rig.pass(compactionRules.tombstoneMs + 1);
    await segmentOf(
      rig,
      { key: 'c', value: 'something longer than what is there' },
      { key: 'd', value: 'x'.repeat(1000) },
    );
    expect(await offsets(rig)).toEqual([4, 5]);
    // Nothing is left in it, and it still covers its offsets.
    expect((await rig.manifest())[0]).toMatchObject({ start: 0, end: 2, records: 0 });
  });

  it('tells the age of a tombstone by a clock that was right when the log answered', async () => {
    const rig = await makeRig(compacted);
    await segmentOf(rig, { key: 'a', value: null });
    rig.pass(compactionRules.tombstoneMs - hour);
    await segmentOf(rig, { key: 'b', value: 'x'.repeat(200) });
    // Five hours ahead until it is set right, or refused by the log as the signatures are that it dates.
    let aheadMs = 5 * hour;
    const clock = { now: () => rig.clock.now() + aheadMs };
    const last = async () => {
      aheadMs = 0;
      return rig.batches.last(at);
    };
    const again = { ...(await rig.state()), compactedThrough: 0 };
    const compact = (batches: ArchiverDeps['batches']) =>
      compactPartition({ ...rig.deps, clock, batches }, { name: 'orders' }, at, again, run);
    await compact(Object.assign(Object.create(rig.batches) as typeof rig.batches, { last }));
    expect(await offsets(rig)).toEqual([0, 1]);
    aheadMs = 5 * hour;
    const refused = async () => Promise.reject(new Error('The signature is not yet current.'));
    await expect(
      compact(Object.assign(Object.create(rig.batches) as typeof rig.batches, { last: refused })),
    ).rejects.toThrow('not yet current');
    expect(await offsets(rig)).toEqual([0, 1]);
  });

  it('does nothing to a topic that is not', async () => {
    const rig = await makeRig();
    await segmentOf(rig, { key: 'a', value: 1 });
    await segmentOf(rig, { key: 'a', value: 2 });
    expect(await offsets(rig)).toEqual([0, 1]);
  });

  it('goes on with a later run where keys are more than there is room for', () => {
    const latest = new LatestOffsets({ keys: 2, length: 100 });
    latest.add([{ key: 'a', offset: 1 } as LogRecord]);
    expect(latest.isFull).toBe(false);
    latest.add([{ key: 'b', offset: 2 } as LogRecord]);
    expect(latest.isFull).toBe(true);
    const long = new LatestOffsets({ keys: 100, length: 10 });
    long.add([{ key: 'x'.repeat(10), offset: 1 } as LogRecord]);
    expect(long.isFull).toBe(true);
  });
});

/** The same deps, in which the request of that number fails, before or after it takes effect. */
const failingAt = (deps: ArchiverDeps, request: number, after: boolean): ArchiverDeps => {
  const { segments, objects, partitions } = deps;
  return { ...deps, ...failing({ segments, objects, partitions }, { request, after }) };
};

const keys = ['a', 'b', 'c', 'd', 'e', undefined];
const run = { remainingMs: () => 600_000 };

/** Random segments of few keys, some of whose records are tombstones. */
const randomRig = async (seed: number): Promise<{ rig: Rig; all: readonly LogRecord[] }> => {
  const random = seededRandom(seed);
  const rig = await makeRig();
  const count = 1 + Math.floor(random.number() * 5);
  for (let segment = 0; segment < count; segment += 1) {
    const records = Array.from({ length: 1 + Math.floor(random.number() * 6) }, (_, n) => {
      const key = keys[Math.floor(random.number() * keys.length)];
      const value = random.number() < 0.2 ? null : `${segment} ${n}`;
      return { value, ...(key !== undefined && { key }) };
    });
    await segmentOf(rig, ...records);
    if (random.number() < 0.5) rig.pass(random.number() * 30 * hour);
  }
  return { rig, all: await archived(rig) };
};

/** What must be there, and what may: the last of each key, unless it is a tombstone, and what has no key. */
const breachOf = (all: readonly LogRecord[], left: readonly LogRecord[]): string | undefined => {
  const last = new Map(
    all.flatMap((record) => (record.key === undefined ? [] : [[record.key, record] as const])),
  );
  const there = new Set(left.map(({ offset }) => offset));
  for (const record of all) {
    const isLast = record.key === undefined || last.get(record.key) === record;
    const mayGo = record.key !== undefined && (record.valueJson as string) === 'null';
    if (isLast && !mayGo && !there.has(record.offset))
      return `the last record of ${record.key}, at ${record.offset}, is gone`;
  }
  for (const key of new Set(left.map((record) => record.key))) {
    const latest = key === undefined ? undefined : last.get(key);
    if (latest === undefined || (latest.valueJson as string) !== 'null' || there.has(latest.offset)) continue;
    return `${key} was deleted at ${latest.offset}, and is there again`;
  }
  return undefined;
};

const seeds = 150;

it(`may fail at any request, and be done twice at once: no key loses its last value or gets a deleted one back, in ${seeds} logs`, async () => {
  for (let seed = 1; seed <= seeds; seed += 1) {
    for (const after of [false, true]) {
      for (let failure = 1; ; failure += 1) {
        const { rig, all } = await randomRig(seed);
        const compact = async (deps: ArchiverDeps) =>
          compactPartition(deps, { name: 'orders' }, at, await rig.state(), run);
        const outcomes = await Promise.allSettled([
          compact(failingAt(rig.deps, failure, after)),
          ...(seed % 3 === 0 ? [compact(rig.deps)] : []),
        ]);
        const half = breachOf(all, await archived(rig));
        expect(half && `seed ${seed}, failure ${failure}: ${half}`).toBeUndefined();
        await compact(rig.deps);
        const left = await archived(rig);
        const breach = breachOf(all, left);
        expect(breach && `seed ${seed}, failure ${failure}: ${breach}`).toBeUndefined();
        const keyed = left.flatMap(({ key }) => (key === undefined ? [] : [key]));
        expect(new Set(keyed).size, `seed ${seed}, failure ${failure}`).toBe(keyed.length);
        if (outcomes[0]?.status === 'fulfilled') break;
      }
    }
  }
});
