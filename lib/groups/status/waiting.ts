import {
  type Cursor,
  leaseMsLeft,
  longestRetryMs,
  type Run,
  retryMsLeft,
} from '../../domain/groups/cursors.ts';
import { enabledEndpoint, type PushGroup, pausedBy, type Subscription } from '../../domain/groups/groups.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import type { PartitionLag } from '../lag.ts';

/**
 * What the records of a partition wait for. `resume`: that the group is resumed. `endpoint`: an endpoint that may be called. `answer`:
 * they are being delivered. `acknowledgement`: that a consumer which has them acknowledges them. `retry`: the next attempt. `wake`: nothing but
 * their turn.
 */
export interface Waiting {
  readonly for: 'resume' | 'endpoint' | 'answer' | 'acknowledgement' | 'retry' | 'wake';
  /** Wall clock ms. */
  readonly since?: number;
  readonly until?: number;
  /** Sentences, for people. */
  readonly reason: string;
}

/** What waits in a partition of a push group, if anything does. @param now wall clock ms. */
export const waitingOf = (
  subscription: Subscription<PushGroup>,
  partition: PartitionLag,
  now: number,
): Waiting | undefined => {
  if (partition.lag === 0) return undefined;
  return forGroup(subscription) ?? forDelivery(subscription.group, partition, now);
};

/** What every partition of the group waits for. */
const forGroup = ({ group, endpoints }: Subscription<PushGroup>): Waiting | undefined => {
  const { pausedSince } = group;
  if (pausedSince !== undefined)
    return {
      for: 'resume',
      since: pausedSince,
      reason: 'The group is paused by a request. It goes on when it is resumed.',
    };
  if (enabledEndpoint({ endpoints }) !== undefined) return undefined;
  const disabled = pausedBy({ endpoints });
  if (disabled === undefined) return { for: 'endpoint', reason: 'The group has no endpoint.' };
  const { endpointId, disabledAt, disabledReason } = disabled;
  const why = disabledReason === undefined ? '' : ` ${disabledReason}`;
  return {
    for: 'endpoint',
    ...(disabledAt !== undefined && { since: disabledAt }),
    reason: `Every endpoint of the group is disabled, the last of them "${endpointId}".${why} The group goes on when one is enabled.`,
  };
};

const forDelivery = (group: PushGroup, { cursor, committed }: PartitionLag, now: number): Waiting => {
  if (cursor === undefined) return { for: 'wake', reason: neverTried };
  const { attempts, lastFailure, pendingEnd = committed + 1 } = cursor;
  const records =
    pendingEnd <= committed + 1 ? `record ${committed}` : `records ${committed} to ${pendingEnd - 1}`;
  const leaseMs = leaseMsLeft(cursor, now);
  if (leaseMs > 0)
    return {
      for: 'answer',
      until: now + leaseMs,
      reason: `An attempt of ${records} is being made. Whoever makes it has the partition for so long.`,
    };
  const failingSince = cursor.failingSince ?? cursor.refusedSince;
  const since = failingSince === undefined ? {} : { since: failingSince };
  const retryMs = retryMsLeft(cursor, now, longestRetryMs(group.delivery.backoff));
  const hasFailed = attempts > 0 || lastFailure !== undefined;
  const failed = hasFailed ? failedSentence(cursor, records) : undefined;
  if (retryMs > 0) {
    const until = now + retryMs;
    const next = `The next attempt is at ${timestampText(until)}.`;
    return { for: 'retry', ...since, until, reason: `${failed ?? 'The last attempt failed.'} ${next}` };
  }
  const ahead = forAhead(cursor, now);
  if (ahead !== undefined) return ahead;
  return {
    for: 'wake',
    ...since,
    reason: failed === undefined ? neverTried : `${failed} The next attempt is due.`,
  };
};

const earliest = (times: readonly (number | undefined)[]): number =>
  Math.min(...times.filter((time) => time !== undefined));

/** What the first of those wait for that were sent, in orders in which others go on beside them. */
const forAhead = ({ runs = [] }: Cursor, now: number): Waiting | undefined => {
  const held = runs.filter(({ state, reason }) => state === 'held' && reason !== 'nack');
  if (held.length > 0) {
    const until = earliest(held.map((run) => run.until));
    const reason = `${counted(held)} with the consumer, which acknowledges by token. What it says nothing of by then is sent again.`;
    return { for: 'acknowledgement', until, reason };
  }
  const later = runs.filter(
    ({ state, until = 0 }) => (state === 'delayed' || state === 'stuck') && until > now,
  );
  if (later.length === 0) return undefined;
  const until = earliest(later.map((run) => run.until));
  const since = earliest(later.map((run) => run.since));
  const sentences = [
    ...stating(later, 'delayed', 'to be sent again after a refusal.'),
    ...stating(later, 'stuck', 'to go to the dead letters, which could not be written.'),
    `The next attempt is at ${timestampText(until)}.`,
  ];
  return {
    for: 'retry',
    ...(since < Number.POSITIVE_INFINITY && { since }),
    until,
    reason: sentences.join(' '),
  };
};

const counted = (of: readonly Run[]): string => {
  const count = of.reduce((sum, { start, end }) => sum + end - start, 0);
  return count === 1 ? '1 record is' : `${count} records are`;
};

/** A sentence of the runs that are in a state, where some are. */
const stating = (runs: readonly Run[], state: Run['state'], what: string): readonly string[] => {
  const those = runs.filter((run) => run.state === state);
  return those.length === 0 ? [] : [`${counted(those)} ${what}`];
};

const neverTried = 'The next attempt is due.';

/**
 * What there was before the next attempt. Of a message that was just halved no attempt has failed, but of the one that it was a part
 * of; of one whose endpoint is to be left alone for a while, none at all.
 */
const failedSentence = (
  { attempts, refusedSince, lastFailure = '' }: Pick<Cursor, 'attempts' | 'refusedSince' | 'lastFailure'>,
  records: string,
): string => {
  if (attempts === 0 && refusedSince === undefined) return lastFailure;
  const tried = attempts === 1 ? 'An attempt' : `${attempts} attempts`;
  const what = attempts === 0 ? `A message with ${records} failed` : `${tried} of ${records} failed`;
  return `${what}. ${lastFailure}`.trim();
};
