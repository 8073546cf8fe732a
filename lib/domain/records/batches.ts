import type { Origin } from './origin.ts';

/**
 * What one item of the log table holds (DESIGN §4). A batch is never changed once written.
 *
 * A batch of `count` 0 *closes* its partition: it is written at the tail when the topic is deleted, so that a writer
 * that still holds the deleted topic's id meets it there and can never append behind it.
 */
export interface Batch {
  /** Offset of the first record. */
  readonly base: number;
  /** Records; the next batch's base is `base + count`. */
  readonly count: number;
  /** The records, encoded by `encodeRecords`: a format byte, then JSON, perhaps compressed. */
  readonly data: Uint8Array;
  /** 8 bytes: 4 random ones of the writer, 4 of the write. By them a repeated write recognises itself. */
  readonly writeId: Uint8Array;
  /**
   * Wall clock ms of the append, by the writer's clock. Where the store looks at signatures it is within 16 min of the
   * store's own clock at the append (`signatureMaxAgeMs` and `tailMaxAgeMs`); elsewhere nothing holds it but the writer's
   * clock. Never less than the batch's before it, except behind a date that is more than 32 min ahead of the writer's
   * clock (`appendTimeMaxAheadMs`): one that no clock which the store accepts has written is not handed on.
   */
  readonly appendedAt: number;
  /** Bytes of `data` in all earlier batches of the partition. */
  readonly bytesBefore: number;
  /**
   * The largest record timestamp, ms, of this batch and all before it in the partition, where a record without one counts
   * with its append's. It never falls, so that a time is found by bisection (while writers of a version that did not know
   * it are still at work it may). Absent in batches of such versions, and where there is no record yet: read it by
   * `latestTimestamp`.
   */
  readonly maxTimestamp?: number;
  /** Those that its appends came with, where there are any: each as `keyMark` has it. */
  readonly idempotencyKeys?: readonly string[];
  /** What is known of the producers of the partition, as `packProducers` has it. Every batch hands it on. */
  readonly producers?: Uint8Array;
  /** The call that its first append came with. */
  readonly origin?: Origin;
}

/** The offset after the batch's last record. */
export const batchEnd = (batch: Pick<Batch, 'base' | 'count'>): number => batch.base + batch.count;

/** Bytes of `data` in the batch and all before it. */
export const bytesThrough = ({ bytesBefore, data }: Pick<Batch, 'bytesBefore' | 'data'>): number =>
  bytesBefore + data.length;

/** `maxTimestamp`, or in its absence the append's time. */
export const latestTimestamp = ({
  maxTimestamp,
  appendedAt,
}: Pick<Batch, 'maxTimestamp' | 'appendedAt'>): number => maxTimestamp ?? appendedAt;

export const closesPartition = (batch: Pick<Batch, 'count'>): boolean => batch.count === 0;

export const sameWrite = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);
