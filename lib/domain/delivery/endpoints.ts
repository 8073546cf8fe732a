import { assign } from '../groups/assignment.ts';
import { msLeft } from '../groups/cursors.ts';
import type { Endpoint, PushGroup, Subscription } from '../groups/groups.ts';
import { backoffMs, type EndpointOutage, outageAfter } from './retry.ts';

/** Who is called for a partition. */
export interface ChosenEndpoint {
  readonly endpoint: Endpoint;
  /** It is out, and its time has come: it is called once its `retryAt` was put off. */
  readonly isProbe: boolean;
}

const isEnabled = ({ status }: Endpoint): boolean => status === 'enabled';

/** Whose a partition is among `endpoints`, which is one of them. */
const ownerAmong = (endpoints: readonly Endpoint[], partitions: number, partition: number): Endpoint => {
  const ids = endpoints.map(({ endpointId }) => endpointId);
  const id = assign(partitions, ids)[partition];
  const owner = endpoints.find(({ endpointId }) => endpointId === id) ?? endpoints[0];
  if (owner === undefined) throw new Error('There is no endpoint to choose.');
  return owner;
};

/**
 * The endpoint that a partition belongs to: one of those that are enabled and not in an outage, by the same rendezvous as members of a
 * group that pulls. Where all are out, one of them. Undefined where none is enabled.
 * @param now wall clock ms.
 * @param longestMs how far off an endpoint's next attempt can be at most.
 * @param probes whether one whose next attempt is due may be chosen for a partition that would be its own.
 */
export const endpointFor = (
  { group, endpoints }: Subscription<PushGroup>,
  partition: number,
  { now, longestMs, probes }: { readonly now: number; readonly longestMs: number; readonly probes: boolean },
): ChosenEndpoint | undefined => {
  const enabled = endpoints.filter(isEnabled);
  const [first] = enabled;
  if (first === undefined || enabled.length === 1) return first && { endpoint: first, isProbe: false };
  // Partitions that were added later come one by one: each is assigned among those before it.
  const partitions = Math.max(group.startOffsets.length, partition + 1);
  const own = ownerAmong(enabled, partitions, partition);
  const isDue = own.outage !== undefined && msLeft(own.outage.retryAt, now, longestMs) === 0;
  if (isDue && probes) return { endpoint: own, isProbe: true };
  const healthy = enabled.filter(({ outage }) => outage === undefined);
  if (healthy.length === 0) return { endpoint: own, isProbe: false };
  return { endpoint: ownerAmong(healthy, partitions, partition), isProbe: false };
};

/** Whether a group has several endpoints to choose among. */
export const hasSeveral = ({ endpoints }: Pick<Subscription, 'endpoints'>): boolean =>
  endpoints.filter(isEnabled).length > 1;

/**
 * The outage of an endpoint with an attempt that failed now.
 * @param waitMs how long it asked to be left alone.
 * @param chance uniform in [0, 1).
 */
export const endpointOutage = (
  { outage, createdAt, calledSince = createdAt }: Endpoint,
  { backoff }: Pick<PushGroup['delivery'], 'backoff'>,
  { now, waitMs, chance }: { readonly now: number; readonly waitMs: number; readonly chance: number },
): EndpointOutage => {
  const isNew = outage === undefined || outage.failingSince < calledSince;
  const attempts = (isNew ? 0 : outage.attempts) + 1;
  const span = isNew
    ? { failingSince: Math.max(now, calledSince), failedAt: now, outageMs: 0 }
    : outageAfter(outage, outage.retryAt, now);
  return { ...span, attempts, retryAt: now + Math.max(backoffMs(attempts, backoff, chance), waitMs) };
};
