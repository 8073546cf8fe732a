import { Problem } from './errors.ts';
import { limits } from './limits.ts';
import type { PartitionRef } from './records/records.ts';
import type { TopicSchema } from './schemas.ts';

export interface TopicSettings {
  readonly partitions: number;
  /** By the time of the append. null: kept for ever. */
  readonly retentionHours: number | null;
  /** Bytes of stored records of each partition, as Kafka's `retention.bytes`. null, or absent as in topics of older versions: any. */
  readonly retentionBytes?: number | null;
  /** Whether records go to the archive; otherwise they stay in the log table for as long as they are kept. */
  readonly archive: boolean;
  /** What becomes of records in the archive; absent, as in topics of older versions: `delete`. */
  readonly cleanup?: Cleanup;
}

/**
 * `delete`: retention alone takes records away. `compact`: of the records of a key the last one stays, as in Kafka; retention, where
 * there is one, takes away what is too old all the same.
 */
export type Cleanup = 'delete' | 'compact';

export interface Topic extends TopicSettings {
  readonly name: string;
  /** Unique for ever: a topic deleted and created again has another. */
  readonly topicId: string;
  /** Wall clock ms. */
  readonly createdAt: number;
  /** Grows by one with each change. */
  readonly version: number;
  /** Absent until it has one. */
  readonly schema?: TopicSchema;
  /** When it got more partitions in the last days, and how many it had until then, in that order; absent: never. */
  readonly grown?: readonly Growth[];
  /** Wall clock ms. It is being deleted since, which nothing can stop: nothing else of it changes any more. */
  readonly deletingSince?: number;
}

/** Records of a key may go to another partition since, and a request that is sent again must not. */
export interface Growth {
  /** Partitions until then. */
  readonly from: number;
  /** Wall clock ms. */
  readonly at: number;
}

/** A topic as it is created. */
export type NewTopic = Omit<Topic, 'version' | 'schema' | 'deletingSince' | 'grown'>;

/** What can change of a topic. */
export type TopicChange = Partial<TopicSettings & Pick<Topic, 'schema' | 'deletingSince' | 'grown'>>;

export const topicDefaults: TopicSettings = {
  partitions: 8,
  retentionHours: 168,
  retentionBytes: null,
  archive: true,
  cleanup: 'delete',
};

/** Every partition of a topic, in order of number. */
export const partitionsOf = ({
  topicId,
  partitions,
}: Pick<Topic, 'topicId' | 'partitions'>): PartitionRef[] =>
  Array.from({ length: partitions }, (_, partition) => ({ topicId, partition }));

/** `grown` of a topic that gets more partitions at `now`, without what is no longer worth knowing. */
export const grownAt = (
  { partitions, grown = [] }: Pick<Topic, 'partitions' | 'grown'>,
  now: number,
): readonly Growth[] => [
  ...grown.filter(({ at }) => now - at < 2 * limits.idempotencyMs),
  { from: partitions, at: now },
];

/** @throws Problem `invalid_request` for settings that do not go together. */
export const checkTogether = ({ archive, cleanup }: TopicSettings): void => {
  if (archive || cleanup !== 'compact') return;
  const message = 'Records are compacted in the archive: "compact" needs "archive": true.';
  throw new Problem('invalid_request', `The settings do not go together. ${message}`, {
    errors: [{ path: 'cleanup', message }],
  });
};

/** @throws Problem `conflict` for a topic that is being deleted. */
export const refuseWhileDeleted = ({ name, deletingSince }: Topic): void => {
  if (deletingSince === undefined) return;
  throw new Problem(
    'conflict',
    `Topic "${name}" is being deleted, which takes some seconds, or some minutes where it has to be taken up again. Nothing was changed; try again when it is gone.`,
  );
};
