import { recordsLost, type SystemEvent } from '../../domain/events/events.ts';
import { standingEvents } from '../../domain/events/standing.ts';
import type { Subscription } from '../../domain/groups/groups.ts';
import type { PartitionLag } from '../../groups/lag.ts';

/**
 * What a sweep finds that is to be told of a group: what of it was disabled or paused not long ago, in case that whoever did it died
 * before he told it, and what retention took while nobody moved the group. Of a shared group, whose records are acknowledged in no
 * order, that is told when it goes on.
 */
export const sweptEvents = (
  subscription: Subscription,
  lags: readonly PartitionLag[],
  now: number,
): readonly SystemEvent[] => {
  const { group } = subscription;
  const losses = group.mode === 'shared' ? [] : lags.flatMap(lossOf);
  return [...standingEvents(subscription, now), ...losses.map((loss) => recordsLost(group, loss, now))];
};

/** What is below the start of the partition, and not counted in the cursor yet. */
const lossOf = ({ partition, committed, endOffset, lag }: PartitionLag) => {
  const next = endOffset - lag;
  return next > committed ? [{ partition, from: committed, to: next, records: next - committed }] : [];
};
