import { dropOldest } from '../domain/drop-oldest.ts';
import { Problem, type ProblemCode } from '../domain/errors.ts';
import { eventId, eventRecord, eventRecordKey, type SystemEvent } from '../domain/events/events.ts';
import { toldAgainMs } from '../domain/events/standing.ts';
import { eventsTopicName, eventsTopicSettings, holdsEvents } from '../domain/events/topic.ts';
import { elapsedMs, type Instant } from '../domain/instants.ts';
import { partitionForKey } from '../domain/records/partitioning.ts';
import type { Topic } from '../domain/topics.ts';
import type { Appender } from '../log/append/appender.ts';
import { withTimeout } from '../log/timeout.ts';
import { instantOf } from '../surroundings/clock.ts';
import type { Telemetry } from '../surroundings/telemetry.ts';
import { type CreateTopicDeps, createTopic } from '../topics/create.ts';
import type { SystemEvents } from './system-events.ts';

export interface TellerDeps extends CreateTopicDeps {
  /** With stores for idempotency keys. */
  readonly appender: Pick<Appender, 'append'>;
  readonly telemetry: Telemetry;
}

/** What telling may take, ms: well below what a run of a deliverer keeps to end well. */
const tellMs = 2000;
/** Events that a process remembers to have told. Each takes some 100 bytes. */
const rememberedEvents = 2000;

/** Another told it, or is about to: with other words, where it was told of an outage that several partitions met. */
const toldByAnother: ReadonlySet<ProblemCode> = new Set(['idempotency_mismatch', 'idempotency_taken_over']);

/**
 * Of the records of groups that read system events nothing is told: each would be one event more for those that cannot take them,
 * and so on for ever. That such a group is paused, or its endpoint fails, follows no record and comes to an end.
 */
const isEndless = ({ type, topic }: SystemEvent): boolean =>
  holdsEvents(topic) && (type === 'record.dead_lettered' || type === 'records.lost');

/**
 * Tells events by records of the topic of system events, which is made when the first is told. Each is appended by a key that
 * names it. One for each process: it remembers what it told.
 */
export const newSystemEvents = (deps: TellerDeps): SystemEvents => {
  const { clock, telemetry } = deps;
  const told = new Map<string, Instant>();
  const isTold = (id: string): boolean => {
    const at = told.get(id);
    return at !== undefined && elapsedMs(at, instantOf(clock)) < toldAgainMs;
  };
  return {
    tell: async (event) => {
      const id = eventId(event);
      if (isEndless(event) || isTold(id)) return;
      try {
        await withTimeout(clock, tellMs, undefined, (signal) =>
          Promise.race([append(deps, event, id, signal), aborted(signal)]),
        );
        told.delete(id);
        told.set(id, instantOf(clock));
        dropOldest(told, rememberedEvents);
      } catch (error) {
        telemetry.record({ kind: 'fault', where: `telling ${event.type}`, error });
      }
    },
  };
};

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

const append = async (
  deps: TellerDeps,
  event: SystemEvent,
  id: string,
  signal: AbortSignal,
): Promise<void> => {
  const { topicId, partitions } = await eventsTopic(deps);
  const at = { topicId, partition: partitionForKey(eventRecordKey(event), partitions) };
  try {
    await deps.appender.append(at, [eventRecord(event)], { key: id, signal });
  } catch (error) {
    if (!(error instanceof Problem && toldByAnother.has(error.code))) throw error;
  }
};

/** The topic of system events, which is made where it is not there. */
const eventsTopic = async (deps: TellerDeps): Promise<Topic> => {
  try {
    return await deps.directory.resolve(eventsTopicName);
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'topic_not_found')) throw error;
  }
  try {
    return (await createTopic(deps, eventsTopicName, eventsTopicSettings)).topic;
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'topic_exists')) throw error;
    // Another was first, and made it otherwise: it is there.
    return deps.directory.resolve(eventsTopicName);
  }
};
