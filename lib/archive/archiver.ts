import type { ArchiveTask } from '../domain/archive/archive-tasks.ts';
import type { PartitionRef } from '../domain/records/records.ts';
import type { Topic } from '../domain/topics.ts';
import { deleteBatches } from '../log/trim.ts';
import type { PartitionState } from '../stores/partitions.ts';
import { compactPartition } from './compaction/compact.ts';
import type { ArchiverDeps, ArchiverRun } from './deps.ts';
import { erasePartition } from './erasure/erase.ts';
import { ErasureSelection } from './erasure/selection.ts';
import { retain } from './retention.ts';
import { sealNext } from './seal.ts';

/** Kept for what is under way when time is up: a segment of the usual size takes seconds. */
const endingMs = 60_000;

/**
 * Does what there is to do in a partition (DESIGN §9): lets go of what retention does not keep, seals and archives one segment
 * after the other while one is due, deletes the batches that are archived or let go of and old enough, takes out what is to
 * be erased, and compacts what is archived. Every step may be repeated after a crash at any point, and taken by several
 * archivers at once. Returns when all is done that can be now, or time is up; what is left the next sweep finds.
 * @throws what failed; calling again does no harm.
 */
export const archivePartition = async (
  deps: ArchiverDeps,
  task: ArchiveTask,
  run: ArchiverRun,
): Promise<void> => {
  const topic = await deps.topics.get(task.topic);
  if (topic?.topicId !== task.topicId || topic.deletingSince !== undefined) return;
  const at = { topicId: task.topicId, partition: task.partition };
  const before = await deps.partitions.get(at);
  const startOffset = await retain(deps, topic, at, before, run);
  const selection = new ErasureSelection(await deps.erasures.list(topic.topicId), at.partition);
  const archivedThrough = topic.archive
    ? await archive(deps, topic, at, { ...before, startOffset }, selection, run)
    : before.archivedThrough;
  const after = { ...before, startOffset, archivedThrough };
  await trimBatches(deps, at, after);
  await erasePartition(deps, topic, at, after, selection, run);
  // Last: it takes the longest, and nobody waits for it.
  if (topic.cleanup === 'compact') await compactPartition(deps, topic, at, after, run);
};

/** Archives what is due, while there is time. Gives how far that got. */
const archive = async (
  deps: ArchiverDeps,
  topic: Topic,
  at: PartitionRef,
  state: PartitionState,
  selection: ErasureSelection,
  run: ArchiverRun,
): Promise<number> => {
  let { archivedThrough } = state;
  while (run.remainingMs() > endingMs) {
    const through = await sealNext(deps, topic, at, { ...state, archivedThrough }, selection.keeps);
    if (through === undefined || through <= archivedThrough) break;
    archivedThrough = through;
  }
  return archivedThrough;
};

/** Deletes the batches below the start offset, and those that the manifest covers, if they are old enough. */
const trimBatches = async (
  { batches, partitions, clock, options }: ArchiverDeps,
  at: PartitionRef,
  { startOffset, archivedThrough, trimmedThrough }: PartitionState,
): Promise<void> => {
  const upTo = Math.max(startOffset, archivedThrough);
  if (upTo <= trimmedThrough) return;
  const deps = { batches, clock, minAgeMs: options.trimMinAgeMs };
  const { through } = await deleteBatches(deps, at, upTo, trimmedThrough);
  if (through > trimmedThrough) await partitions.advance(at, 'trimmedThrough', through);
};
