import type { Endpoint, Group } from '../groups/groups.ts';
import { storedKey } from '../idempotency/keys.ts';
import { jsonText } from '../json/text.ts';
import type { NewRecord } from '../records/records.ts';
import { timestampText } from '../text/timestamps.ts';

export const systemEventTypes = [
  'endpoint.failing',
  'endpoint.disabled',
  'endpoint.enabled',
  'group.paused',
  'group.resumed',
  'record.dead_lettered',
  'records.lost',
] as const;

export type SystemEventType = (typeof systemEventTypes)[number];

/** Something that happened to a group, for whoever runs it. Holds no secret and nothing of a record. */
export interface SystemEvent {
  readonly type: SystemEventType;
  /** Wall clock ms. When it happened. */
  readonly at: number;
  /** The names of the group's topic and of the group. */
  readonly topic: string;
  readonly group: string;
  /** Names it among all events of its type: what bears the same one is the same event. */
  readonly key: string;
  /** What its record's value has beside all that. */
  readonly details: Readonly<Record<string, string | number>>;
}

/** The group that an event is about. */
export type Told = Pick<Group, 'topic' | 'topicId' | 'name' | 'groupId'>;

/** The header that has an event's type, so that a group can filter by it. */
export const eventTypeHeader = 'millrace-event';

/** By which the append of an event recognises itself, and which is its id. */
export const eventId = ({ type, key }: Pick<SystemEvent, 'type' | 'key'>): string =>
  storedKey(`event/${type}/${key}`);

/** The key of an event's record: those of one group are in order. */
export const eventRecordKey = ({ topic, group }: Pick<SystemEvent, 'topic' | 'group'>): string =>
  `${topic}/${group}`;

/** The record of an event. */
export const eventRecord = (event: SystemEvent): NewRecord => {
  const { type, at, topic, group, details } = event;
  const value = { id: eventId(event), type, time: timestampText(at), topic, group, ...details };
  return {
    key: eventRecordKey(event),
    valueJson: jsonText(value),
    headersJson: jsonText({ [eventTypeHeader]: type }),
  };
};

const of = ({ topic, name }: Told) => ({ topic, group: name });

/** What changed an endpoint or a group. */
export type ChangedBy = 'request' | 'endpoint';

/** Why a request disables an endpoint, as the endpoint says it. */
export const disabledByRequest = 'It was disabled by a request.';

type Disabled = Endpoint & Required<Pick<Endpoint, 'disabledAt'>>;

/** An endpoint is not called any more. */
export const endpointDisabled = (
  group: Told,
  { endpointId, disabledAt, disabledReason = '' }: Disabled,
): SystemEvent => ({
  type: 'endpoint.disabled',
  at: disabledAt,
  ...of(group),
  key: `${endpointId}/${disabledAt}`,
  details: {
    endpoint: endpointId,
    by: disabledReason === disabledByRequest ? 'request' : 'failures',
    reason: disabledReason,
  },
});

/** A group is given nothing any more, since its last endpoint was disabled. */
export const groupPausedByEndpoint = (
  group: Told,
  { endpointId, disabledAt, disabledReason = '' }: Disabled,
): SystemEvent => ({
  type: 'group.paused',
  at: disabledAt,
  ...of(group),
  key: `${group.groupId}/${endpointId}/${disabledAt}`,
  details: { by: 'endpoint', endpoint: endpointId, reason: disabledReason },
});

/** A group is given nothing any more, since a request said so. */
export const groupPausedByRequest = (group: Told, pausedSince: number): SystemEvent => ({
  type: 'group.paused',
  at: pausedSince,
  ...of(group),
  key: `${group.groupId}/${pausedSince}`,
  details: { by: 'request' },
});

/** A request had an endpoint called that had been disabled. @param at wall clock ms, as it is called since. */
export const endpointEnabled = (group: Told, { endpointId }: Endpoint, at: number): SystemEvent => ({
  type: 'endpoint.enabled',
  at,
  ...of(group),
  key: `${endpointId}/${at}`,
  details: { endpoint: endpointId },
});

/** A group that was paused goes on. @param endpoint the one whose being enabled did it; absent: a request. */
export const groupResumed = (group: Told, at: number, endpoint?: Endpoint): SystemEvent => ({
  type: 'group.resumed',
  at,
  ...of(group),
  key: `${group.groupId}/${at}`,
  details: endpoint === undefined ? { by: 'request' } : { by: 'endpoint', endpoint: endpoint.endpointId },
});

/** Where a record of a group was, and where it is among the dead letters. */
export interface DeadLettered {
  readonly at: number;
  /** The id and the name of the topic that it comes from: the group's, or in a redrive that of its dead letters. */
  readonly topicId: string;
  readonly from: string;
  readonly partition: number;
  readonly offset: number;
  readonly deliveries: number;
  readonly reason: string;
  /** Without an offset where it was there already, with other words. */
  readonly dead: { readonly topic: string; readonly partition: number; readonly offset?: number };
}

/** A record went to the dead letters. */
export const recordDeadLettered = (group: Told, letter: DeadLettered): SystemEvent => {
  const { at, topicId, from, partition, offset, deliveries, reason, dead } = letter;
  return {
    type: 'record.dead_lettered',
    at,
    ...of(group),
    key: `${group.groupId}/${topicId}/${partition}/${offset}`,
    details: {
      ...(from !== group.topic && { from }),
      partition,
      offset,
      deliveries,
      reason,
      deadTopic: dead.topic,
      deadPartition: dead.partition,
      ...(dead.offset !== undefined && { deadOffset: dead.offset }),
    },
  };
};

/** Records from the first offset on, and before the second, of which retention took some before they were acknowledged. */
export interface LostRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly records: number;
}

/** Retention took records that a group had not acknowledged. */
export const recordsLost = (
  group: Told,
  { partition, from, to, records }: LostRange,
  at: number,
): SystemEvent => ({
  type: 'records.lost',
  at,
  ...of(group),
  // Of a loss that goes on while nobody moves the group: where it begins.
  key: `${group.groupId}/${partition}/${from}`,
  details: { partition, from, to, records },
});
