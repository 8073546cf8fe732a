import type { LogRecord, PartitionRef } from '../../domain/records/records.ts';
import { Collector, type Want } from './collector.ts';
import type { RunReader } from './run.ts';

export interface CollectRequest {
  readonly from: number;
  readonly want: Want;
  /** Whether reads are strongly consistent. A gap in what others show is read again, strongly. */
  readonly consistent: boolean;
}

/** All records from an offset on to another. */
export interface Collected {
  readonly records: LogRecord[];
  /** Where they end. */
  readonly next: number;
  /** It is the end of a closed partition. */
  readonly closed: boolean;
  /** Something is after it, or may be. */
  readonly more: boolean;
}

/** Looks into the archive of which none found a record: the caller goes on from there. */
const mostEmptyLooks = 16;

/**
 * Records from an offset on: as many as are wanted, or fewer. From the archive come those of one look, so that it takes one
 * range of one object at most.
 * @throws Problem `offset_out_of_range` below the start or above the end.
 */
export const collect = async (
  runs: RunReader,
  at: PartitionRef,
  { from, want, consistent }: CollectRequest,
): Promise<Collected> => {
  const { known } = runs;
  const collected = new Collector(from, want);
  const remembered = known.cut(at, from);
  if (remembered !== undefined) collected.add(remembered);
  let strong = consistent;
  let closed = false;
  let more = collected.left;
  for (let emptyLooks = 0; !collected.ample || !more; ) {
    const batches = known.batchesFor(at, want);
    const run = await runs.read(at, { from: collected.next, batches, want, consistent: strong });
    if (run.kind === 'below' || run.kind === 'above') {
      if (collected.next === from) throw await runs.offsets.outOfRange(at, from);
      // Trimmed meanwhile. What was read before that stands.
      more = true;
      break;
    }
    closed = run.closed;
    more = run.kind === 'found' && run.more;
    if (run.kind === 'end') break;
    for (const piece of run.pieces) collected.add(piece);
    if (run.pieces.some(({ isArchived }) => isArchived)) {
      emptyLooks += 1;
      if (collected.records.length > 0 || emptyLooks === mostEmptyLooks) break;
    } else if (run.gap ? strong : !more) break;
    strong ||= run.gap;
  }
  known.measured(at, collected.seen);
  known.keepCut(at, collected.cut);
  const { records, next } = collected;
  // Who stops before it has not met the end.
  return { records, next, closed: closed && !collected.left, more: more || collected.left };
};
