import { ArchiveReader, type ArchiveReaderDeps } from '../../../lib/archive/read/reader.ts';
import type { WantedOfArchive } from '../../../lib/archive/read/row-group-choice.ts';
import type { ArchivedRun } from '../../../lib/archive/read/segment-reader.ts';
import { Backlog } from '../../../lib/delivery/backlog.ts';
import { type PartitionRef, recordJson } from '../../../lib/domain/records/records.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';
import { hotPartition } from '../log/actors.ts';
import { spread } from '../log/network.ts';
import { checkPassed, isPassing, type ReaderDeps, readOnce } from '../log/readers.ts';
import type { Absences } from './absences.ts';

const minute = 60_000;

interface WatchDeps {
  readonly absences: Absences;
  /** The process's own. */
  readonly clock: Clock;
  readonly nextMonotonic: () => number;
}

/** Reads the archive, and has it looked at whether what it gives may be given. */
export class WatchedArchive extends ArchiveReader {
  readonly #clock: Clock;
  readonly #absences: Absences;

  constructor(deps: ArchiveReaderDeps, { absences, clock, nextMonotonic }: WatchDeps) {
    super(deps);
    this.#clock = clock;
    this.#absences = absences;
    absences.readers.set(this, nextMonotonic);
  }

  override async read(
    at: PartitionRef,
    from: number,
    want: WantedOfArchive,
  ): Promise<readonly ArchivedRun[] | undefined> {
    const begunAt = this.#clock.monotonic();
    const runs = await super.read(at, from, want);
    for (const { records } of runs ?? [])
      for (const record of records) this.#absences.read(this, begunAt, record);
    return runs;
  }
}

export interface ReadingOn {
  readonly rounds: number;
  /** How often it waits for any time within an hour, and not for half a second at most, in [0, 1]. */
  readonly breaks: number;
}

/** Whoever reads on: by fetches, or as a delivery, or from where a time is found. */
export const readInAllWays = async (
  readers: () => ReaderDeps,
  { rounds, breaks }: ReadingOn,
): Promise<void> => {
  let deps = readers();
  const { clock, random, state, history } = deps;
  let offset = Math.floor(random.number() * (history.end + 1));
  for (let round = 0; round < rounds; round += 1) {
    await clock.sleep(spread(random, 1, random.number() < breaks ? 60 * minute : 500));
    // A function that was started anew remembers nothing.
    if (random.number() < 0.2) deps = readers();
    const kind = random.number();
    if (kind < 0.4) offset = (await readOnce(deps, offset)) ?? state.startOffset;
    else if (kind < 0.8) offset = await deliver(deps, offset);
    else offset = (await search(deps)) ?? offset;
    if (offset >= history.end || random.number() < 0.1)
      offset = state.startOffset + Math.floor(random.number() * Math.max(0, history.end - state.startOffset));
  }
};

/** A few messages from `committed` on, as one run delivers them. Gives where it has got to. */
export const deliver = async (deps: ReaderDeps, committed: number): Promise<number> => {
  const { runs, random, history } = deps;
  const backlog = new Backlog(runs, hotPartition, random.number() < 0.3 ? 200 : 1e6);
  const maxRecords = 1 + Math.floor(random.number() * 8);
  // The message of an earlier attempt.
  let pendingEnd = random.number() < 0.3 ? committed + maxRecords : undefined;
  let from = committed;
  for (let message = 0; message < 3; message += 1) {
    const next = await deliverOne(deps, backlog, { from, maxRecords, pendingEnd });
    if (next === undefined || history.isGone) return from;
    if (next === from) break;
    from = next;
    pendingEnd = undefined;
  }
  return from;
};

/** Where the next message begins; undefined when the log does not answer. */
const deliverOne = async (
  { history, state }: ReaderDeps,
  backlog: Backlog,
  {
    from,
    maxRecords,
    pendingEnd: end,
  }: { readonly from: number; readonly maxRecords: number; readonly pendingEnd: number | undefined },
): Promise<number | undefined> => {
  const endBefore = history.end;
  try {
    const { records, lost } = await backlog.next({ from, maxRecords, ...(end !== undefined && { end }) });
    if (history.isGone) return undefined;
    if (lost > Math.max(0, state.startOffset - from))
      history.report(
        `a delivery from ${from} counts ${lost} as lost, and the log begins at ${state.startOffset}`,
      );
    let due = from + lost;
    for (const { offset, json } of records) {
      checkPassed(history, from, due, offset);
      if (offset < due) history.report(`a delivery from ${from} gave ${offset} where ${due} was due`);
      const record = history.recordAt(offset);
      if (record === undefined || json !== recordJson(record))
        history.report(`a delivery gave the wrong record at ${offset}`);
      due = offset + 1;
    }
    const next = backlog.pastHoles(due);
    // Nothing more is there, strongly consistent, than what came since.
    const through = records.length === 0 ? Math.max(next, endBefore) : next;
    checkPassed(history, from, Math.max(due, state.startOffset), through);
    return next;
  } catch (error) {
    if (history.isGone || isPassing(error)) return undefined;
    history.report(`a delivery from ${from} failed: ${String(error)}`);
    return undefined;
  }
};

/** Looks for the first record of some time or later. Gives its offset. */
const search = async ({ reader, random, history, state }: ReaderDeps): Promise<number | undefined> => {
  const { startOffset, end } = { startOffset: state.startOffset, end: history.end };
  const some = history.recordAt(Math.floor(random.number() * history.end));
  const timestamp = (some?.timestamp ?? 0) + Math.floor(random.number() * 3) - 1;
  try {
    const found = await reader.offsetAtTime(hotPartition, timestamp);
    if (history.isGone) return undefined;
    if (found < Math.min(startOffset, end) || found > history.end)
      history.report(`a search found ${found}, and the log went from ${startOffset} to ${history.end}`);
    for (let offset = state.startOffset; offset < Math.min(found, end); offset += 1)
      if ((history.recordAt(offset)?.timestamp ?? 0) >= timestamp && !history.gone.has(offset))
        history.report(`a search for ${timestamp} found ${found}, behind the record at ${offset}`);
    return found;
  } catch (error) {
    if (history.isGone || isPassing(error)) return undefined;
    history.report(`a search for ${timestamp} failed: ${String(error)}`);
    return undefined;
  }
};
