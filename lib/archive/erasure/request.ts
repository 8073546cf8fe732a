import { type Erasure, keyHashOf, pendingPartitions } from '../../domain/archive/erasures.ts';
import { concurrently } from '../../domain/concurrently.ts';
import { Problem } from '../../domain/errors.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import { partitionsOf, refuseWhileDeleted, type Topic } from '../../domain/topics.ts';
import type { ArchiveQueue } from '../../stores/archive-queue.ts';
import type { ErasureStore } from '../../stores/erasures.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { newId } from '../../surroundings/ids.ts';
import type { Random } from '../../surroundings/random.ts';

export interface RequestErasureDeps {
  readonly erasures: Pick<ErasureStore, 'put' | 'get'>;
  /** Absent: the next sweep has the archiver look. */
  readonly archiveQueue?: ArchiveQueue;
  readonly reader: { endOffset(at: PartitionRef): Promise<number> };
  readonly clock: Clock;
  readonly random: Random;
}

const endsAtOnce = 16;
const looksEveryMs = 200;

/**
 * Asks for every record of a key, that the topic has now, to be erased from the archive: writes that down, and has the archiver
 * look at each partition. A record of the key may be in any of them, by an explicit partition or from when there were fewer.
 * @throws Problem `conflict` for a topic that is being deleted, or whose records are not archived.
 */
export const requestErasure = async (
  deps: RequestErasureDeps,
  topic: Topic,
  key: string,
): Promise<Erasure> => {
  refuseWhileDeleted(topic);
  const { topicId, name } = topic;
  if (!topic.archive) {
    throw new Problem(
      'conflict',
      `Records are erased from the archive, and those of topic "${name}" stay out of it: set "archive": true first. Nothing was changed.`,
    );
  }
  const ends = await concurrently(endsAtOnce, partitionsOf(topic), (at) => deps.reader.endOffset(at));
  const erasure: Erasure = {
    erasureId: newId(deps.random),
    topicId,
    topic: name,
    keyHash: keyHashOf(key),
    requestedAt: deps.clock.now(),
    ends,
    progress: {},
  };
  await deps.erasures.put(erasure);
  // What does not get there the next sweep sends.
  const tasks = pendingPartitions(erasure).map((partition) => ({ topic: name, topicId, partition }));
  if (tasks.length > 0) await deps.archiveQueue?.send(tasks);
  return erasure;
};

/** The erasure as it is when it is done, or after `waitMs`. */
export const awaitErasure = async (
  { erasures, clock }: Pick<RequestErasureDeps, 'erasures' | 'clock'>,
  erasure: Erasure,
  waitMs: number,
): Promise<Erasure> => {
  const until = clock.monotonic() + waitMs;
  for (let found = erasure; ; ) {
    found = (await erasures.get(erasure)) ?? found;
    const leftMs = until - clock.monotonic();
    if (pendingPartitions(found).length === 0 || leftMs <= 0) return found;
    await clock.sleep(Math.min(looksEveryMs, leftMs));
  }
};
