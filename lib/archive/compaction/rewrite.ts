import type { Segment } from '../../domain/archive/segments.ts';
import type { LogRecord, PartitionRef } from '../../domain/records/records.ts';
import type { ArchiverDeps } from '../deps.ts';
import { recordsOf } from '../records-of.ts';
import { storeSegment } from '../store-segment.ts';

export type RewriteDeps = Pick<ArchiverDeps, 'segments' | 'objects' | 'format' | 'random'>;

/**
 * Puts a segment without some of its records in the place of one. It covers the same offsets: those of the records that are
 * gone are missing in it. Nothing is done where all are kept. May be repeated after a crash at any point, and done by
 * several at once: the manifest is changed by one of them, and the object that it names no more is deleted after that.
 * @returns how many records it took away; undefined when the manifest names another object by now.
 * @throws DamagedSegmentError, ObjectMissingError, and what the stores throw.
 */
export const rewriteSegment = async (
  deps: RewriteDeps,
  { topic, at }: { readonly topic: string; readonly at: PartitionRef },
  segment: Segment,
  isKept: (record: LogRecord) => boolean,
): Promise<number | undefined> => {
  const { format, objects, segments } = deps;
  const { object: former, objectBytes, start, end } = segment;
  const body = await objects.read(former, { from: 0, to: objectBytes });
  const writer = format.writer({ topic, ...at, start });
  let kept = 0;
  for await (const group of recordsOf(format, segment, body)) {
    const staying = group.filter(isKept);
    writer.add(staying);
    kept += staying.length;
  }
  if (kept === segment.records) return 0;
  const rewritten = await storeSegment(deps, { topic, partition: at.partition }, segment, writer.finish(end));
  const isNamed = await segments.replace(at, former, rewritten);
  await objects.delete([isNamed ? former : rewritten.object]);
  return isNamed ? segment.records - kept : undefined;
};
