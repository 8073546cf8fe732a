import { Problem } from '../../domain/errors.ts';
import type { Sequenced } from '../../domain/idempotency/producers.ts';
import { exceededLimit, limits } from '../../domain/limits.ts';
import { encodeSerialized, recordBytes } from '../../domain/records/encoding.ts';
import type { Origin } from '../../domain/records/origin.ts';
import type { NewRecord } from '../../domain/records/records.ts';
import { serializeRecord } from '../../domain/records/stored-records.ts';
import type { Claim } from '../idempotency/claims.ts';
import type { Appended } from './appended.ts';

/** The records of an append as they will be stored. */
export interface Payload {
  /** Each record as `serializeRecord` writes it. */
  readonly records: readonly string[];
  /** UTF-8 bytes of all of them in a batch, before compression. */
  readonly bytes: number;
  /** The batch that they are, where they fit into one only compressed: it is costly to make, and made once. */
  readonly data?: Uint8Array;
  readonly timestamps: Timestamps;
}

/** What is known of the times of some records before they are appended. */
export interface Timestamps {
  /** The largest that was given, ms; undefined when none was. */
  readonly latest: number | undefined;
  /** Some record came without one, and has that of its append. */
  readonly someAbsent: boolean;
}

const timestampsOf = (records: readonly NewRecord[]): Timestamps => {
  let latest: number | undefined;
  let someAbsent = false;
  for (const { timestamp } of records) {
    if (timestamp === undefined) someAbsent = true;
    else latest = Math.max(latest ?? timestamp, timestamp);
  }
  return { latest, someAbsent };
};

/** An append, or the closing of the partition, that waits for its batch. */
export interface Waiting extends Payload {
  /** The append happens at this offset or not at all. */
  readonly expectedOffset?: number;
  readonly closes?: boolean;
  readonly origin?: Origin;
  /** By its idempotency key. */
  readonly claim?: Claim;
  /** By its producer's number. */
  readonly sequenced?: Sequenced;
  /** Monotonic ms. */
  readonly arrivedAt: number;
  /** Monotonic ms from which its wait is counted: when it came, and later by the time for which it was under way. */
  waitsSince: number;
  /** The caller gave up and has its answer. */
  abandoned: boolean;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * @throws Problem `invalid_request` for no records, `too_large` for more than one batch can hold; it names the limit.
 */
export const payloadOf = (newRecords: readonly NewRecord[]): Payload => {
  if (newRecords.length === 0) throw new Problem('invalid_request', 'An append needs at least one record.');
  if (newRecords.length > limits.batchRecords)
    throw new Problem(
      'too_large',
      `At most ${limits.batchRecords} records can be appended to one partition at once (batchRecords); these are ${newRecords.length}. Nothing was written.`,
      { members: exceededLimit('batchRecords') },
    );
  const records = newRecords.map(serializeRecord);
  const bytes = newRecords.reduce((sum, record) => sum + recordBytes(record) + 1, 2);
  const fits = bytes <= limits.batchBytes;
  const data = fits || bytes > limits.batchDecodedBytes ? undefined : encodeSerialized(records);
  if (!fits && (data === undefined || data.length > limits.batchBytes))
    throw new Problem(
      'too_large',
      `The records for one partition take more than ${limits.batchBytes} bytes even when compressed (batchBytes). Nothing was written; send fewer records at once.`,
      { members: exceededLimit('batchBytes') },
    );
  return { records, bytes, timestamps: timestampsOf(newRecords), ...(data !== undefined && { data }) };
};

const goesAlone = (waiting: Waiting): boolean =>
  waiting.expectedOffset !== undefined || waiting.closes === true || waiting.bytes > limits.batchBytes;

/** The idempotency keys and the producers of one batch. */
class Marks {
  readonly #keys = new Set<string>();
  readonly #producers = new Set<string>();

  /** False where the batch cannot have this append as well. */
  add({ claim, sequenced }: Waiting): boolean {
    if (claim !== undefined) {
      // Two attempts by one key would both find that nobody else has put there.
      if (this.#keys.has(claim.key) || this.#keys.size === limits.batchKeys) return false;
      this.#keys.add(claim.key);
    }
    if (sequenced !== undefined) this.#producers.add(sequenced.id);
    return this.#producers.size <= limits.batchProducers;
  }
}

/** Appends in order of arrival. */
export class WaitingQueue {
  #waiting: Waiting[] = [];
  #bytes = 0;
  #records = 0;

  get size(): number {
    return this.#waiting.length;
  }

  get first(): Waiting | undefined {
    return this.#waiting[0];
  }

  /** How many full batches wait at least. */
  get batches(): number {
    return Math.max(this.#bytes / limits.batchBytes, this.#records / limits.batchRecords);
  }

  add(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#count(waiting, 1);
  }

  /** Those of the next batch, taken from the queue: the first, and with it all that fit and need not go alone. */
  takeBatch(): Waiting[] {
    const [first] = this.#waiting;
    if (first === undefined) return [];
    let taken = 1;
    let { bytes } = first;
    let records = first.records.length;
    const marks = new Marks();
    marks.add(first);
    while (!goesAlone(first)) {
      const next = this.#waiting[taken];
      if (next === undefined || goesAlone(next)) break;
      bytes += next.bytes;
      records += next.records.length;
      if (bytes > limits.batchBytes || records > limits.batchRecords) break;
      if (!marks.add(next)) break;
      taken += 1;
    }
    const batch = this.#waiting.splice(0, taken);
    for (const waiting of batch) this.#count(waiting, -1);
    return batch;
  }

  /** Back to the front, in their order, without those who gave up. */
  giveBack(batch: readonly Waiting[]): void {
    const kept = batch.filter((waiting) => !waiting.abandoned);
    this.#waiting.unshift(...kept);
    for (const waiting of kept) this.#count(waiting, 1);
  }

  /** Takes out those for whom `leaves` is true. */
  remove(leaves: (waiting: Waiting) => boolean): Waiting[] {
    const left: Waiting[] = [];
    const kept: Waiting[] = [];
    for (const waiting of this.#waiting) (leaves(waiting) ? left : kept).push(waiting);
    this.#waiting = kept;
    for (const waiting of left) this.#count(waiting, -1);
    return left;
  }

  #count(waiting: Waiting, sign: 1 | -1): void {
    this.#bytes += sign * waiting.bytes;
    this.#records += sign * waiting.records.length;
  }
}
