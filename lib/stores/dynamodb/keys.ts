import { offsetText } from '../../domain/archive/segments.ts';
import type { AttemptOutcome, AttemptPlace } from '../../domain/delivery/attempts.ts';
import type { CursorRef } from '../../domain/groups/cursors.ts';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { SchemaRef } from '../../domain/schemas.ts';
import type { ErasureRef } from '../erasures.ts';
import type { GroupRef } from '../groups.ts';
import type { IntentRef } from '../intents.ts';
import type { MemberRef } from '../members.ts';
import type { PaceRef } from '../paces.ts';
import type { Removal } from '../removals.ts';

/*
 * The catalogue: every type of item that is stored, under which key, with which attributes.
 *
 * Names of topics and groups hold no `/`, and ids are made here, so a `/` always ends the part before it: no prefix
 * below reaches into another name's items. Partition numbers have four digits, so that they sort.
 *
 * In the place of a topic, a group, an endpoint or an API key that was deleted stands a tombstone: `deletedAt` N (wall
 * clock ms), `ttl` N (seconds since 1970, when DynamoDB expires it), and of what was there its id alone (`topicId`,
 * `groupId`, `endpointId`, or `keyId` and `version`). See `tombstones.ts`.
 */

export interface LogKey {
  readonly pk: string;
  readonly sk: number;
}

export interface StateKey {
  readonly pk: string;
  readonly sk: string;
}

const digits = (partition: number): string => String(partition).padStart(4, '0');

/**
 * Log table: a batch, never changed once written.
 *
 * pk `<topicId>/<partition>` (S), sk base offset (N);
 * `n` N records, `d` B the encoded records, `id` B of the write, `t` N append time in ms,
 * `cum` N bytes of `d` in all earlier batches, `mt` N the largest record timestamp of the partition so far in ms (absent in
 * batches of older versions, where the append time counts), `keys` SS idempotency keys where there are any (`keyMark`), `pr` B the
 * producers of the partition where there are any (`packProducers`), `o` S the call that the first append came with, where it is
 * known: its request id and, after a space, its `traceparent`.
 */
export const batchKey = (at: PartitionRef, base: number): LogKey => ({ pk: partitionKey(at), sk: base });

/**
 * State table: a topic. pk `topic`, sk its name, so that one query lists topics by name; the attributes of `Topic`, of
 * which `version` N grows with each write, `schema` M is there once it had one and `deletingSince` N once it is being deleted.
 */
export const topicKey = (name: string): StateKey => ({ pk: topicsKey, sk: name });
export const topicsKey = 'topic';

/** State table: what belongs to one incarnation of a topic is under `topic/<topicId>`. */
export const topicItemsKey = (topicId: string): string => `topic/${topicId}`;

/**
 * State table: a group. sk `group/<name>/`; the attributes of `Group`, of which `version` N is there once it was changed. The slash at the end lets one query by that
 * prefix read the group with its endpoints, and nothing of a group whose name begins alike.
 */
export const groupKey = ({ topicId, group }: GroupRef): StateKey => ({
  pk: topicItemsKey(topicId),
  sk: `${groupPrefix}${group}/`,
});
export const groupPrefix = 'group/';

/**
 * State table: the places that the groups of a topic have taken. pk `topic/<topicId>`, sk `groups`; `topicId` S, and the
 * attributes of `GroupPlaces`, of which `version` N grows with each write.
 */
export const groupPlacesKey = (topicId: string): StateKey => ({ pk: topicItemsKey(topicId), sk: 'groups' });

/** The group's name in the sort key of a group or an endpoint. */
export const groupNameIn = (sk: string): string => sk.split('/')[1] ?? '';

/**
 * State table: an endpoint. sk `group/<name>/endpoint/<endpointId>`; the attributes of `Endpoint`, of which `version` N is
 * there once it was changed, and `groupId`, the group it was registered with: one that a deleted group left behind is not its successor's.
 */
export const endpointKey = (ref: GroupRef, endpointId: string): StateKey => {
  const { pk, sk } = groupKey(ref);
  return { pk, sk: `${sk}endpoint/${endpointId}` };
};

