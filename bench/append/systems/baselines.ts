import { Problem, ThrottledError } from '../../../lib/domain/errors.ts';
import type { Batch } from '../../../lib/domain/records/batches.ts';
import { batchEnd } from '../../../lib/domain/records/batches.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';
import { tailRules } from '../../../lib/log/tail.ts';
import { instantOf } from '../../../lib/surroundings/clock.ts';
import type { SimulatedProcess } from '../../../test/simulation/scheduler.ts';
import type { TableClient } from '../simulated/table.ts';
import { hotPartition, type System, type World } from '../simulated/world.ts';
import { Combiner } from './combiner.ts';

/** Both baselines give up after this time. Neither refuses anything before it has tried. */
const patienceMs = 3000;

const gaveUp = (): Problem => new Problem('partition_overloaded', 'Gave up.');

interface Context {
  readonly world: World;
  readonly process: SimulatedProcess;
  readonly table: TableClient;
}

type Write = (records: readonly NewRecord[]) => Promise<number>;

/** A write that is not sent yet: the records encoded once, however often they are put. */
const newBatch = ({ world }: Context, records: readonly NewRecord[]): Omit<Batch, 'base'> => ({
  count: records.length,
  data: encodeRecords(records),
  writeId: world.processes.bytes(8),
  appendedAt: world.scheduler.now(),
  bytesBefore: 0,
});

const put = ({ process, table }: Context, batch: Batch) =>
  table.putIfAbsent(hotPartition, batch, tailRules.window({ asOf: instantOf(process.clock) }, 1));

/** A conditional put at the tail; whoever loses looks for the new tail and tries again, at once, as when throttled. */
const startRetrying = (context: Context): Write => {
  const { process, table } = context;
  let tail: number | undefined;
  const step = async (batch: Omit<Batch, 'base'>): Promise<number | undefined> => {
    tail ??= batchEnd((await table.last(hotPartition)) ?? { base: 0, count: 0 });
    const base = tail;
    const { kind } = await put(context, { ...batch, base });
    tail = kind === 'stored' ? base + batch.count : undefined;
    return kind === 'stored' ? base : undefined;
  };
  return async (records) => {
    const deadline = process.clock.now() + patienceMs;
    const batch = newBatch(context, records);
    while (process.clock.now() < deadline) {
      try {
        const base = await step(batch);
        if (base !== undefined) return base;
      } catch (error) {
        if (!(error instanceof ThrottledError)) throw error;
      }
    }
    throw gaveUp();
  };
};

/** Full jitter, as the AWS SDK backs off when it is throttled: up to 50 ms, doubled each time, to 20 s. */
const throttleBackoffMs = (world: World, attempt: number): number =>
  world.processes.number() * Math.min(20_000, 50 * 2 ** attempt);

const persist = async <T>(
  { world, process }: Context,
  deadline: number,
  request: () => Promise<T>,
): Promise<T> => {
  for (let attempt = 0; process.clock.now() < deadline; attempt += 1) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof ThrottledError)) throw error;
      await process.clock.sleep(throttleBackoffMs(world, attempt));
    }
  }
  throw gaveUp();
};

/** A counter item gives the offsets, then the batch is put there: nobody ever loses, but who gives up leaves a hole. */
const startCounting =
  (context: Context): Write =>
  async (records) => {
    const deadline = context.process.clock.now() + patienceMs;
    const base = await persist(context, deadline, () => context.table.reserve(hotPartition, records.length));
    const batch = { ...newBatch(context, records), base };
    await persist(context, deadline, () => put(context, batch));
    return base;
  };

const combining = (name: string, start: (context: Context) => Write): System => ({
  name,
  startProcess: (world) => {
    const process = world.scheduler.process();
    return new Combiner(start({ world, process, table: world.table.connect(process) }));
  },
});

export const retryAtOnce: System = combining('retry at once', startRetrying);
export const counterAndPut: System = combining('counter + put', startCounting);
