import type { Outage } from '../delivery/retry.ts';
import { type Endpoint, pausedBy, type Subscription } from '../groups/groups.ts';
import { limits } from '../limits.ts';
import { timestampText } from '../text/timestamps.ts';
import {
  endpointDisabled,
  groupPausedByEndpoint,
  groupPausedByRequest,
  type SystemEvent,
  type Told,
} from './events.ts';

/**
 * For how long after something happened it is told again, ms: well below `limits.idempotencyMs`, for which what was told is
 * known and not told twice.
 */
export const toldAgainMs = limits.idempotencyMs / 4;

const isRecent = (at: number | undefined, now: number): at is number =>
  at !== undefined && Math.abs(now - at) < toldAgainMs;

const isDisabled = (
  endpoint: Endpoint,
  now: number,
): endpoint is Endpoint & Required<Pick<Endpoint, 'disabledAt'>> =>
  endpoint.status === 'disabled' && isRecent(endpoint.disabledAt, now);

/**
 * What is to be told of how a group stands: what of it was disabled or paused, not long ago. It follows from what is stored,
 * word for word, however often and by whomever it is told.
 */
export const standingEvents = (subscription: Subscription, now: number): readonly SystemEvent[] => {
  const { group, endpoints } = subscription;
  const disabled = endpoints.flatMap((each) =>
    isDisabled(each, now) ? [endpointDisabled(group, each)] : [],
  );
  if (group.pausedSince !== undefined)
    return isRecent(group.pausedSince, now)
      ? [...disabled, groupPausedByRequest(group, group.pausedSince)]
      : disabled;
  const last = pausedBy(subscription);
  return last !== undefined && isDisabled(last, now)
    ? [...disabled, groupPausedByEndpoint(group, last)]
    : disabled;
};

/** Of the time that an endpoint may be out: when its group's people are warned. */
export const warningShares = [0.5, 0.9] as const;

/** An attempt that failed, and the outage that it makes. */
export interface FailedAttempt {
  readonly outage: Outage;
  /** `outageMs` with the attempt before; 0 where there was none. */
  readonly beforeMs: number;
  /** Why it failed, for people. */
  readonly reason: string;
  /** Wall clock ms. */
  readonly at: number;
}

/**
 * The warning that is due with an attempt: the first that is beyond a part of the time before the endpoint is disabled, and those of the
 * hours after that, in case that the first was not told. It is once for the endpoint and the part of the time, whichever partition met it.
 */
export const warningOf = (
  group: Told,
  { endpointId, createdAt, calledSince = createdAt }: Endpoint,
  { outage: { failingSince, outageMs }, beforeMs, reason, at }: FailedAttempt,
): SystemEvent | undefined => {
  const disablesAfterMs = limits.outageDisablesAfterMs;
  const share = warningShares.findLast((each) => outageMs >= each * disablesAfterMs);
  const dueMs = (share ?? 0) * disablesAfterMs;
  if (share === undefined || (beforeMs >= dueMs && outageMs >= dueMs + toldAgainMs)) return undefined;
  return {
    type: 'endpoint.failing',
    at,
    topic: group.topic,
    group: group.name,
    key: `${endpointId}/${calledSince}/${share}`,
    details: {
      endpoint: endpointId,
      failingSince: timestampText(failingSince),
      share,
      outageSeconds: Math.floor(outageMs / 1000),
      disabledAfterSeconds: disablesAfterMs / 1000,
      reason,
    },
  };
};
