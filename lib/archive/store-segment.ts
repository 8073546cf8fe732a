import { hash } from 'node:crypto';
import { objectName, type Segment } from '../domain/segments.ts';
import { newId } from '../surroundings/ids.ts';
import type { ArchiverDeps } from './deps.ts';
import { DamagedSegmentError, type WrittenSegment } from './format.ts';
import { RecordDigest } from './record-digest.ts';
import { recordsOf } from './records-of.ts';

export type StoreDeps = Pick<ArchiverDeps, 'objects' | 'format' | 'random'>;

/** What is known of a segment before it is written. */
export type SegmentFacts = Omit<Segment, 'records' | 'object' | 'objectBytes' | 'footerBytes' | 'checksum'>;

/** A segment as it was written, and the digest of its records. */
export interface Written {
  readonly written: WrittenSegment;
  readonly digest: string;
}

/**
 * Stores a segment as an object of the archive, under a name that no other attempt has, and reads it back: what comes back has
 * the bytes, and the records, that went in. Until a manifest names it nobody knows of it.
 * @returns what to put into the manifest.
 * @throws DamagedSegmentError when it does not come back as it was.
 */
export const storeSegment = async (
  deps: StoreDeps,
  { topic, partition }: { readonly topic: string; readonly partition: number },
  facts: SegmentFacts,
  { written, digest }: Written,
): Promise<Segment> => {
  const { start, end } = facts;
  const { body, footerBytes, records } = written;
  const segment: Segment = {
    ...facts,
    records,
    object: objectName({ topic, partition, start, end, attempt: newId(deps.random) }),
    objectBytes: body.length,
    footerBytes,
    checksum: checksumOf(body),
  };
  await deps.objects.put(segment.object, body);
  await verify(deps, segment, digest);
  return segment;
};

const checksumOf = (body: Uint8Array): string => hash('sha256', body, 'base64');

/** Reads what was stored, as every reader will, before anything is deleted that it stands for. */
const verify = async (deps: StoreDeps, segment: Segment, digest: string): Promise<void> => {
  const { object, objectBytes, records } = segment;
  const body = await deps.objects.read(object, { from: 0, to: objectBytes });
  const failed = (what: string): Error =>
    new DamagedSegmentError(`The object ${object} came back with ${what}.`);
  if (checksumOf(body) !== segment.checksum) throw failed('other bytes than were stored');
  const read = new RecordDigest();
  let count = 0;
  for await (const group of recordsOf(deps.format, segment, body)) {
    read.add(group);
    count += group.length;
  }
  if (count !== records || read.text() !== digest) throw failed('other records');
};
