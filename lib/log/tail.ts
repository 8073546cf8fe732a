import type { Instant } from '../domain/instants.ts';
import { limits } from '../domain/limits.ts';
import {
  type Batch,
  batchEnd,
  bytesThrough,
  closesPartition,
  latestTimestamp,
} from '../domain/records/batches.ts';
import type { SigningWindow } from '../stores/batches.ts';

/*
 * Why a stale writer cannot put where a trimmed batch used to be (DESIGN §5).
 *
 * DynamoDB refuses a request whose signature is dated more than S = 15 min (`limits.signatureMaxAgeMs`) before its own
 * clock or after it: "Signature expired: … is now earlier than … (… - 15 min.)", "Signature not yet current: … is still
 * later than … (… + 15 min.)", the latter of DynamoDB in github.com/aws/aws-sdk-js-v3/issues/3119. (IAM's guide says five
 * minutes "in most cases", and both figures are met; less only helps.) Signatures are dated by the signer's wall clock and
 * never corrected (`createLogClient`). So whatever a clock did before and after: when a request is carried out, the reading
 * that signed it is within S of the store's clock. With A = 60 s (`limits.tailMaxAgeMs`), and all times the store's where
 * nothing else is said:
 *
 * 1. A tail was asked for by a query signed no earlier than its `asOf`. So it was true at some T0 >= asOf - S.
 * 2. A put on it is signed at asOf + A at the latest, and carried out at T0 + 2 S + A at the latest.
 * 3. The batch that had taken the slot by then, at T1 > T0, was built and signed within [asOf, asOf + A] of its own tail.
 *    So its date t >= T1 - S - A.
 * 4. A trimmer reads its clock before the query that shows it that batch (trim.ts), so that reading is at most S ahead. It
 *    finds the batch to be of age F at t + F - S at the earliest, that is T1 + F - 2 S - A.
 *
 * The put comes before that, and meets the batch, if F >= 4 S + 2 A = 62 min: `limits.trimMinAgeMs` is 65. Each of the
 * clocks may then be 15 min off in the worst direction; an hour would do for clocks that are within 14.5 min.
 *
 * The window in which a put may be signed is held against two clocks, whichever shows more age, since a wall clock may
 * stand still, and a monotonic one may stand still while the process does. Where no signature is looked at, as in a store
 * in the same process, the two alone bound the age. A wall clock that shows less than `asOf` has stepped back: a tail from
 * the future is no tail, and a batch built on it would be dated arbitrarily early.
 */

/** The end of a partition as a writer last saw it. */
export interface Tail {
  /** The next batch's base: the slot. */
  readonly end: number;
  /** `appendedAt` of the last batch; 0 for an empty partition. */
  readonly appendedAt: number;
  /** Of all records; undefined for an empty partition. */
  readonly latestTimestamp: number | undefined;
  /** What the last batch carries of the partition's producers. */
  readonly producers?: Uint8Array;
  /** Bytes of `data` in all batches. */
  readonly bytes: number;
  /** The partition is closed: nothing can be appended any more, ever. */
  readonly closed: boolean;
  /** When this was true at the earliest: when the request that showed it was *sent*. */
  readonly asOf: Instant;
  /** When it was last probably true: for guessing whether it has moved on, never for safety. */
  readonly seenAt: Instant;
  /** It was shown by a batch that won, and may have been past at once. */
  readonly mayBePast?: boolean;
}

/** The tail when `last` is the last batch (undefined: the partition is empty). */
export const tailAfter = (last: Batch | undefined, asOf: Instant, seenAt: Instant): Tail =>
  last === undefined
    ? { end: 0, appendedAt: 0, latestTimestamp: undefined, bytes: 0, closed: false, asOf, seenAt }
    : {
        end: batchEnd(last),
        appendedAt: last.appendedAt,
        latestTimestamp: latestTimestamp(last),
        bytes: bytesThrough(last),
        ...(last.producers !== undefined && { producers: last.producers }),
        closed: closesPartition(last),
        asOf,
        seenAt,
      };

/**
 * The date of a batch that is built on `tail` at `now` (wall clock ms): never before the batch in front of it, unless that
 * one's date is so far ahead that no clock can have written it that the store accepts, or this one is further back than
 * the store accepts. Such a date is not handed on.
 */
export const appendTime = ({ appendedAt }: Tail, now: number): number =>
  appendedAt > now + limits.appendTimeMaxAheadMs ? now : Math.max(now, appendedAt);

/**
 * The rules that keep a stale writer from putting where a trimmed batch used to be, as derived above. They are plain
 * functions that an Appender is given, so that a simulation can show what happens without one of them.
 */
export interface TailRules {
  /** `asOf` of a tail that was asked for at `sentAt` and answered at `answeredAt`. */
  asOf(sentAt: Instant, answeredAt: Instant): Instant;
  /** When a put on `tail` may be signed; asked anew before attempt 1, 2, … of each batch. */
  window(tail: Pick<Tail, 'asOf'>, attempt: number): SigningWindow;
}

export const tailRules: TailRules = {
  // The wall clock may have stepped back before the query was signed.
  asOf: (sentAt, answeredAt) => ({ ...sentAt, wall: Math.min(sentAt.wall, answeredAt.wall) }),
  window: ({ asOf }) => ({
    notBefore: asOf.wall,
    notAfter: asOf.wall + limits.tailMaxAgeMs,
    notAfterMonotonic: asOf.monotonic + limits.tailMaxAgeMs,
  }),
};
