import type { PartitionRef } from '../../domain/records/records.ts';
import type { Topic } from '../../domain/topics.ts';
import type { PartitionState } from '../../stores/partitions.ts';
import { type RewriteDeps, rewriteSegment } from '../compaction/rewrite.ts';
import type { ArchiverDeps, ArchiverRun } from '../deps.ts';
import { segmentsFrom } from '../segments-from.ts';
import type { ErasureSelection } from './selection.ts';

export type EraseDeps = RewriteDeps & Pick<ArchiverDeps, 'erasures'>;

/** Kept for what is under way when time is up: one segment, read, written and verified. */
const endingMs = 60_000;

/**
 * Takes what is to be erased from the segments of a partition, and notes for each erasure how far it is. It is done there when
 * all that was there when it was asked for is archived, and no segment has any of it. What is not archived yet is left out
 * when it is (`sealNext`). May be repeated after a crash at any point; records are then counted by the run that got through.
 * @param state as it was before: every segment below its `archivedThrough` is seen.
 */
export const erasePartition = async (
  deps: EraseDeps,
  topic: Pick<Topic, 'name'>,
  at: PartitionRef,
  { archivedThrough, startOffset }: PartitionState,
  selection: ErasureSelection,
  run: ArchiverRun,
): Promise<void> => {
  if (selection.pending.length === 0) return;
  const isWhole = await rewriteAll(deps, topic, at, startOffset, selection, run);
  for (const erasure of selection.pending) {
    const erased = (erasure.progress[at.partition]?.erased ?? 0) + selection.taken(erasure);
    const end = erasure.ends[at.partition] ?? 0;
    const isDone = isWhole && Math.max(archivedThrough, startOffset) >= end;
    if (isDone || selection.taken(erasure) > 0)
      await deps.erasures.note(erasure, at.partition, { erased, isDone });
  }
};

/** False when there was no time for all, or another archiver has replaced one meanwhile. */
const rewriteAll = async (
  deps: EraseDeps,
  topic: Pick<Topic, 'name'>,
  at: PartitionRef,
  startOffset: number,
  selection: ErasureSelection,
  run: ArchiverRun,
): Promise<boolean> => {
  for await (const segment of segmentsFrom(deps.segments, at, startOffset)) {
    if (segment.start >= selection.end) break;
    if (run.remainingMs() < endingMs) return false;
    const erased = await rewriteSegment(deps, { topic: topic.name, at }, segment, selection.keeps);
    if (erased === undefined) return false;
  }
  return true;
};
