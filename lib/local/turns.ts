import type { SegmentFormat, SegmentIndex } from '../archive/format.ts';
import type { BatchStore } from '../stores/batches.ts';
import type { Clock } from '../surroundings/clock.ts';

/** Others wait for so long at most, but for one step of the work. */
const turnMs = 5;

/**
 * For work in this process that is done in many steps, none of which waits for anything: lets everybody else have their
 * turn when it has worked for some ms. Each of what it gives is to be awaited before the next step.
 */
export const takingTurns = (clock: Pick<Clock, 'monotonic'>): (() => Promise<void>) => {
  let begunAt = clock.monotonic();
  return async () => {
    if (clock.monotonic() - begunAt < turnMs) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    begunAt = clock.monotonic();
  };
};

/** So many batches are read, and put into a segment, in one step. */
const batchesAtOnce = 4;

/** The batches, a few at a time, and a turn for everybody else before. */
export const batchesInTurns = (
  batches: Pick<BatchStore, 'last' | 'range' | 'floor' | 'delete'>,
  turn: () => Promise<void>,
): Pick<BatchStore, 'last' | 'range' | 'floor' | 'delete'> => ({
  last: (at, signal) => batches.last(at, signal),
  floor: (at, offset, consistent, signal) => batches.floor(at, offset, consistent, signal),
  delete: (at, bases) => batches.delete(at, bases),
  range: async (at, range, signal) => {
    await turn();
    return batches.range(at, { ...range, limit: Math.min(range.limit, batchesAtOnce) }, signal);
  },
});

/** The same format, with a turn for everybody else before each row group that is read. */
export const readInTurns = <Index extends SegmentIndex>(
  format: SegmentFormat<Index>,
  turn: () => Promise<void>,
): SegmentFormat<Index> => ({
  writer: (about) => format.writer(about),
  readIndex: (footer, objectBytes) => format.readIndex(footer, objectBytes),
  readRowGroup: async (index, group, bytes) => {
    await turn();
    return format.readRowGroup(index, group, bytes);
  },
});
