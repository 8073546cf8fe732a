import { isDeepStrictEqual } from 'node:util';
import {
  type ChosenEndpoint,
  endpointFor,
  endpointOutage,
  hasSeveral,
} from '../domain/delivery/endpoints.ts';
import type { Wake } from '../domain/delivery/wakes.ts';
import { longestRetryMs } from '../domain/groups/cursors.ts';
import type { Endpoint, PushGroup, Subscription } from '../domain/groups/groups.ts';
import type { GroupRef } from '../stores/groups.ts';
import type { RunDeps } from './deps.ts';
import type { Failed } from './requests/outcome.ts';

type TargetDeps = Pick<RunDeps, 'groups' | 'memory' | 'clock' | 'random'>;

const refOf = ({ topicId, name }: PushGroup): GroupRef => ({ topicId, group: name });

const choose = (
  { clock }: Pick<TargetDeps, 'clock'>,
  subscription: Subscription<PushGroup>,
  { partition }: Wake,
  probes: boolean,
): ChosenEndpoint | undefined => {
  const longestMs = longestRetryMs(subscription.group.delivery.backoff);
  return endpointFor(subscription, partition, { now: clock.now(), longestMs, probes });
};

/**
 * The endpoint that a message of the wake's partition goes to now; undefined where none is enabled. One that is out and may be tried again is
 * tried by whoever puts its next attempt off first; the others go on where they are.
 */
export const chooseEndpoint = async (
  deps: TargetDeps,
  subscription: Subscription<PushGroup>,
  wake: Wake,
): Promise<Endpoint | undefined> => {
  const chosen = choose(deps, subscription, wake, true);
  if (chosen === undefined || !chosen.isProbe) return chosen?.endpoint;
  const { endpoint } = chosen;
  const { group } = subscription;
  const { outage } = endpoint;
  if (outage === undefined) return endpoint;
  // Counted when it has failed: until then this only keeps others away.
  const { retryAt } = endpointOutage(endpoint, group.delivery, {
    now: deps.clock.now() + group.delivery.timeoutSeconds * 1000,
    waitMs: 0,
    chance: deps.random.number(),
  });
  const change = { outage: { ...outage, retryAt } };
  const mine = await deps.groups.updateEndpoint(refOf(group), endpoint, change);
  deps.memory.subscriptions.forget(wake);
  if (mine !== undefined) return mine;
  const now = await deps.memory.subscriptions.ofNow(wake);
  return now && choose(deps, now, wake, false)?.endpoint;
};

/** The endpoint that a wake's partition belongs to, without an attempt being due; undefined where none is enabled. */
export const standingEndpoint = (
  deps: Pick<TargetDeps, 'clock'>,
  subscription: Subscription<PushGroup>,
  wake: Wake,
): Endpoint | undefined => choose(deps, subscription, wake, false)?.endpoint;

/** An outage is noted so often at most, while it goes on. */
const notedAgainMs = 5000;

export interface NotedOutage {
  /** Undefined: it was noted by another, and is out all the same. */
  readonly endpoint?: Endpoint;
  /** Whether another endpoint takes the message at once. */
  readonly isTaken: boolean;
}

/**
 * Notes with an endpoint that has others beside it that it is out.
 * @param waitMs how long it asked to be left alone.
 */
const noteOutage = async (
  deps: TargetDeps,
  group: PushGroup,
  endpoint: Endpoint,
  wake: Wake,
  waitMs: number,
): Promise<NotedOutage> => {
  const now = deps.clock.now();
  const { outage } = endpoint;
  const isNoted = outage !== undefined && now < outage.retryAt && now - outage.failedAt < notedAgainMs;
  const chance = deps.random.number();
  const noted = isNoted
    ? endpoint
    : await deps.groups.updateEndpoint(refOf(group), endpoint, {
        outage: endpointOutage(endpoint, group.delivery, { now, waitMs, chance }),
      });
  const subscription = await deps.memory.subscriptions.ofNow(wake);
  const next = subscription && choose(deps, subscription, wake, false)?.endpoint;
  const isTaken = next !== undefined && next.endpointId !== endpoint.endpointId && next.outage === undefined;
  return { isTaken, ...(noted !== undefined && { endpoint: noted }) };
};

/** What is noted of an outage where the group has several endpoints; undefined where it has one, whose outages are its cursors'. */
export const noteSharedOutage = async (
  deps: TargetDeps,
  subscription: Subscription<PushGroup>,
  endpoint: Endpoint,
  wake: Wake,
  outcome: Failed,
): Promise<NotedOutage | undefined> => {
  if (outcome.kind !== 'outage' || !hasSeveral(subscription)) return undefined;
  return noteOutage(deps, subscription.group, endpoint, wake, outcome.retryAfterMs ?? 0);
};

/** An endpoint that was out has acknowledged something: its partitions go back to it. */
export const noteRecovery = async (
  { groups, memory }: Pick<TargetDeps, 'groups' | 'memory'>,
  group: PushGroup,
  endpoint: Endpoint,
  wake: Wake,
): Promise<void> => {
  if (endpoint.outage === undefined) return;
  await groups.updateEndpoint(refOf(group), endpoint, { outage: null });
  memory.subscriptions.forget(wake);
};

/** The endpoints that may be called, but for what calls alone change of them. */
const callable = ({ endpoints }: Subscription<PushGroup>) =>
  endpoints
    .filter(({ status }) => status === 'enabled')
    .map(({ outage: _state, version: _changes, ...endpoint }) => endpoint);

/** A pause that is longer must not be one that a change of an endpoint was to lift. */
const longPauseMs = 5000;

/**
 * Whether a pause is not to be kept, since the endpoints are no more what they were. The wake that a change of one sent may have found the
 * lease of who asks, and be gone by now: a long pause that the former one asked for would stand in the way of the new one.
 */
export const isLifted = async (
  { memory }: Pick<TargetDeps, 'memory'>,
  before: Subscription<PushGroup>,
  wake: Wake,
  pauseMs: number,
): Promise<boolean> => {
  if (pauseMs <= longPauseMs) return false;
  const now = await memory.subscriptions.ofNow(wake);
  return now === undefined || !isDeepStrictEqual(callable(now), callable(before));
};
