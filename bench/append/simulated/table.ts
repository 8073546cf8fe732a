import { NotSentError, OutcomeUnknownError, ThrottledError } from '../../../lib/domain/errors.ts';
import { type Batch, batchEnd } from '../../../lib/domain/records/batches.ts';
import { type PartitionRef, partitionKey } from '../../../lib/domain/records/records.ts';
import { type BatchStore, isWithin, type PutOutcome } from '../../../lib/stores/batches.ts';
import { instantOf } from '../../../lib/surroundings/clock.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import type { Scheduler, SimulatedProcess } from '../../../test/simulation/scheduler.ts';
import { Capacity } from '../capacity.ts';
import { itemBytes, readUnits, writeUnits } from '../item-size.ts';
import { logNormal } from './log-normal.ts';
import { SimulatedPartition } from './partition.ts';

export interface TableOptions {
  /** Per partition key; DynamoDB's ceilings. */
  readonly writeUnitsPerSecond: number;
  readonly readUnitsPerSecond: number;
  /** Seconds of unused capacity that are kept. DynamoDB may keep 300; to count on them would flatter the figures. */
  readonly burstSeconds: number;
  /** One request, there and back: the mean of a log-normal, ms, and its sigma. */
  readonly requestMs: number;
  readonly sigma: number;
  /** Whether a failed condition answers with the item that stands there (`ALL_OLD`). */
  readonly winners: boolean;
  /** A failed condition costs by the item that stands there, or by the larger of that and the new one. */
  readonly conflictCharge: 'existing' | 'larger';
}

export const tableDefaults: TableOptions = {
  writeUnitsPerSecond: 1000,
  readUnitsPerSecond: 3000,
  burstSeconds: 0.1,
  requestMs: 5.5,
  sigma: 0.35,
  winners: true,
  conflictCharge: 'existing',
};

/** Requests by what came of them, and the units they cost. */
export interface TableCounts {
  stored: number;
  conflicts: number;
  throttled: number;
  queries: number;
  counted: number;
  writeUnits: number;
  readUnits: number;
}

/** The table as one process reaches it: the port, and an atomic counter for the baseline that needs one. */
export interface TableClient extends BatchStore {
  /** `UpdateItem … ADD` on an item of its own key: adds `count` and answers with the value before. */
  reserve(at: PartitionRef, count: number): Promise<number>;
}

interface Key {
  readonly items: SimulatedPartition;
  readonly writes: Capacity;
  readonly reads: Capacity;
  counter: number;
}

/**
 * DynamoDB as far as appends meet it: conditional puts and queries that take time, cost units by the size of the
 * item, and are throttled beyond what a partition key carries. A throttled request costs nothing.
 */
export class SimulatedTable {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #options: TableOptions;
  readonly #keys = new Map<string, Key>();
  readonly counts: TableCounts = {
    stored: 0,
    conflicts: 0,
    throttled: 0,
    queries: 0,
    counted: 0,
    writeUnits: 0,
    readUnits: 0,
  };

