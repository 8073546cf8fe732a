import { ArchiveReader } from '../../../lib/archive/read/reader.ts';
import {
  NotSentError,
  OutcomeUnknownError,
  RefusedError,
  ThrottledError,
} from '../../../lib/domain/errors.ts';
import { type Batch, batchEnd, latestTimestamp } from '../../../lib/domain/records/batches.ts';
import { decodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { PartitionRef } from '../../../lib/domain/records/records.ts';
import { Appender } from '../../../lib/log/append/appender.ts';
import type { AppendOptions } from '../../../lib/log/append/options.ts';
import { Arrivals } from '../../../lib/log/read/arrivals.ts';
import { Reader } from '../../../lib/log/read/reader.ts';
import { RunReader } from '../../../lib/log/read/run.ts';
import {
  type BatchPage,
  type BatchPlace,
  type BatchRange,
  type BatchStore,
  type EndQuery,
  isWithin,
  type PutAttempt,
  type PutOutcome,
} from '../../../lib/stores/batches.ts';
import { BatchTable, type BatchTableOptions } from '../../../lib/stores/memory/batches.ts';
import { memoryStores } from '../../../lib/stores/memory/stores.ts';
import { instantOf } from '../../../lib/surroundings/clock.ts';
import type { TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';
import { jsonSegments } from '../../harness/json-segments.ts';
import { archive } from '../../harness/segments-by-hand.ts';
import { Scheduler, type SimulatedProcess, seededRandom } from '../../simulation/scheduler.ts';

export const at: PartitionRef = { topicId: 'orders1', partition: 2 };

/** What becomes of one put, in order of sending. */
export type PutFate =
  | 'answered'
  | 'throttled'
  | 'never sent'
  /** The store does not let this writer write at all. */
  | 'forbidden'
  /** No answer, and the write does not happen. */
  | 'lost'
  /** No answer, but the write happens. */
  | 'landed unheard';

/** The memory table over a connection of 2.5 ms each way, where single puts fare as scripted. */
export class ScriptedStore implements BatchStore {
  readonly #scheduler: Scheduler;
  readonly table: BatchTable;
  /** Fates of the puts to come; those after the last are answered. */
  fates: PutFate[] = [];
  /** Every request, by name, with the base or offset it was for. */
  requests: string[] = [];
  /** What each request takes on its way there, ms. */
  slowMs = 2.5;
  /** When each put was asked for, ms of the world. */
  putsAt: number[] = [];
  /** The one process that all requests come from, by whose clocks they are signed. */
  readonly process: SimulatedProcess;
  /** While set, eventually consistent and consistent reads fail with it. */
  readFailure: Error | undefined;

  constructor(scheduler: Scheduler, options?: BatchTableOptions) {
    this.#scheduler = scheduler;
    this.table = new BatchTable(options);
    this.process = scheduler.process();
  }

  count(name: string): number {
    return this.requests.filter((request) => request.startsWith(name)).length;
  }

  async putIfAbsent(ref: PartitionRef, batch: Batch, { signal, ...window }: PutAttempt): Promise<PutOutcome> {
    const fate = this.fates.shift() ?? 'answered';
    const signedAt = this.process.clock.now();
    this.requests.push(`put ${batch.base}`);
    this.putsAt.push(this.#scheduler.now());
    if (fate === 'never sent' || !isWithin(window, instantOf(this.process.clock)))
      throw new NotSentError('Not sent.');
    return this.#exchange(
      () => {
        if (fate === 'throttled') throw new ThrottledError('Slow down.');
        if (fate === 'forbidden') throw new RefusedError('The store refuses a put: AccessDeniedException.');
        return this.table.put(ref, batch, signedAt, this.#scheduler.now());
      },
      { signal, loseRequest: fate === 'lost', loseResponse: fate === 'landed unheard' },
    );
  }

  last(ref: PartitionRef, signal?: AbortSignal): Promise<Batch | undefined> {
    this.requests.push('last');
    return this.#read(() => this.table.last(ref), signal);
  }

  end(ref: PartitionRef, query: EndQuery, signal?: AbortSignal): Promise<number> {
    this.requests.push('end');
    return this.#read(() => this.table.end(ref, query, this.#scheduler.now()), signal);
  }

  range(ref: PartitionRef, range: BatchRange, signal?: AbortSignal): Promise<BatchPage> {
    this.requests.push(`${range.consistent ? 'strong' : 'eventual'} range ${range.from}`);
    return this.#read(() => this.table.range(ref, range, this.#scheduler.now()), signal);
  }

  present(places: readonly BatchPlace[], signal?: AbortSignal): Promise<readonly (boolean | undefined)[]> {
    this.requests.push('present');
    return this.#read(() => this.table.present(places, this.#scheduler.now()), signal);
  }

  floor(
    ref: PartitionRef,
    offset: number,
    consistent: boolean,
    signal?: AbortSignal,
  ): Promise<Batch | undefined> {
    this.requests.push(`${consistent ? 'strong' : 'eventual'} floor ${offset}`);
    return this.#read(() => this.table.floor(ref, offset, consistent, this.#scheduler.now()), signal);
  }

  async delete(ref: PartitionRef, bases: readonly number[]): Promise<void> {
    this.requests.push(`delete ${bases.join(',')}`);
    this.table.delete(ref, bases);
  }

  #read<T>(serve: () => T, signal?: AbortSignal): Promise<T> {
    const failure = this.readFailure;
    return this.#exchange(
      () => {
        if (failure !== undefined) throw failure;
        return serve();
      },
      { signal },
    );
  }

  #exchange<T>(
    serve: () => T,
    more: { signal?: AbortSignal | undefined; loseRequest?: boolean; loseResponse?: boolean },
  ): Promise<T> {
    const onAbort = (): Error => new OutcomeUnknownError('Given up.');
    return this.process.request({ requestMs: this.slowMs, responseMs: 2.5, serve, onAbort, ...more });
  }
}

