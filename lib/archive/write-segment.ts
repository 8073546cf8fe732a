import { hash } from 'node:crypto';
import { type Batch, batchEnd, latestTimestamp } from '../domain/records/batches.ts';
import type { PartitionRef } from '../domain/records/records.ts';
import { objectName, type Segment } from '../domain/segments.ts';
import { newId } from '../stores/ids.ts';
import type { ArchiverDeps } from './deps.ts';
import { DamagedSegmentError, type WrittenSegment } from './format.ts';
import { RecordDigest } from './record-digest.ts';
import type { Sealable } from './sealable.ts';

type WriteDeps = Pick<ArchiverDeps, 'objects' | 'format' | 'random'>;

/** A run of batches, as it is put together. */
interface Run {
  readonly first: Batch;
  readonly last: Batch;
  readonly digest: string;
  readonly written: WrittenSegment;
}

/**
 * Writes a run of batches as an object of the archive, and reads it back: what comes back has the bytes, and the records, that
 * went in. Until the manifest names it nobody knows of it.
 * @returns what to put into the manifest; undefined when there is nothing to write.
 * @throws DamagedSegmentError when it does not come back as it was.
 */
export const writeSegment = async (
  deps: WriteDeps,
  { topic, at }: { readonly topic: string; readonly at: PartitionRef },
  batches: AsyncIterable<Sealable>,
): Promise<Segment | undefined> => {
  const run = await collect(deps, { topic, at }, batches);
  if (run === undefined) return undefined;
  const { first, last, written } = run;
  const [start, end] = [first.base, batchEnd(last)];
  const object = objectName({ topic, partition: at.partition, start, end, attempt: newId(deps.random) });
  const segment: Segment = {
    start,
    end,
    records: written.records,
    bytes: last.bytesBefore + last.data.length - first.bytesBefore,
    bytesBefore: first.bytesBefore,
    object,
    objectBytes: written.body.length,
    footerBytes: written.footerBytes,
    checksum: checksumOf(written.body),
    firstAppendedAt: first.appendedAt,
    lastAppendedAt: last.appendedAt,
    maxTimestamp: latestTimestamp(last),
  };
  await deps.objects.put(object, written.body);
  await verify(deps, segment, run.digest);
  return segment;
};

const checksumOf = (body: Uint8Array): string => hash('sha256', body, 'base64');

const collect = async (
  { format }: WriteDeps,
  { topic, at }: { readonly topic: string; readonly at: PartitionRef },
  batches: AsyncIterable<Sealable>,
): Promise<Run | undefined> => {
  const digest = new RecordDigest();
  let first: Batch | undefined;
  let last: Batch | undefined;
  let writer: ReturnType<typeof format.writer> | undefined;
  for await (const { batch, records } of batches) {
    first ??= batch;
    last = batch;
    writer ??= format.writer({ topic, ...at, start: batch.base });
    writer.add(records);
    digest.add(records);
  }
  if (first === undefined || last === undefined || writer === undefined) return undefined;
  return { first, last, digest: digest.text(), written: writer.finish(batchEnd(last)) };
};

/** Reads what was stored, as every reader will, before the batches may be deleted that it stands for. */
const verify = async ({ objects, format }: WriteDeps, segment: Segment, digest: string): Promise<void> => {
  const { object, objectBytes, footerBytes } = segment;
  const body = await objects.read(object, { from: 0, to: objectBytes });
  const failed = (what: string): Error =>
    new DamagedSegmentError(`The object ${object} came back with ${what}.`);
  if (checksumOf(body) !== segment.checksum) throw failed('other bytes than were stored');
  const index = format.readIndex(body.subarray(objectBytes - footerBytes), objectBytes);
  if (index.about.start !== segment.start || index.end !== segment.end) throw failed('other offsets');
  const read = new RecordDigest();
  let records = 0;
  for (const [number, { bytes }] of index.groups.entries()) {
    const group = await format.readRowGroup(index, number, body.subarray(bytes.from, bytes.to));
    read.add(group);
    records += group.length;
  }
  if (records !== segment.records || read.text() !== digest) throw failed('other records');
};
