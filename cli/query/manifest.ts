import { segmentsFrom } from '../../lib/archive/segments-from.ts';
import type { Segment } from '../../lib/domain/archive/segments.ts';
import type { Topic } from '../../lib/domain/topics.ts';
import { type PartitionStore, untouchedPartition } from '../../lib/stores/partitions.ts';
import type { SegmentStore } from '../../lib/stores/segments.ts';
import { allTopics, type TopicStore } from '../../lib/stores/topics.ts';

export interface ManifestStores {
  readonly topics: Pick<TopicStore, 'list'>;
  readonly partitions: Pick<PartitionStore, 'list'>;
  readonly segments: Pick<SegmentStore, 'floor' | 'list'>;
}

/** What the manifest says of one partition. */
export interface ArchivedPartition {
  readonly partition: number;
  /** The oldest offset that is still readable: the first segment may begin below it. */
  readonly startOffset: number;
  readonly segments: readonly Segment[];
}

/** The archive of a topic: partitions of which nothing is archived are left out. */
export interface ArchivedTopic {
  readonly name: string;
  readonly partitions: readonly ArchivedPartition[];
}

const archiveOf = async (stores: ManifestStores, topic: Topic): Promise<ArchivedTopic> => {
  const { name, topicId } = topic;
  const states = await stores.partitions.list(topicId);
  const partitions: ArchivedPartition[] = [];
  for (let partition = 0; partition < topic.partitions; partition += 1) {
    const { startOffset, archivedThrough } = states.get(partition) ?? untouchedPartition;
    if (archivedThrough <= startOffset) continue;
    const segments: Segment[] = [];
    // What retention let go of is in the manifest for a moment more.
    for await (const segment of segmentsFrom(stores.segments, { topicId, partition }, startOffset))
      if (segment.end > startOffset) segments.push(segment);
    if (segments.length > 0) partitions.push({ partition, startOffset, segments });
  }
  return { name, partitions };
};

/** The archive of every topic that is not being deleted, by the manifest: what it does not name is none of the log's. */
export const readManifest = async (stores: ManifestStores): Promise<readonly ArchivedTopic[]> => {
  const archived: ArchivedTopic[] = [];
  for await (const topic of allTopics(stores.topics))
    if (topic.deletingSince === undefined) archived.push(await archiveOf(stores, topic));
  return archived;
};
