import type { ArchiveDue } from '../../archive/due.ts';
import { type Erasure, isPending } from '../../domain/archive/erasures.ts';
import { concurrently } from '../../domain/concurrently.ts';
import { partitionsOf, type Topic } from '../../domain/topics.ts';
import type { ArchiveQueue } from '../../stores/archive-queue.ts';
import type { ErasureStore } from '../../stores/erasures.ts';
import type { ObjectStore } from '../../stores/objects.ts';
import { type PartitionStore, untouchedPartition } from '../../stores/partitions.ts';
import type { SegmentStore } from '../../stores/segments.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';
import type { Failures } from './failures.ts';
import type { Ends } from './groups.ts';

export interface SweepArchive {
  /** Lives as long as the process, so that a later sweep reads nothing of a partition in which nothing has changed. */
  readonly due: Pick<ArchiveDue, 'isDue' | 'lateMs'>;
  readonly queue: ArchiveQueue;
  readonly partitions: Pick<PartitionStore, 'get' | 'list'>;
  readonly segments: SegmentStore;
  readonly erasures: Pick<ErasureStore, 'list'>;
  readonly objects: Pick<ObjectStore, 'list' | 'delete'>;
}

const partitionsAtOnce = 16;
/** What the sweep after a segment was due, and the archiver that it calls, may take: nobody is told of it. */
const lateFromMs = 15 * 60_000;

interface SendDeps extends Omit<SweepArchive, 'segments' | 'objects' | 'erasures'> {
  readonly clock: Pick<Clock, 'now'>;
  readonly telemetry: Telemetry;
}

/**
 * Queues a task for each partition of a topic in which the archiver has something to do: one query more, and a few for each
 * partition in which something has changed. What is to be erased waits for its batches to be archived: each sweep has the
 * archiver look. A partition that cannot be read keeps no other from its task. Tells telemetry of a topic whose archive is
 * late.
 */
export const sendTasks = async (
  { due, queue, partitions, clock, telemetry }: SendDeps,
  topic: Topic,
  readEnds: () => Promise<Ends>,
  readErasures: () => Promise<readonly Erasure[]>,
  failures: Failures,
): Promise<void> => {
  const ends = await readEnds();
  const states = await partitions.list(topic.topicId);
  const erasures = (await readErasures()).filter(({ topicId }) => topicId === topic.topicId);
  const now = clock.now();
  const found = await concurrently(partitionsAtOnce, partitionsOf(topic), async (at) => {
    const end = ends[at.partition];
    if (end === undefined) return [];
    const state = states.get(at.partition) ?? untouchedPartition;
    const partition = { at, state, end };
    const isErased = erasures.some((erasure) => isPending(erasure, at.partition));
    return failures.kept(async () => {
      if (!isErased && !(await due.isDue(topic, partition, now))) return [];
      return [{ task: { topic: topic.name, ...at }, lateMs: await due.lateMs(topic, partition, now) }];
    }, []);
  });
  const all = found.flat();
  const ms = all.reduce((most, { lateMs }) => Math.max(most, lateMs), 0);
  if (ms >= lateFromMs) telemetry.record({ kind: 'archive-late', topic: topic.name, ms });
  if (all.length > 0) await queue.send(all.map(({ task }) => task));
};
