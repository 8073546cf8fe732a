import type { Segment } from '../../domain/archive/segments.ts';
import type { SegmentIndex } from '../format.ts';

/** How much is wanted of the archive. */
export interface WantedOfArchive {
  readonly maxRecords: number;
  /** Of the records' JSON. */
  readonly maxBytes: number;
  /** Exclusive: nothing at or after it. */
  readonly end?: number | undefined;
}

/** The offsets that a row group stands for: those from behind the one before it, and behind the last to the segment's end. */
export const coverage = (
  {
    segment: { start, end },
    index: { groups },
  }: { readonly segment: Pick<Segment, 'start' | 'end'>; readonly index: SegmentIndex },
  group: number,
): { readonly from: number; readonly end: number } => ({
  from: (groups[group - 1]?.last ?? start - 1) + 1,
  end: group === groups.length - 1 ? end : (groups[group]?.last ?? end - 1) + 1,
});

/** The row group that `offset` is in, or the first behind it; undefined when there is none. */
export const firstGroupFor = ({ groups }: SegmentIndex, offset: number): number | undefined => {
  let [low, high] = [0, groups.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((groups[middle]?.last ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low === groups.length ? undefined : low;
};

/**
 * The last of the row groups that probably hold what is wanted. Compressed bytes stand for those of JSON, which are more: the
 * records bound what is read too much.
 */
export const lastGroupFor = (
  { groups }: SegmentIndex,
  { first, from, want }: { readonly first: number; readonly from: number; readonly want: WantedOfArchive },
): number => {
  const { maxRecords, maxBytes, end = Number.POSITIVE_INFINITY } = want;
  let [records, bytes] = [0, 0];
  for (let group = first; group < groups.length; group += 1) {
    const found = groups[group];
    if (found === undefined) break;
    records += Math.min(found.records, found.last - Math.max(from, found.first) + 1);
    bytes += found.bytes.to - found.bytes.from;
    if (records >= maxRecords || bytes >= maxBytes || found.last + 1 >= end) return group;
  }
  return groups.length - 1;
};
