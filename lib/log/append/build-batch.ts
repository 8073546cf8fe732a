import { keyMark } from '../../domain/idempotency/keys.ts';
import type { Batch } from '../../domain/records/batches.ts';
import { encodeSerialized } from '../../domain/records/encoding.ts';
import type { Tail } from '../tail.ts';
import type { Waiting } from './waiting.ts';

/** What a batch has beside the records of its appends. */
export interface BatchFacts {
  /** The end of what is before it. */
  readonly tail: Tail;
  /** Wall clock ms. */
  readonly appendedAt: number;
  /** What it carries of the partition's producers. */
  readonly producers: Uint8Array | undefined;
  readonly writeId: Uint8Array;
  /** zstd's level. */
  readonly compression: number;
}

/** The batch of appends, in their order. */
export const buildBatch = (
  appends: readonly Waiting[],
  { tail, appendedAt, producers, writeId, compression }: BatchFacts,
): Batch => {
  const records = appends.flatMap((append) => append.records);
  const idempotencyKeys = keyMarks(appends);
  const origin = appends[0]?.origin;
  const maxTimestamp = latestOf(appends, tail, appendedAt);
  return {
    base: tail.end,
    count: records.length,
    data: appends[0]?.data ?? encodeSerialized(records, { origin, compression }),
    writeId,
    appendedAt,
    bytesBefore: tail.bytes,
    ...(maxTimestamp !== undefined && { maxTimestamp }),
    ...(idempotencyKeys.length > 0 && { idempotencyKeys }),
    ...(producers !== undefined && { producers }),
    ...(origin !== undefined && { origin }),
  };
};

const keyMarks = (appends: readonly Waiting[]): readonly string[] => {
  const marks: string[] = [];
  let first = 0;
  for (const { claim, records } of appends) {
    if (claim !== undefined) marks.push(keyMark(claim.key, first));
    first += records.length;
  }
  return marks;
};

/** The latest time of the appends and all that is before them, ms; undefined when that is no record at all. */
const latestOf = (appends: readonly Waiting[], tail: Tail, appendedAt: number): number | undefined => {
  const times = appends.flatMap(({ timestamps: { latest, someAbsent } }) => [
    latest,
    someAbsent ? appendedAt : undefined,
  ]);
  const known = [tail.latestTimestamp, ...times].filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
};