  constructor(scheduler: Scheduler, random: Random, options: Partial<TableOptions> = {}) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#options = { ...tableDefaults, ...options };
  }

  get requests(): number {
    const { stored, conflicts, throttled, queries, counted } = this.counts;
    return stored + conflicts + throttled + queries + counted;
  }

  batches(at: PartitionRef): readonly Batch[] {
    return this.#key(partitionKey(at)).items.batches();
  }

  connect(process: SimulatedProcess): TableClient {
    const exchange = <T>(serve: () => T, signal?: AbortSignal, onAbort?: () => Error): Promise<T> => {
      const half = logNormal(this.#random, this.#options.requestMs, this.#options.sigma) / 2;
      return process.request({
        requestMs: half,
        responseMs: half,
        serve,
        signal,
        ...(onAbort && { onAbort }),
      });
    };
    return {
      putIfAbsent: async (at, batch, { signal, ...window }) => {
        if (!isWithin(window, instantOf(process.clock)))
          throw new NotSentError('The time to send it was over.');
        return exchange(
          () => this.#put(at, batch),
          signal,
          () => new OutcomeUnknownError('Aborted.'),
        );
      },
      last: (at, signal) => exchange(() => this.#query(at, (items) => items.last(), true), signal),
      end: async (at, _query, signal) => {
        const last = await exchange(() => this.#query(at, (items) => items.last(), true), signal);
        return last === undefined ? 0 : batchEnd(last);
      },
      floor: (at, offset, consistent) =>
        exchange(() => this.#query(at, (items) => items.floor(offset), consistent)),
      range: (at, { from, limit, consistent }) => exchange(() => this.#range(at, from, limit, consistent)),
      present: (places) =>
        exchange(() =>
          places.map(({ at, base }) => this.#query(at, (items) => items.floor(base), false)?.base === base),
        ),
      delete: (at, bases) =>
        exchange(() => {
          for (const base of bases) this.#delete(at, base);
        }),
      reserve: (at, count) => exchange(() => this.#reserve(at, count)),
    };
  }

  #key(name: string): Key {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const { writeUnitsPerSecond, readUnitsPerSecond, burstSeconds } = this.#options;
    const capacity = (perSecond: number): Capacity =>
      new Capacity({ perSecond, depth: perSecond * burstSeconds, now: this.#scheduler.now() });
    const key: Key = {
      items: new SimulatedPartition(),
      writes: capacity(writeUnitsPerSecond),
      reads: capacity(readUnitsPerSecond),
      counter: 0,
    };
    this.#keys.set(name, key);
    return key;
  }

  #charge(capacity: Capacity, units: number, kind: 'writeUnits' | 'readUnits'): void {
    if (!capacity.take(units, this.#scheduler.now())) {
      this.counts.throttled += 1;
      throw new ThrottledError('Throughput exceeds what one partition key carries.');
    }
    this.counts[kind] += units;
  }

  #put(at: PartitionRef, batch: Batch): PutOutcome {
    const { items, writes } = this.#key(partitionKey(at));
    const existing = items.get(batch.base);
    const bytes = itemBytes(at, batch);
    const { conflictCharge, winners } = this.#options;
    const charged = conflictCharge === 'existing' ? 0 : bytes;
    const size = existing === undefined ? bytes : Math.max(existing.bytes, charged);
    this.#charge(writes, writeUnits(size), 'writeUnits');
    if (existing !== undefined) {
      this.counts.conflicts += 1;
      return winners ? { kind: 'taken', winner: existing.batch } : { kind: 'taken' };
    }
    this.counts.stored += 1;
    items.add({ batch, bytes });
    return { kind: 'stored' };
  }

  #query(
    at: PartitionRef,
    find: (items: SimulatedPartition) => { batch: Batch; bytes: number } | undefined,
    consistent: boolean,
  ): Batch | undefined {
    const { items, reads } = this.#key(partitionKey(at));
    const found = find(items);
    this.#charge(reads, readUnits(found?.bytes ?? 0, consistent), 'readUnits');
    this.counts.queries += 1;
    return found?.batch;
  }

  #range(at: PartitionRef, from: number, limit: number, consistent: boolean) {
    const { items, reads } = this.#key(partitionKey(at));
    const page = items.range(from, limit);
    const bytes = page.items.reduce((sum, item) => sum + item.bytes, 0);
    this.#charge(reads, readUnits(bytes, consistent), 'readUnits');
    this.counts.queries += 1;
    return { batches: page.items.map(({ batch }) => batch), more: page.more };
  }

  #delete(at: PartitionRef, base: number): void {
    const { items, writes } = this.#key(partitionKey(at));
    this.#charge(writes, writeUnits(items.get(base)?.bytes ?? 0), 'writeUnits');
    items.delete(base);
  }

  #reserve(at: PartitionRef, count: number): number {
    const key = this.#key(`${partitionKey(at)}#counter`);
    this.#charge(key.writes, 1, 'writeUnits');
    this.counts.counted += 1;
    key.counter += count;
    return key.counter - count;
  }
}
