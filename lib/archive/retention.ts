import type { Segment } from '../domain/archive/segments.ts';
import { batchEnd, bytesThrough, closesPartition } from '../domain/records/batches.ts';
import type { PartitionRef } from '../domain/records/records.ts';
import type { Topic } from '../domain/topics.ts';
import type { PartitionState } from '../stores/partitions.ts';
import type { ArchiverDeps, ArchiverRun } from './deps.ts';
import { lastBatch } from './last-batch.ts';
import { segmentsFrom } from './segments-from.ts';

type RetentionDeps = Pick<ArchiverDeps, 'batches' | 'partitions' | 'segments' | 'objects' | 'clock'>;

const segmentsAtOnce = 100;
const batchesAtOnce = 25;
const hourMs = 3_600_000;

/** A run of records that goes or stays as a whole: a segment or a batch. */
export interface Aged {
  /** Of the last record, wall clock ms. */
  readonly lastAppendedAt: number;
  /** Bytes of `data` of the partition up to its end. */
  readonly bytesThrough: number;
}

/**
 * Whether a topic lets go of a run of records: it is older than the retention, or what comes after it alone has all the
 * bytes that are to be kept, as Kafka has it of a segment.
 * @param endBytes bytes of `data` of the partition up to its end; undefined where that is not known, and nothing goes for it.
 */
export const isExpired = (
  { retentionHours, retentionBytes }: Pick<Topic, 'retentionHours' | 'retentionBytes'>,
  { lastAppendedAt, bytesThrough: through }: Aged,
  { now, endBytes }: { readonly now: number; readonly endBytes: number | undefined },
): boolean =>
  (retentionHours !== null && now - lastAppendedAt >= retentionHours * hourMs) ||
  (retentionBytes != null && endBytes !== undefined && endBytes - through >= retentionBytes);

export const agedSegment = ({ lastAppendedAt, bytesBefore, bytes }: Segment): Aged => ({
  lastAppendedAt,
  bytesThrough: bytesBefore + bytes,
});

/**
 * Lets go of what a topic's retention does not keep: moves the start offset past it, and then deletes the segments below that
 * from the manifest, and their objects. Batches below it are for `trimBatches`. May be repeated after a crash at any
 * point: until the start offset has moved nothing is deleted, and afterwards nobody reads what is.
 * @returns the start offset.
 */
export const retain = async (
  deps: RetentionDeps,
  topic: Pick<Topic, 'retentionHours' | 'retentionBytes'>,
  at: PartitionRef,
  state: PartitionState,
  run: ArchiverRun,
): Promise<number> => {
  const startOffset = Math.max(state.startOffset, await firstKept(deps, topic, at, state));
  if (startOffset > state.startOffset) await deps.partitions.advance(at, 'startOffset', startOffset);
  await deleteSegments(deps, at, startOffset, run);
  return startOffset;
};

/** The first offset that is not let go of, as far as one run looks. */
const firstKept = async (
  deps: RetentionDeps,
  topic: Pick<Topic, 'retentionHours' | 'retentionBytes'>,
  at: PartitionRef,
  { startOffset, archivedThrough }: PartitionState,
): Promise<number> => {
  if (topic.retentionHours === null && topic.retentionBytes == null) return startOffset;
  const { batches, segments } = deps;
  const { last, now } = await lastBatch(deps, at);
  if (last === undefined) return startOffset;
  const state = { now, endBytes: bytesThrough(last) };
  let kept = startOffset;
  if (kept < archivedThrough) {
    for await (const segment of segmentsFrom(segments, at, kept)) {
      // A gap would be a fault of the manifest: better to keep all.
      if (segment.start > kept || segment.end <= kept) return kept;
      if (!isExpired(topic, agedSegment(segment), state)) return kept;
      kept = segment.end;
    }
    if (kept < archivedThrough) return kept;
  }
  for (;;) {
    const page = await batches.range(at, { from: kept, limit: batchesAtOnce, consistent: true });
    for (const batch of page.batches) {
      // It may begin before the start offset, which then stands in its middle for once.
      if (batch.base !== kept || closesPartition(batch)) return kept;
      const aged = { lastAppendedAt: batch.appendedAt, bytesThrough: bytesThrough(batch) };
      if (!isExpired(topic, aged, state)) return kept;
      kept = batchEnd(batch);
    }
    if (!page.more) return kept;
  }
};

/** Deletes the segments that end at or below `startOffset`, oldest first, late copies of former ones among them. */
const deleteSegments = async (
  { segments, objects }: RetentionDeps,
  at: PartitionRef,
  startOffset: number,
  run: ArchiverRun,
): Promise<void> => {
  // The first tells whether there is anything to do, which mostly there is not.
  for (let limit = 1; ; limit = segmentsAtOnce) {
    const page = await segments.list(at, { from: 0, limit });
    const going = page.filter(({ end }) => end <= startOffset);
    for (const segment of going) {
      if (run.remainingMs() <= 0) return;
      await segments.delete(at, segment);
    }
    if (going.length > 0) await objects.delete(going.map(({ object }) => object));
    if (going.length < limit) return;
  }
};
