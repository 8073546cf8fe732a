import { limits } from '../../limits.ts';
import type { Run } from '../cursors.ts';
import { type Ahead, acknowledgedRun, joined, readEnd, tidied } from './ahead.ts';
import { type Patience, runMsLeft } from './recover.ts';

/** How far a group may go ahead of its committed offset in a partition. */
export interface Bounds {
  readonly records: number;
  readonly runs: number;
}

export const aheadBounds: Bounds = { records: limits.aheadRecords, runs: limits.aheadRuns };

/**
 * Of a push group with so many records under way at a time. While the oldest message is under way, a lane finds what came into reach since its
 * own last message: half of the bound in each round of all lanes. So it is two rounds long, as far as that goes.
 */
export const pushBounds = (underWay: number): Bounds => ({
  records: Math.min(Math.max(limits.aheadRecords, 2 * underWay), limits.aheadRecordsMost),
  runs: limits.aheadRuns,
});

/** Offsets, `to` exclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Available {
  /** What was handed out before, and may be again; in order. */
  readonly again: readonly Range[];
  /** Where what was never handed out begins. */
  readonly from: number;
  /** How many offsets of that may be handed out. */
  readonly room: number;
}

const isAvailable = (run: Run, now: number, patience: Pick<Patience, 'ackTimeoutMs'>): boolean =>
  run.state === 'delayed' && runMsLeft(run, now, patience) === 0;

/** What may be handed out now. A run more is begun by each hand-out, and up to two by each that is cut out of another. */
export const available = (
  ahead: Ahead,
  now: number,
  patience: Pick<Patience, 'ackTimeoutMs'>,
  bounds: Bounds = aheadBounds,
): Available => {
  const from = readEnd(ahead);
  const isFull = ahead.runs.length + 1 > bounds.runs;
  return {
    again: ahead.runs
      .filter((run) => isAvailable(run, now, patience))
      .map(({ start, end }) => ({ from: start, to: end })),
    from,
    room: isFull ? 0 : Math.max(0, bounds.records - (from - ahead.committed)),
  };
};

/** Who is handed records, and until when it has them. */
export interface Holder {
  readonly by: string;
  /** Wall clock ms. */
  readonly until: number;
  readonly now: number;
}

export interface HandedOutAhead {
  readonly ahead: Ahead;
  /** The offsets of those records that are the holder's now, each with how often it was handed out. */
  readonly given: ReadonlyMap<number, number>;
}

/** What `held` makes of the offsets of a range that have a record; the others are done with: compaction took them away. */
const split = ({ from, to }: Range, offsets: readonly number[], held: (offset: number) => Run): Run[] => {
  const runs: Run[] = [];
  let next = from;
  for (const offset of offsets) {
    if (offset < from || offset >= to) continue;
    runs.push(acknowledgedRun({ start: next, end: offset }), held(offset));
    next = offset + 1;
  }
  return [...runs, acknowledgedRun({ start: next, end: to })];
};

/**
 * Hands out what was read of a range: those of it that may be handed out as things stand, which may be fewer than when it was read.
 * @param offsets of the records within the range, in order: the range has no other.
 */
export const handOut = (
  ahead: Ahead,
  range: Range,
  offsets: readonly number[],
  { by, until, now }: Holder,
  patience: Pick<Patience, 'ackTimeoutMs'>,
  bounds: Bounds = aheadBounds,
): HandedOutAhead => {
  const { committed } = ahead;
  const given = new Map<number, number>();
  const handed = (part: Range, deliveries: number): Run[] =>
    split(part, offsets, (start) => {
      given.set(start, deliveries);
      return { start, end: start + 1, state: 'held', by, until, deliveries };
    });
  const parts = ahead.runs.flatMap((run): Run[] => {
    if (!isAvailable(run, now, patience) || run.end <= range.from || run.start >= range.to) return [run];
    const part = { from: Math.max(run.start, range.from), to: Math.min(run.end, range.to) };
    return [{ ...run, end: part.from }, ...handed(part, run.deliveries + 1), { ...run, start: part.to }];
  });
  const known = joined(parts);
  const { from, room } = available(ahead, now, patience, bounds);
  const to = Math.min(range.to, from + room);
  if (range.from > from || to <= from) return { ahead: tidied(committed, known), given };
  // Where compaction left gaps everywhere, what is new would alone make more runs than there may be.
  const most = Math.max(bounds.runs, known.length);
  const runs = joined([...known, ...handed({ from, to }, 1)]).slice(0, most);
  const end = readEnd({ committed, runs });
  for (const offset of given.keys()) if (offset >= end) given.delete(offset);
  return { ahead: tidied(committed, runs), given };
};