/** One partition's world on a virtual clock. */
export const logWorld = (options: BatchTableOptions = {}) => {
  const scheduler = new Scheduler();
  const store = new ScriptedStore(scheduler, options);
  const { clock } = store.process;
  const { partitions, segments, objects, ...idempotency } = memoryStores({ clock });
  const events: TelemetryEvent[] = [];
  let processes = 0;
  const appender = (appendOptions: Partial<AppendOptions> = {}): Appender => {
    processes += 1;
    const telemetry = { record: (event: TelemetryEvent) => void events.push(event) };
    const random = seededRandom(processes);
    return new Appender({ batches: store, idempotency, clock, random, telemetry, options: appendOptions });
  };
  const newArchive = () =>
    new ArchiveReader({ segments, objects, format: jsonSegments, clock, options: { wholeObjectBytes: 0 } });
  const reader = (arrivals = new Arrivals()): Reader =>
    new Reader({ batches: store, partitions, archive: newArchive(), clock, arrivals });
  const runs = (): RunReader => new RunReader({ batches: store, partitions, archive: newArchive(), clock });
  /** Archives the batches from `from` to below `end`, which is the end of one; of their records those that `stay`. */
  const archiveBatches = async (
    from: number,
    end: number,
    stay: (offset: number) => boolean = () => true,
  ) => {
    const batches = store.table.batches(at).filter(({ base }) => base >= from && base < end);
    const records = batches.flatMap((batch) => decodeRecords(batch, at.partition));
    const last = batches.at(-1);
    await archive({ segments, objects, partitions }, jsonSegments, at, {
      start: from,
      end,
      records: records.filter(({ offset }) => stay(offset)),
      maxTimestamp: last === undefined ? 0 : latestTimestamp(last),
    });
  };
  /** Deletes the batches that end at or below `end`, but for the last. */
  const deleteBatches = (end: number): void => {
    const gone = store.table.batches(at).slice(0, -1);
    store.table.delete(
      at,
      gone.filter((batch) => batchEnd(batch) <= end).map(({ base }) => base),
    );
  };
  /** Lets virtual time go on until `promise` has its outcome. */
  const outcome = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    const end = (): void => {
      settled = true;
    };
    promise.then(end, end);
    await scheduler.run({ when: () => settled });
    if (!settled) throw new Error('It waits for ever.');
    return promise;
  };
  const pass = async (ms: number): Promise<void> => {
    scheduler.after(ms, () => undefined);
    await scheduler.run({ maxMs: ms });
  };
  return {
    scheduler,
    clock,
    store,
    partitions,
    segments,
    objects,
    events,
    appender,
    reader,
    runs,
    archiveBatches,
    deleteBatches,
    outcome,
    pass,
  };
};

/** The offsets and counts of the batches in the log. */
export const shape = (store: ScriptedStore): readonly [number, number][] =>
  store.table.batches(at).map(({ base, count }) => [base, count]);
