import { Problem } from '../domain/errors.ts';
import {
  type DeadLetter,
  deadLetterKey,
  deadLetterTopicName,
  deadRecord,
} from '../domain/groups/dead-letters.ts';
import type { Group } from '../domain/groups/groups.ts';
import { storedKey } from '../domain/idempotency/keys.ts';
import type { LogRecord, PartitionRef } from '../domain/records/records.ts';
import type { Appender } from '../log/append/appender.ts';
import type { TopicDirectory } from '../topics/directory.ts';

export interface BuryDeps {
  readonly directory: Pick<TopicDirectory, 'resolve'>;
  readonly appender: Pick<Appender, 'append'>;
}

/** A record that is given up, with where it stands and what is said of it. */
export interface Burial extends Omit<DeadLetter, 'group'> {
  readonly record: LogRecord;
  readonly at: PartitionRef;
}

/**
 * Appends a record to the group's dead letters, once however often this is done: the append is keyed by where the record stands.
 * @throws what the append throws, and Problem `topic_not_found` where the topic of the dead letters was deleted.
 */
export const buryRecord = async (
  { directory, appender }: BuryDeps,
  { groupId, name, topic }: Pick<Group, 'groupId' | 'name' | 'topic'>,
  { at, ...letter }: Burial,
): Promise<void> => {
  const dead = await directory.resolve(deadLetterTopicName(topic, name));
  const to = { topicId: dead.topicId, partition: at.partition % dead.partitions };
  const key = storedKey(deadLetterKey(groupId, at, letter.record.offset));
  try {
    await appender.append(to, [deadRecord({ ...letter, group: name })], { key });
  } catch (error) {
    // The same record was a dead letter before, for another reason: as after a seek. One is enough.
    if (!(error instanceof Problem && error.code === 'idempotency_mismatch')) throw error;
  }
};
