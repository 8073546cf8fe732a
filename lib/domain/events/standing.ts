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

/**
 * The warning that an outage is due, if it is one of the hours after a part of the time before the endpoint is disabled. Each
 * attempt of these hours is told to tell it: once for the endpoint and the part of the time, whichever partition met it.
 * @param reason why the last attempt failed, for people.
 */
export const warningOf = (
  group: Told,
  { endpointId, createdAt, calledSince = createdAt }: Endpoint,
  { failingSince, outageMs }: Outage,
  reason: string,
  at: number,
): SystemEvent | undefined => {
  const disablesAfterMs = limits.outageDisablesAfterMs;
  const share = warningShares.findLast((each) => outageMs >= each * disablesAfterMs);
  if (share === undefined || outageMs >= share * disablesAfterMs + toldAgainMs) return undefined;
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
