import { afterRefusal } from '../../domain/delivery/refusals.ts';
import { longestRetryMs } from '../../domain/groups/cursors.ts';
import type { DeadLetter } from '../../domain/groups/dead-letters.ts';
import { mergedDelivery, type PushGroup } from '../../domain/groups/groups.ts';
import { limits } from '../../domain/limits.ts';
import type { Failed } from '../requests/outcome.ts';

/** What a dead letter says of why it is one. */
export type GivenUp = Pick<DeadLetter, 'deliveries' | 'detail' | 'since'>;

/** What is known of a message from before it was refused now. */
export interface RefusedBefore {
  /** Of this very message. */
  readonly refusals: number;
  /** Wall clock ms. The first refusal of a message that began with its first record; undefined: this is it. */
  readonly since: number | undefined;
  /** Dead letters before it, with nothing acknowledged between. */
  readonly deadRow: number;
}

/** What follows a refusal, however it is kept. `refusals` with this one; `since` as `refusedSinceOf` has it. */
export type Refusal =
  | { readonly kind: 'again'; readonly refusals: number; readonly since: number; readonly dueInMs?: number }
  | { readonly kind: 'halve'; readonly since: number }
  | {
      readonly kind: 'give-up';
      readonly refusals: number;
      readonly since: number;
      readonly letter: GivenUp;
      /** What is said of it where the letter cannot be written, for what reason that may be. */
      readonly unwritten: (why: string) => Failed;
    };

/** Characters of a reason that a dead letter tells. */
const longestDetail = 500;

/**
 * Since when a message is refused, wall clock ms: whole, as it is a part of the dead letter. A time that is to come a clock wrote that was
 * wrong; what it was by right is not known, and it begins anew.
 */
export const refusedSinceOf = (since: number | undefined, now: number): number =>
  since !== undefined && since <= now + limits.clockAllowanceMs ? since : Math.ceil(now);

/** What follows a refusal of a message of so many records: `afterRefusal`, with what is told of it. */
export const judgeRefusal = (
  before: RefusedBefore,
  records: number,
  group: PushGroup,
  outcome: Failed,
  now: number,
): Refusal => {
  const since = refusedSinceOf(before.since, now);
  const refusals = before.refusals + 1;
  const settings = mergedDelivery(group.delivery, {});
  const next = afterRefusal({ refusals, since, deadRow: before.deadRow }, records, settings, now);
  if (next.kind === 'halve') return { kind: 'halve', since };
  if (next.kind === 'again') {
    // It is tried again meanwhile: a retry that is further off would be taken for a fault of a clock.
    const longestMs = longestRetryMs(settings.backoff);
    const due = next.dueInMs === undefined ? {} : { dueInMs: Math.min(next.dueInMs, longestMs) };
    return { kind: 'again', refusals, since, ...due };
  }
  const unwritten = (why: string): Failed => ({
    ...outcome,
    reason: `${outcome.reason} It was refused ${refusals} times, and cannot be written to the dead letters: ${why}`,
  });
  const letter = { deliveries: refusals, since, detail: outcome.reason.slice(0, longestDetail) };
  return { kind: 'give-up', refusals, since, letter, unwritten };
};
