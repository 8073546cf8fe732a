import type { Segment } from '../domain/archive/segments.ts';
import type { LogRecord } from '../domain/records/records.ts';
import { DamagedSegmentError, type SegmentDecoding } from './format.ts';

/**
 * All records of a segment whose object was read whole, one row group after the other.
 * @throws DamagedSegmentError when the object is not what the manifest says.
 */
export async function* recordsOf(
  format: SegmentDecoding,
  { object, start, end, objectBytes, footerBytes }: Segment,
  body: Uint8Array,
): AsyncGenerator<readonly LogRecord[], void, void> {
  const index = format.readIndex(body.subarray(objectBytes - footerBytes), objectBytes);
  if (index.about.start !== start || index.end !== end)
    throw new DamagedSegmentError(`The object ${object} covers other offsets than the manifest says.`);
  for (const [number, { bytes }] of index.groups.entries())
    yield await format.readRowGroup(index, number, body.subarray(bytes.from, bytes.to));
}
