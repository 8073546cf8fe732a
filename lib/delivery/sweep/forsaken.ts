import type { Wake } from '../../domain/delivery/wakes.ts';
import { type Cursor, leaseMsLeft, longestRetryMs, retryMsLeft } from '../../domain/groups/cursors.ts';
import type { PushGroup, Subscription } from '../../domain/groups/groups.ts';
import { resendProgress } from '../../groups/endpoints/resend-progress.ts';
import type { PartitionLag } from '../../groups/lag.ts';
import { receives } from '../../groups/receivers.ts';
import { leftOf, redriveWake, wakeFor } from '../../groups/wake-group.ts';
import type { CursorStore } from '../../stores/cursors.ts';
import type { QueuedWake, WakeQueue } from '../../stores/wake-queue.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Redriven } from './pulled-groups.ts';

export interface ForsakenDeps {
  readonly cursors: Pick<CursorStore, 'list'>;
  readonly queue: WakeQueue;
  readonly clock: Pick<Clock, 'now'>;
}

/** Wakes each partition in which something waits for a group and nobody is at it. Gives how many wakes were sent. */
export const wakeForsaken = async (
  { queue, clock }: Omit<ForsakenDeps, 'cursors'>,
  subscription: Subscription,
  lags: readonly PartitionLag[],
  redriven: Redriven,
): Promise<number> => {
  if (!receives(subscription)) return 0;
  const { group } = subscription;
  const isForsaken = forsakenBy(group, clock.now());
  const wakes = [
    ...lags
      .filter(({ cursor }) => isForsaken(cursor))
      .map(({ partition }) => wakeFor(group, partition, 'append')),
    ...leftOf(group, redriven.cursors)
      .filter(({ cursor }) => isForsaken(cursor))
      .map(({ partition, redriveId }) => redriveWake(group, partition, redriveId)),
  ];
  if (wakes.length > 0) await queue.send(wakes);
  return wakes.length;
};

/**
 * As `wakeForsaken`, what is sent again to endpoints of the group that may be called. One query for each that records were ever
 * sent again to.
 */
export const wakeForsakenResends = async (
  { cursors, queue, clock }: ForsakenDeps,
  subscription: Subscription,
): Promise<number> => {
  if (!receives(subscription)) return 0;
  const { group, endpoints } = subscription;
  let sent = 0;
  for (const { status, resend } of endpoints) {
    if (status !== 'enabled' || resend === undefined) continue;
    const lane = await cursors.list(group.groupId, resend.resendId);
    const isForsaken = forsakenBy(group, clock.now());
    const wakes = resendProgress(resend, lane)
      .filter(({ partition, state }) => state === 'running' && isForsaken(lane.get(partition)))
      .map(({ partition }) => resendWake(group, partition, resend.resendId));
    if (wakes.length > 0) await queue.send(wakes);
    sent += wakes.length;
  }
  return sent;
};

const resendWake = (group: PushGroup, partition: number, lane: string): QueuedWake => {
  const wake: Wake = { ...wakeFor(group, partition, 'continue').wake, lane };
  return { wake };
};

/** Whether nobody is at what a cursor stands before, by now, nor waits for a retry of it. */
const forsakenBy = (group: PushGroup, now: number) => {
  const longestMs = longestRetryMs(group.delivery.backoff);
  return (cursor: Cursor | undefined): boolean =>
    cursor === undefined || (leaseMsLeft(cursor, now) === 0 && retryMsLeft(cursor, now, longestMs) === 0);
};
