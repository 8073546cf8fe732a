import { batchEnd, bytesThrough, closesPartition } from '../domain/records/batches.ts';
import type { LogRecord, PartitionRef } from '../domain/records/records.ts';
import type { Segment } from '../domain/segments.ts';
import type { Topic } from '../domain/topics.ts';
import type { PartitionState } from '../stores/partitions.ts';
import { type TelemetryEvent, undecodableBatch } from '../stores/telemetry.ts';
import type { ArchiverDeps } from './deps.ts';
import { sealableFrom } from './sealable.ts';
import { writeSegment } from './write-segment.ts';

type SealDeps = Omit<ArchiverDeps, 'topics' | 'erasures'>;

/**
 * Seals and archives the next segment of a partition, if one is due: writes it, puts it into the manifest, and moves
 * `archivedThrough` to its end. It may be repeated after a crash at any point, and done by several at once: whichever puts
 * its segment into the manifest first has archived these records, and the others find that.
 * @param isKept false of a record that is to be erased: its offset is missing in the segment.
 * @returns the new `archivedThrough`; undefined when nothing is due.
 * @throws DamagedSegmentError, and what the stores throw.
 */
export const sealNext = async (
  deps: SealDeps,
  topic: Pick<Topic, 'name'>,
  at: PartitionRef,
  state: PartitionState,
  isKept: (record: LogRecord) => boolean,
): Promise<number | undefined> => {
  const from = await beginning(deps, at, state);
  if (from === undefined) return undefined;
  // The archiver that put it there got no further, or is about to.
  const standing = await deps.segments.floor(at, from);
  if (standing?.start === from) return advance(deps, at, standing.end);
  const due = await isDue(deps, at, from);
  if (!due) return undefined;
  const begunAt = deps.clock.now();
  const of = { topic: topic.name, at, isKept };
  const segment = await writeSegment(deps, of, batchesOf(deps, topic, at, from));
  if (segment === undefined) return undefined;
  const named = await deps.segments.add(at, segment);
  // Nobody will ever read it then. If it is not deleted here, the sweep of what no manifest names does it.
  if (named.object !== segment.object) await deps.objects.delete([segment.object]);
  else deps.telemetry.record(archived(topic, at, segment, deps.clock.now() - begunAt));
  return advance(deps, at, named.end);
};

const archived = (
  { name: topic }: Pick<Topic, 'name'>,
  { partition }: PartitionRef,
  { start, end, records, bytes, objectBytes }: Segment,
  ms: number,
): TelemetryEvent => ({
  kind: 'archived',
  topic,
  partition,
  start,
  end,
  records,
  bytes,
  objectBytes,
  ms,
});

const advance = async ({ partitions }: SealDeps, at: PartitionRef, end: number): Promise<number> => {
  await partitions.advance(at, 'archivedThrough', end);
  return end;
};

/** Where the next segment begins: where the last one ends, or with the batch of the start offset where that is later. */
const beginning = async (
  { batches }: SealDeps,
  at: PartitionRef,
  { archivedThrough, startOffset }: PartitionState,
): Promise<number | undefined> => {
  if (startOffset <= archivedThrough) return archivedThrough;
  const covering = await batches.floor(at, startOffset, true);
  if (covering === undefined) return undefined;
  return Math.max(archivedThrough, batchEnd(covering) > startOffset ? covering.base : batchEnd(covering));
};

const isDue = async (
  { batches, clock, options }: SealDeps,
  at: PartitionRef,
  from: number,
): Promise<boolean> => {
  const { batches: found } = await batches.range(at, { from, limit: 1, consistent: true });
  const [first] = found;
  if (first === undefined || closesPartition(first)) return false;
  if (clock.now() - first.appendedAt >= options.segmentMaxAgeMs) return true;
  const last = await batches.last(at);
  return last !== undefined && bytesThrough(last) - first.bytesBefore >= options.segmentMaxBytes;
};

const batchesOf = (
  deps: SealDeps,
  { name }: Pick<Topic, 'name'>,
  at: PartitionRef,
  from: number,
): ReturnType<typeof sealableFrom> =>
  sealableFrom(
    {
      ...deps,
      onUndecodable: (error) =>
        deps.telemetry.record(undecodableBatch(error, { topic: name, topicId: at.topicId })),
    },
    at,
    from,
  );
