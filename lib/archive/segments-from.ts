import type { Segment } from '../domain/archive/segments.ts';
import type { PartitionRef } from '../domain/records/records.ts';
import type { SegmentStore } from '../stores/segments.ts';

const segmentsAtOnce = 100;

/** The segment that holds `offset`, or would, and those after it, in order of start; one page in memory at a time. */
export async function* segmentsFrom(
  segments: Pick<SegmentStore, 'floor' | 'list'>,
  at: PartitionRef,
  offset: number,
): AsyncGenerator<Segment, void, void> {
  let from = (await segments.floor(at, offset))?.start ?? offset;
  for (;;) {
    const page = await segments.list(at, { from, limit: segmentsAtOnce });
    yield* page;
    const last = page.at(-1);
    if (page.length < segmentsAtOnce || last === undefined) return;
    from = last.start + 1;
  }
}
