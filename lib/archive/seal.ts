import type { Segment } from '../domain/archive/segments.ts';
import { batchEnd, bytesThrough, closesPartition } from '../domain/records/batches.ts';
import type { LogRecord, PartitionRef } from '../domain/records/records.ts';
import type { Topic } from '../domain/topics.ts';
import type { PartitionState } from '../stores/partitions.ts';
import { type TelemetryEvent, undecodableBatch } from '../surroundings/telemetry.ts';
import type { ArchiverDeps } from './deps.ts';
import { sealableFrom } from './sealable.ts';
import { writeSegment } from './write-segment.ts';

type SealDeps = Omit<ArchiverDeps, 'topics' | 'erasures'>;

/**
 * Seals and archives the next segment of a partition, if one is due: writes it, makes it the newest one, puts it into the
 * manifest, and moves `archivedThrough` to its end. It may be repeated after a crash at any point, and done by several at
 * once: whichever makes its segment the newest, after the one that it goes on from, has archived these records, and the others
 * find that. So all go on from one end, whatever they believed before.
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
  const newest = await deps.segments.newest(at);
  // Whoever sealed it got no further, or is about to.
  if (newest !== undefined && newest.end > state.archivedThrough) return name(deps, at, newest);
  const from = await beginning(deps, at, state);
  if (from === undefined) return undefined;
  const due = await isDue(deps, at, from);
  if (!due) return undefined;
  const begunAt = deps.clock.now();
  const of = { topic: topic.name, at, isKept };
  const segment = await writeSegment(deps, of, batchesOf(deps, topic, at, from));
  if (segment === undefined) return undefined;
  if (!(await deps.segments.seal(at, segment, newest))) return yieldTo(deps, at, segment);
  const through = await name(deps, at, segment);
  deps.telemetry.record(archived(topic, at, segment, deps.clock.now() - begunAt));
  return through;
};

/**
 * Goes on from the segment that another archiver made the newest. That may have been after this one's was: a repeated request
 * is answered by what it finds. Then the manifest has this one's, since nobody seals behind a segment that it has not. Otherwise
 * nobody will ever read it; what is not deleted here, the sweep of what no manifest names deletes.
 */
const yieldTo = async (deps: SealDeps, at: PartitionRef, own: Segment): Promise<number | undefined> => {
  const newest = await deps.segments.newest(at);
  const isNamed = (await deps.segments.floor(at, own.start))?.object === own.object;
  if (!isNamed && newest?.object !== own.object) await deps.objects.delete([own.object]);
  return newest && name(deps, at, newest);
};

/** Puts the newest segment into the manifest, unless it is there or has been, and moves `archivedThrough`. */
const name = async (
  { segments, partitions }: SealDeps,
  at: PartitionRef,
  segment: Segment,
): Promise<number> => {
  await segments.add(at, segment);
  await partitions.advance(at, 'archivedThrough', segment.end);
  return segment.end;
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
