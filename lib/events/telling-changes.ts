import {
  endpointEnabled,
  groupPausedByRequest,
  groupResumed,
  type SystemEvent,
} from '../domain/events/events.ts';
import { standingEvents } from '../domain/events/standing.ts';
import type { Endpoint, Group, GroupChange, Subscription } from '../domain/groups/groups.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { Clock } from '../surroundings/clock.ts';
import type { Telemetry } from '../surroundings/telemetry.ts';
import type { SystemEvents } from './system-events.ts';

export interface TellingDeps {
  readonly systemEvents: SystemEvents;
  readonly clock: Pick<Clock, 'now'>;
  readonly telemetry: Telemetry;
}

/**
 * The same store, telling what becomes of groups and endpoints by its changes: disabled, enabled, paused, resumed. What is told has
 * happened. Of a process that dies in between, sweep tells what was disabled or paused: the store shows it.
 */
export const tellChanges = (store: GroupStore, deps: TellingDeps): GroupStore => ({
  get: (ref) => store.get(ref),
  list: (topicId) => store.list(topicId),
  create: (group) => store.create(group),
  delete: (ref, groupId) => store.delete(ref, groupId),
  putEndpoint: (ref, endpoint) => store.putEndpoint(ref, endpoint),
  deleteEndpoint: (ref, endpointId) => store.deleteEndpoint(ref, endpointId),
  barEndpoint: (ref, endpointId, isForsaken) => store.barEndpoint(ref, endpointId, isForsaken),
  places: (topicId) => store.places(topicId),
  replacePlaces: (topicId, read, places) => store.replacePlaces(topicId, read, places),
  barGroup: (ref, groupId, isForsaken) => store.barGroup(ref, groupId, isForsaken),
  deletePlaces: (topicId) => store.deletePlaces(topicId),
  update: async (read, change) => {
    const changed = await store.update(read, change);
    if (changed !== undefined) await tellAll(deps, pauseEvents(read, change, deps.clock.now()));
    return changed;
  },
  updateEndpoint: async (ref, read, change) => {
    const changed = await store.updateEndpoint(ref, read, change);
    if (changed !== undefined && changed.status !== read.status)
      await tellOf(deps, async () => {
        const subscription = await store.get(ref);
        const now = deps.clock.now();
        if (subscription === undefined) return [];
        return changed.status === 'disabled'
          ? standingEvents(subscription, now)
          : enabledEvents(subscription, changed, now);
      });
    return changed;
  },
});

const pauseEvents = (read: Group, { pausedSince }: GroupChange, now: number): readonly SystemEvent[] => {
  if (pausedSince === null) return read.pausedSince === undefined ? [] : [groupResumed(read, now)];
  return pausedSince === undefined ? [] : [groupPausedByRequest(read, pausedSince)];
};

/** An endpoint is called again, and its group with it, where that has no other and nobody paused it. */
const enabledEvents = (
  { group, endpoints }: Subscription,
  endpoint: Endpoint,
  now: number,
): readonly SystemEvent[] => {
  const at = endpoint.calledSince ?? now;
  const isFirst = endpoints.every(
    ({ endpointId, status }) => status === 'disabled' || endpointId === endpoint.endpointId,
  );
  return isFirst && group.pausedSince === undefined
    ? [endpointEnabled(group, endpoint, at), groupResumed(group, at, endpoint)]
    : [endpointEnabled(group, endpoint, at)];
};

const tellAll = async ({ systemEvents }: TellingDeps, all: readonly SystemEvent[]): Promise<void> => {
  // In the order in which they happened: those of a group go to one partition.
  for (const event of all) await systemEvents.tell(event);
};

const tellOf = async (deps: TellingDeps, read: () => Promise<readonly SystemEvent[]>): Promise<void> => {
  try {
    await tellAll(deps, await read());
  } catch (error) {
    deps.telemetry.record({ kind: 'fault', where: 'telling of an endpoint', error });
  }
};