/**
 * State table: a partition's state. pk `topic/<topicId>`, sk `partition/<4 digits>`; `startOffset` N,
 * `archivedThrough` N, `trimmedThrough` N and `compactedThrough` N, each absent while it is 0.
 */
export const partitionStateKey = ({ topicId, partition }: PartitionRef): StateKey => ({
  pk: topicItemsKey(topicId),
  sk: `${partitionPrefix}${digits(partition)}`,
});
export const partitionPrefix = 'partition/';

/**
 * State table: a segment, in the manifest. pk `segments/<topicId>/<partition>`, sk its start in 16 digits, so that starts
 * sort; the attributes of `Segment`. A partition has a key of its own: there may be tens of thousands of its segments.
 */
export const segmentKey = (at: PartitionRef, start: number): StateKey => ({
  pk: segmentsKey(at),
  sk: offsetText(start),
});
export const segmentsKey = (at: PartitionRef): string => `segments/${partitionKey(at)}`;

/**
 * State table: the segment of a partition that was sealed last. pk `segments/<topicId>/<partition>/newest`, sk `newest`; the
 * attributes of `Segment`.
 */
export const newestSegmentKey = (at: PartitionRef): StateKey => ({
  pk: `${segmentsKey(at)}/newest`,
  sk: 'newest',
});

/**
 * State table: a cursor. pk `group/<groupId>`, sk `cursor/<4 digits>`, of a redrive `redrive/<redriveId>/<4 digits>`; `committed`,
 * `epoch`, `leaseUntil`, `attempts`, `retryAt` N always, `owner` S, `pendingEnd` N, `lastFailure` S where they mean something,
 * `failingSince`, `failedAt` and `outageMs` N, of `Outage`, while there is one, and `lost` and `filtered` N once something was. Of groups that
 * pull `version` N, `writeId` S, `handedOut`, `ackUntil` and `deadLettered` N, and `runs` S (`encodeRuns`).
 */
export const cursorKey = ({ groupId, partition, lane }: CursorRef): StateKey => ({
  pk: groupItemsKey(groupId),
  sk: `${cursorPrefix(lane)}${digits(partition)}`,
});
export const groupItemsKey = (groupId: string): string => `group/${groupId}`;
export const cursorPrefix = (lane: string | undefined): string =>
  lane === undefined ? 'cursor/' : `${redrivePrefix}${lane}/`;
export const redrivePrefix = 'redrive/';

/**
 * State table: a member. pk `group/<groupId>`, sk `member/<consumerId>`; the attributes of `Member`, and `ttl` N, a day after it
 * has expired.
 */
export const memberKey = ({ groupId, consumerId }: MemberRef): StateKey => ({
  pk: groupItemsKey(groupId),
  sk: `${memberPrefix}${consumerId}`,
});
export const memberPrefix = 'member/';

/**
 * State table: an attempt, in the attempt log. pk `attempts/<groupId>/<outcome>`, sk the time at which it was begun, ms in 16 digits, `/`, its id;
 * the attributes of `LoggedAttempt`, and `ttl` N, `limits.attemptKeptMs` after it was begun.
 *
 * DynamoDB takes an item away "typically within two days" after its `ttl`, and shows it until then
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html). So a query begins no earlier than what is kept, which
 * the sort key does by itself: nothing is read to be thrown away.
 *
 * A partition key of their own keeps the log of a group whose endpoint fails a thousand times a second from the cursors and members of
 * the group: a partition takes 1,000 write units a second
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html), and to split it helps nothing where
 * sort keys only grow.
 * The outcome is in it so that failures are found among any number of attempts that succeeded. Endpoints are filtered: a group
 * has ten at most. An index would add a second write unit to each put, and no query needs it.
 */
export const attemptKey = (
  groupId: string,
  { outcome, at, attemptId }: AttemptPlace & { readonly outcome: AttemptOutcome },
): StateKey => ({ pk: attemptsKey(groupId, outcome), sk: attemptsAt(at) + attemptId });
export const attemptsKey = (groupId: string, outcome: AttemptOutcome): string =>
  `attempts/${groupId}/${outcome}`;

