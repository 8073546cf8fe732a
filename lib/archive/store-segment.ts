import { hash } from 'node:crypto';
import { objectName, type Segment } from '../domain/archive/segments.ts';
import { newId } from '../surroundings/ids.ts';
import type { ArchiverDeps } from './deps.ts';
import { DamagedSegmentError, type WrittenSegment } from './format.ts';

export type StoreDeps = Pick<ArchiverDeps, 'objects' | 'format' | 'random'>;

/** What is known of a segment before it is written. */
export type SegmentFacts = Omit<Segment, 'records' | 'object' | 'objectBytes' | 'footerBytes' | 'checksum'>;

/**
 * Stores a segment as an object of the archive, under a name that no other attempt has, and reads it back: what comes back are
 * the bytes whose records its writer has read again. Until a manifest names it nobody knows of it.
 * @returns what to put into the manifest.
 * @throws DamagedSegmentError when it does not come back as it was.
 */
export const storeSegment = async (
  deps: StoreDeps,
  { topic, partition }: { readonly topic: string; readonly partition: number },
  facts: SegmentFacts,
  { body, footerBytes, records }: WrittenSegment,
): Promise<Segment> => {
  const { start, end } = facts;
  const segment: Segment = {
    ...facts,
    records,
    object: objectName({ topic, partition, start, end, attempt: newId(deps.random) }),
    objectBytes: body.length,
    footerBytes,
    checksum: checksumOf(body),
  };
  await deps.objects.put(segment.object, body);
  await verify(deps, segment);
  return segment;
};

const checksumOf = (body: Uint8Array): string => hash('sha256', body, 'base64');

/** Reads what was stored, before anything is deleted that it stands for. */
const verify = async ({ objects }: StoreDeps, { object, objectBytes, checksum }: Segment): Promise<void> => {
  const body = await objects.read(object, { from: 0, to: objectBytes });
  if (checksumOf(body) !== checksum)
    throw new DamagedSegmentError(`The object ${object} came back with other bytes than were stored.`);
};
