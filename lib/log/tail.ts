import { type Batch, batchEnd, closesPartition } from '../domain/batches.ts';
import { limits } from '../domain/limits.ts';

/** The end of a partition as a writer last saw it. */
export interface Tail {
  /** The next batch's base: the slot. */
  readonly end: number;
  /** `appendedAt` of the last batch; 0 for an empty partition. */
  readonly appendedAt: number;
  /** Bytes of `data` in all batches. */
  readonly bytes: number;
  /** The partition is closed: nothing can be appended any more, ever. */
  readonly closed: boolean;
  /** Wall clock ms at which this was true at the earliest: when the request that showed it was *sent*. */
  readonly asOf: number;
  /** Wall clock ms when it was last probably true: for guessing whether it has moved on, never for safety. */
  readonly seenAt: number;
  /** It was shown by a batch that won, and may have been past at once. */
  readonly mayBePast?: boolean;
}

/** The tail when `last` is the last batch (undefined: the partition is empty). */
export const tailAfter = (last: Batch | undefined, asOf: number, seenAt: number): Tail =>
  last === undefined
    ? { end: 0, appendedAt: 0, bytes: 0, closed: false, asOf, seenAt }
    : {
        end: batchEnd(last),
        appendedAt: last.appendedAt,
        bytes: last.bytesBefore + last.data.length,
        closed: closesPartition(last),
        asOf,
        seenAt,
      };

/**
 * The rules that keep a stale writer from putting where a trimmed batch used to be (DESIGN §5). They are plain
 * functions that an Appender is given, so that a simulation can show what happens without one of them.
 */
export interface TailRules {
  /** `asOf` of a tail that was asked for at `sentAt` and answered at `answeredAt`. */
  asOf(sentAt: number, answeredAt: number): number;
  /** The last moment at which a put on `tail` may be signed; asked anew before attempt 1, 2, … of each batch. */
  notAfter(tail: Tail, attempt: number): number;
}

export const tailRules: TailRules = {
  asOf: (sentAt) => sentAt,
  notAfter: (tail) => tail.asOf + limits.tailMaxAgeMs,
};