/** What the sort keys of attempts begin with that were begun at a time, in whole ms. */
export const attemptsAt = (at: number): string => `${offsetText(at)}/`;

/** The place of the attempt with this sort key. */
export const attemptPlaceIn = (sk: string): AttemptPlace => {
  const [at, attemptId = ''] = sk.split('/');
  return { at: Number(at), attemptId };
};

/**
 * State table: how an endpoint is paced. pk `pace/<groupId>`, so that who delivers can be let put these alone; sk its id; the attributes
 * of `KeptPace`, and `ttl` N, a day after it was written.
 */
export const paceKey = ({ groupId, endpointId }: PaceRef): StateKey => ({
  pk: pacesKey(groupId),
  sk: endpointId,
});
export const pacesKey = (groupId: string): string => `pace/${groupId}`;

/** The partition number that ends the sort key of a cursor or a partition's state. */
export const partitionIn = (sk: string): number => Number(sk.slice(-4));

/**
 * State table: an API key. pk `key`, sk the first 20 hex digits of its hash; the attributes of `ApiKey`, and `version` N,
 * which grows with each write: a root key can be deleted and come back.
 */
export const apiKeyKey = (keyId: string): StateKey => ({ pk: apiKeysKey, sk: keyId });
export const apiKeysKey = 'key';

/**
 * State table: what a deletion left to be removed. pk `removal`, sk `<kind>/<id>`; the attributes of `Removal`. Ends
 * when all of it is gone.
 */
export const removalKey = ({ kind, id }: Pick<Removal, 'kind' | 'id'>): StateKey => ({
  pk: removalsKey,
  sk: `${removalPrefix(kind)}${id}`,
});
export const removalsKey = 'removal';
export const removalPrefix = (kind: Removal['kind']): string => `${kind}/`;

/**
 * State table: an erasure that was asked for. pk `erasure`, sk `<topicId>/<erasureId>`, so that one query finds all of a
 * topic, or all there are; the attributes of `Erasure`, of which `progress` M is by partition number, and `ttl` N.
 */
export const erasureKey = ({ topicId, erasureId }: ErasureRef): StateKey => ({
  pk: erasuresKey,
  sk: `${erasurePrefix(topicId)}${erasureId}`,
});
export const erasuresKey = 'erasure';
export const erasurePrefix = (topicId: string): string => `${topicId}/`;

/**
 * State table: an intent. pk `intent/<topicId>/<partition>/<stored key>`, so that each has a partition of the table's own; sk `intent`;
 * the attributes of `Intent`, and `ttl` N, some time after it has expired.
 */
export const intentKey = (ref: IntentRef): StateKey => ({
  pk: `${intentPrefix}${partitionKey(ref)}/${ref.key}`,
  sk: 'intent',
});
export const intentPrefix = 'intent/';

/**
 * State table: a producer for whom the last batch of its partition has no room. pk `producer/<topicId>/<partition>/<stored id>`, sk
 * `producer`; the attributes of `ProducerState`, and `ttl` N.
 */
export const producerKey = (at: PartitionRef, id: string): StateKey => ({
  pk: `${producerPrefix}${partitionKey(at)}/${id}`,
  sk: 'producer',
});
export const producerPrefix = 'producer/';

/**
 * State table: a version of a topic's schema. pk `schema/<topicId>`, so that who produces can be let read these alone; sk its number in
 * six digits, `/`, its id; the attributes of `SchemaVersion`.
 */
export const schemaKey = (topicId: string, { version, schemaId }: SchemaRef): StateKey => ({
  pk: schemasKey(topicId),
  sk: `${String(version).padStart(6, '0')}/${schemaId}`,
});
export const schemasKey = (topicId: string): string => `schema/${topicId}`;

/** State table: where the sweep got to. pk `sweep`, sk `place`; the attributes of `SweepPlace`. */
export const sweepPlaceKey: StateKey = { pk: 'sweep', sk: 'place' };
