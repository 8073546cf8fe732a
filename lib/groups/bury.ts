import { Problem } from '../domain/errors.ts';
import { type DeadLettered, recordDeadLettered, type Told } from '../domain/events/events.ts';
import {
  type DeadLetter,
  deadLetterKey,
  deadLetterTopicName,
  deadRecord,
} from '../domain/groups/dead-letters.ts';
import { storedKey } from '../domain/idempotency/keys.ts';
import type { LogRecord, PartitionRef } from '../domain/records/records.ts';
import type { SystemEvents } from '../events/system-events.ts';
import type { Appender } from '../log/append/appender.ts';
import type { TopicDirectory } from '../topics/directory.ts';

export interface BuryDeps {
  readonly directory: Pick<TopicDirectory, 'resolve'>;
  readonly appender: Pick<Appender, 'append'>;
  readonly systemEvents: SystemEvents;
}

/** A record that is given up, with where it stands and what is said of it. */
export interface Burial extends Omit<DeadLetter, 'group'> {
  readonly record: LogRecord;
  readonly at: PartitionRef;
}

/**
 * Appends a record to the group's dead letters, once however often this is done: the append is keyed by where the record stands. Then tells it:
 * whoever dies in between is to do both again.
 * @throws what the append throws, and Problem `topic_not_found` where the topic of the dead letters was deleted.
 */
export const buryRecord = async (
  { directory, appender, systemEvents }: BuryDeps,
  group: Told,
  { at, ...letter }: Burial,
): Promise<void> => {
  const dead = await directory.resolve(deadLetterTopicName(group.topic, group.name));
  const to = { topicId: dead.topicId, partition: at.partition % dead.partitions };
  const key = storedKey(deadLetterKey(group.groupId, at, letter.record.offset));
  let base: number | undefined;
  try {
    ({ base } = await appender.append(to, [deadRecord({ ...letter, group: group.name })], { key }));
  } catch (error) {
    // The same record was a dead letter before, for another reason: as after a seek. One is enough.
    if (!(error instanceof Problem && error.code === 'idempotency_mismatch')) throw error;
  }
  const place = { topic: dead.name, partition: to.partition, ...(base !== undefined && { offset: base }) };
  await systemEvents.tell(recordDeadLettered(group, toldOf({ at, ...letter }, place)));
};

const toldOf = ({ at, record, topic, ...letter }: Burial, dead: DeadLettered['dead']): DeadLettered => ({
  at: letter.since,
  topicId: at.topicId,
  from: topic,
  partition: record.partition,
  offset: record.offset,
  deliveries: letter.deliveries,
  reason: letter.reason,
  dead,
});
