import type { Wake } from '../domain/delivery/wakes.ts';
import { type Cursor, leaseMsLeft, retryMsLeft } from '../domain/groups/cursors.ts';
import { limits } from '../domain/limits.ts';
import type { QueuedWake } from '../stores/wake-queue.ts';
import type { Run } from './deps.ts';
import { isOwnedBy } from './owner.ts';

/** What a wake is worth when it arrives. */
export type Verdict =
  | { readonly kind: 'drop' }
  /** Another run answers one of the same messages, which must stay on the queue for as long as that may fail. */
  | { readonly kind: 'keep'; readonly leaseMs: number }
  | { readonly kind: 'later'; readonly queued: QueuedWake }
  | { readonly kind: 'go' };

/** A holder lets go within moments of queueing a wake, unless it died. */
const letGoMs = 5000;

/**
 * Decides on a wake by the cursor, read strongly after the wake arrived. Why no wake is lost:
 *
 * - A live lease answers for whatever was appended before: its holder reads the tail after it let go, or it failed and
 *   queued a wake of its own first, or it dies, and then the wake that it ran for comes back when the lease is over.
 *   The queue may give one message to two runs: the one that finds the other's lease must not have it deleted, nor any
 *   that it answers together with it.
 * - A retry that is due later has its own wake, which was queued before the lease was let go.
 * - A wake of the epoch that stands answers for the partition itself, so it waits for as long as the lease may live, and
 *   for the retry: the release that set it may have landed after the retry's own wake came and was handed over.
 * - A wake of an epoch that is over must not simply be dropped: the run that ended the epoch may have been this very
 *   wake's, crashed after it acquired. It is worth as much as an append's.
 *
 * - That a message which was refused may be sent again is remembered by one wake, however many runs deliver others in the partition
 *   meanwhile. They count on it until its time has come: so it is never dropped for them.
 *
 * @param messageIds of the messages on the queue that the wake came in.
 * @param now wall clock ms.
 * @param longestRetryMs of the wake's group.
 */
export const judgeWake = (
  wake: Wake,
  messageIds: Run['messageIds'],
  cursor: Cursor | undefined,
  now: number,
  longestRetryMs: number,
): Verdict => {
  const leaseMs = cursor === undefined ? 0 : leaseMsLeft(cursor, now);
  const retryMs = cursor === undefined ? 0 : retryMsLeft(cursor, now, longestRetryMs);
  const ownEpoch = wake.epoch !== undefined && wake.epoch === cursor?.epoch;
  if (leaseMs > 0) {
    if (isOwnedBy(cursor, messageIds)) return { kind: 'keep', leaseMs };
    if (wake.kind === 'resume' && (ownEpoch || wake.epoch === undefined))
      return later({ ...wake, ...(cursor !== undefined && { epoch: cursor.epoch }) }, leaseMs);
    const waits = wake.kind === 'due' || (ownEpoch && wake.kind !== 'append');
    return waits ? later(wake, Math.min(leaseMs, letGoMs)) : { kind: 'drop' };
  }
  if (retryMs > 0 && wake.kind !== 'resume')
    return wake.kind === 'due' || (wake.kind !== 'append' && ownEpoch)
      ? later(wake, retryMs)
      : { kind: 'drop' };
  return { kind: 'go' };
};

const later = (wake: Wake, delayMs: number): Verdict => ({
  kind: 'later',
  queued: { wake, delayMs: Math.min(delayMs, limits.wakeDelayMs) },
});
