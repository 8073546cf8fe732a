import type { Segment } from '../../domain/archive/segments.ts';
import type { LogRecord, PartitionRef } from '../../domain/records/records.ts';
import { isTombstone } from '../../domain/records/tombstone.ts';
import type { Topic } from '../../domain/topics.ts';
import type { PartitionState } from '../../stores/partitions.ts';
import type { ArchiverDeps, ArchiverRun } from '../deps.ts';
import { lastBatch } from '../last-batch.ts';
import { recordsOf } from '../records-of.ts';
import { segmentsFrom } from '../segments-from.ts';
import { type RewriteDeps, rewriteSegment } from './rewrite.ts';
import { type CompactionRules, compactionRules } from './rules.ts';

export type CompactDeps = RewriteDeps & Pick<ArchiverDeps, 'batches' | 'partitions' | 'clock' | 'compaction'>;

/** Kept for what is under way when time is up: one segment, read, written and verified. */
const endingMs = 60_000;

/**
 * Compacts the archive of a partition when half of it or more was archived since it was compacted last: of the records of a key
 * the last one stays, and of tombstones those of the last day. What is not archived yet counts for nothing. Offsets stay, those of the
 * records that went are missing. May be repeated after a crash at any point, and be done by several at once.
 *
 * It reads what is new, and remembers the last offset of each key there; then it rewrites every segment up to there in which
 * something is superseded. A record goes only after a later one of its key was read from the archive.
 * @returns how many records went.
 */
export const compactPartition = async (
  deps: CompactDeps,
  topic: Pick<Topic, 'name'>,
  at: PartitionRef,
  state: PartitionState,
  run: ArchiverRun,
): Promise<number> => {
  if (state.archivedThrough <= state.compactedThrough) return 0;
  const segments: Segment[] = [];
  for await (const segment of segmentsFrom(deps.segments, at, state.startOffset)) segments.push(segment);
  const dirty = segments.filter(({ start }) => start >= state.compactedThrough);
  const clean = segments.filter(({ start }) => start < state.compactedThrough);
  if (dirty.length === 0 || bytesOf(dirty) < bytesOf(clean)) return 0;
  const rules = deps.compaction ?? compactionRules;
  const { latest, through } = await readLatest(deps, rules, dirty, run);
  const oldest = (await lastBatch(deps, at)).now - rules.tombstoneMs;
  const isKept = (record: LogRecord): boolean =>
    !latest.supersedes(record) && !(isTombstone(record) && record.appendedAt < oldest);
  let removed = 0;
  for (const segment of segments.filter(({ start }) => start < through)) {
    // The next run begins anew, and finds less to do.
    if (run.remainingMs() < endingMs) return removed;
    const gone = await rewriteSegment(deps, { topic: topic.name, at }, segment, isKept);
    // Another was there first, who may not know of what supersedes some of it: a tombstone must not go before that has.
    if (gone === undefined) return removed;
    removed += gone;
  }
  await deps.partitions.advance(at, 'compactedThrough', through);
  return removed;
};

const bytesOf = (segments: readonly Segment[]): number =>
  segments.reduce((sum, { objectBytes }) => sum + objectBytes, 0);

/** The last offset of each key in these segments, as many of them as there is room and time for, the first in any case. */
const readLatest = async (
  { objects, format }: CompactDeps,
  rules: CompactionRules,
  dirty: readonly Segment[],
  run: ArchiverRun,
): Promise<{ readonly latest: ReturnType<CompactionRules['latest']>; readonly through: number }> => {
  const latest = rules.latest();
  let through = 0;
  // Half of the time is for writing.
  const enoughMs = run.remainingMs() / 2;
  for (const segment of dirty) {
    if (through > 0 && (latest.isFull || run.remainingMs() < enoughMs)) break;
    const body = await objects.read(segment.object, { from: 0, to: segment.objectBytes });
    for await (const group of recordsOf(format, segment, body)) latest.add(group);
    through = segment.end;
  }
  return { latest, through };
};
