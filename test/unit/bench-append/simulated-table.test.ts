import { describe, expect, it } from 'vitest';
import { itemBytes } from '../../../bench/append/item-size.ts';
import { runRow } from '../../../bench/append/report/rows.ts';
import { SimulatedTable, type TableOptions } from '../../../bench/append/simulated/table.ts';
import { counterAndPut, retryAtOnce } from '../../../bench/append/systems/baselines.ts';
import { ThrottledError } from '../../../lib/domain/errors.ts';
import type { Batch } from '../../../lib/domain/records/batches.ts';
import { anyTime } from '../../contract/windows.ts';
import { Scheduler, seededRandom } from '../../simulation/scheduler.ts';

const at = { topicId: 'topic', partition: 3 };

const batchOf = (base: number, dataBytes: number): Batch => ({
  base,
  count: 1,
  data: new Uint8Array(dataBytes),
  writeId: new Uint8Array(8),
  appendedAt: 1_767_225_600_123,
  bytesBefore: 0,
});

const world = (options: Partial<TableOptions> = {}) => {
  const scheduler = new Scheduler();
  const table = new SimulatedTable(scheduler, seededRandom(1), options);
  return { scheduler, table, client: table.connect(scheduler.process()) };
};

/** Runs the world until `promise` has its answer. */
const answer = async <T>(scheduler: Scheduler, promise: Promise<T>): Promise<T> => {
  const settled = promise.then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
  await scheduler.run();
  return (await settled)();
};

describe('the simulated table', () => {
  it('counts an item as DynamoDB does: names, UTF-8, one byte for two digits and one more', () => {
    // pk 2 + "topic/3" 7, sk 2 + 2, n 1 + 2, d 1 + 100, id 2 + 8, t 1 + 8, cum 3 + 1
    expect(itemBytes(at, batchOf(12, 100))).toBe(9 + 4 + 3 + 101 + 10 + 9 + 4);
  });

  it('charges a put by the KiB begun of its item', async () => {
    const { scheduler, table, client } = world();
    const overhead = itemBytes(at, batchOf(0, 0));
    await answer(scheduler, client.putIfAbsent(at, batchOf(0, 1024 - overhead), anyTime));
    expect(table.counts.writeUnits).toBe(1);
    await answer(scheduler, client.putIfAbsent(at, batchOf(1, 2048), anyTime));
    expect(table.counts.writeUnits).toBe(1 + 3);
  });

  it('charges a failed condition by the item that stands there, and answers with it', async () => {
    const { scheduler, table, client } = world();
    await answer(scheduler, client.putIfAbsent(at, batchOf(0, 4000), anyTime));
    const before = table.counts.writeUnits;
    const outcome = await answer(scheduler, client.putIfAbsent(at, batchOf(0, 10), anyTime));
    expect(outcome).toEqual({ kind: 'taken', winner: batchOf(0, 4000) });
    expect(table.counts.writeUnits - before).toBe(4);
    await answer(scheduler, client.putIfAbsent(at, batchOf(0, 9000), anyTime));
    expect(table.counts.writeUnits - before).toBe(8);
  });

  it('can charge a failed condition by the larger item, and keep the winner to itself', async () => {
    const { scheduler, table, client } = world({ conflictCharge: 'larger', winners: false });
    await answer(scheduler, client.putIfAbsent(at, batchOf(0, 10), anyTime));
    const outcome = await answer(scheduler, client.putIfAbsent(at, batchOf(0, 9000), anyTime));
    expect(outcome).toEqual({ kind: 'taken' });
    expect(table.counts.writeUnits).toBe(1 + 9);
  });

  it('charges a tail query one read unit for each 4 KiB, and an empty one as well', async () => {
    const { scheduler, table, client } = world();
    expect(await answer(scheduler, client.last(at))).toBeUndefined();
    expect(table.counts.readUnits).toBe(1);
    await answer(scheduler, client.putIfAbsent(at, batchOf(0, 5000), anyTime));
    expect(await answer(scheduler, client.last(at))).toEqual(batchOf(0, 5000));
    expect(table.counts.readUnits).toBe(1 + 2);
  });

  it('lets 1,000 units a second through and throttles the rest, which costs nothing', async () => {
    const { scheduler, table, client } = world();
    let throttled = 0;
    // 2,000 puts of one unit a second for 5 seconds.
    for (let index = 0; index < 10_000; index += 1) {
      scheduler.after(index / 2, () => {
        client.putIfAbsent(at, batchOf(index, 100), anyTime).catch((error: unknown) => {
          if (!(error instanceof ThrottledError)) throw error;
          throttled += 1;
        });
      });
    }
    await scheduler.run();
    // What 5 seconds give, and the tenth of a second that an unused key has saved.
    expect(table.counts.stored).toBeGreaterThan(5050);
    expect(table.counts.stored).toBeLessThan(5150);
    expect(table.counts.writeUnits).toBe(table.counts.stored);
    expect(throttled).toBe(10_000 - table.counts.stored);
    expect(table.counts.throttled).toBe(throttled);
  });

  it('holds back after an item larger than what is left until the debt is paid', async () => {
    const { scheduler, client } = world();
    await answer(scheduler, client.putIfAbsent(at, batchOf(0, 300_000), anyTime));
    await expect(answer(scheduler, client.putIfAbsent(at, batchOf(1, 10), anyTime))).rejects.toThrow(
      ThrottledError,
    );
    scheduler.after(300, () => undefined);
    await scheduler.run();
    const outcome = await answer(scheduler, client.putIfAbsent(at, batchOf(1, 10), anyTime));
    expect(outcome.kind).toBe('stored');
  });

  it('takes the mean time it was told for a request', async () => {
    const { scheduler, client } = world({ requestMs: 5.5, sigma: 0.35 });
    const start = scheduler.now();
    for (let index = 0; index < 2000; index += 1) await answer(scheduler, client.last(at));
    expect((scheduler.now() - start) / 2000).toBeCloseTo(5.5, 0);
  });
});

describe('a row of the benchmark', () => {
  const settings = { seed: 7, table: {} };

  it('is the same for the same seed, and another for another', async () => {
    const plan = { system: retryAtOnce, processes: 2, offered: 200, seconds: 3 };
    const first = await runRow(plan, settings);
    expect(await runRow(plan, settings)).toEqual(first);
    expect(await runRow(plan, { ...settings, seed: 8 })).not.toEqual(first);
  });

  it('reads the log back and finds it whole', async () => {
    const row = await runRow({ system: counterAndPut, offered: 100, seconds: 3 }, settings);
    expect(row).toMatchObject({ breaches: [], holes: 0, refused: 0, unknown: 0 });
    expect(row.writeUnits).toBe(2);
    expect(row.requests).toBe(2);
  });
});
