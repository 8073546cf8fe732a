import { type Erasure, keyHashOf } from '../../../lib/domain/archive/erasures.ts';
import type { Segment } from '../../../lib/domain/archive/segments.ts';
import type { LogRecord } from '../../../lib/domain/records/records.ts';
import { isTombstone } from '../../../lib/domain/records/tombstone.ts';
import type { LogHistory } from '../log/history.ts';

/** For so long a reader believes what the manifest said (lib/archive/read/manifest.ts). */
const believedMs = 5_000;

/** An erasure, as the store has it. */
interface Asked extends Pick<Erasure, 'erasureId' | 'keyHash'> {
  /** Exclusive: what it covers. */
  readonly end: number;
  /** What the monotonic clock of each reader that there was showed when it was done. */
  done?: ReadonlyMap<object, number>;
}

export interface AbsencesDeps {
  readonly history: LogHistory;
  readonly state: { readonly startOffset: number };
  /** The store's clock. */
  readonly now: () => number;
  readonly tombstoneMs: number;
  /** By how much the time of an append and the clock of who lets it go may both be off. */
  readonly clocksOffMs: number;
}

/**
 * Which records the archive has not, or no more, and whether each of them may be missing: it was let go of, or erased, or the
 * archive has a later one of its key, or it is a tombstone of which the time is over.
 */
export class Absences {
  readonly #deps: AbsencesDeps;
  readonly #erasures: Asked[] = [];
  readonly #hashes = new Map<string, string>();
  /** The end of the last segment that the manifest ever named. */
  #end = 0;
  /** Whether the topic was ever one to be compacted. */
  isCompacted = false;
  /** Who reads the archive, and what its monotonic clock shows when it does the next thing. */
  readonly readers = new Map<object, () => number>();
  readonly counts = { superseded: 0, expired: 0, erased: 0 };

  constructor(deps: AbsencesDeps) {
    this.#deps = deps;
  }

  /** The manifest names a segment of these records, in the place of another or of none. */
  named({ start, end, object }: Segment, records: readonly LogRecord[]): void {
    const { history, state } = this.#deps;
    const { gone } = history;
    const held = new Set(records.map(({ offset }) => offset));
    const going: number[] = [];
    for (let offset = start; offset < end; offset += 1) {
      if (!held.has(offset) && !gone.has(offset)) going.push(offset);
      // Below the start nobody is given it any more.
      if (held.has(offset) && gone.has(offset) && offset >= state.startOffset)
        history.report(`the record at ${offset} was gone, and is in ${object} again`);
    }
    for (const offset of going) gone.add(offset);
    this.#end = Math.max(this.#end, end);
    for (const offset of going) if (offset >= state.startOffset) this.#checkGoing(offset);
  }

  #checkGoing(offset: number): void {
    const { history } = this.#deps;
    const record = history.recordAt(offset);
    if (record?.key === undefined) history.report(`the record at ${offset}, which has no key, is gone`);
    else if (this.#isErased(record)) this.counts.erased += 1;
    else if (!this.isCompacted) history.report(`the record at ${offset} is gone, and nothing is compacted`);
    else if ((history.nextOfKey(offset) ?? this.#end) < this.#end) this.counts.superseded += 1;
    else if (isTombstone(record)) this.#checkTombstone(record);
    else history.report(`the record at ${offset} is gone, and is the last of its key`);
  }

  #checkTombstone({ offset }: LogRecord): void {
    const { history, state, now, tombstoneMs, clocksOffMs } = this.#deps;
    this.counts.expired += 1;
    const ageMs = now() - history.storedAt(offset);
    if (ageMs < tombstoneMs - clocksOffMs)
      history.report(
        `the tombstone at ${offset} is gone, ${Math.round(tombstoneMs - ageMs)} ms before its time`,
      );
    let deleted = history.previousOfKey(offset);
    for (; deleted !== undefined && deleted >= state.startOffset; deleted = history.previousOfKey(deleted))
      if (!history.gone.has(deleted))
        history.report(`the tombstone at ${offset} is gone, and the record at ${deleted} is not`);
  }

  /** Compaction is said to have seen all below `to`: nothing is left there of which a later record is there as well. */
  compacted(
    to: number,
    segments: readonly Segment[],
    recordsOf: (segment: Segment) => readonly LogRecord[],
  ): void {
    const { history, state } = this.#deps;
    if (to > this.#end) history.report(`it is compacted up to ${to}, and archived up to ${this.#end}`);
    for (const segment of segments) {
      if (segment.start >= to) return;
      for (const record of recordsOf(segment)) {
        const next = history.nextOfKey(record.offset) ?? to;
        if (next < to && record.offset >= state.startOffset && !this.#isErased(record))
          history.report(`it is compacted up to ${to}, and ${next} does not supersede ${record.offset}`);
      }
    }
  }

  asked({ erasureId, keyHash, ends }: Erasure): void {
    if (this.#erasures.every((asked) => asked.erasureId !== erasureId))
      this.#erasures.push({ erasureId, keyHash, end: ends[0] ?? 0 });
  }

  /** An erasure is said to be done: nothing of it is in a segment, nor will be. */
  done(
    { erasureId }: Pick<Erasure, 'erasureId'>,
    segments: readonly Segment[],
    recordsOf: (segment: Segment) => readonly LogRecord[],
  ): void {
    const asked = this.#erasures.find((each) => each.erasureId === erasureId);
    if (asked === undefined || asked.done !== undefined) return;
    asked.done = new Map([...this.readers].map(([reader, monotonic]) => [reader, monotonic()]));
    const { history, state } = this.#deps;
    if (Math.max(this.#end, state.startOffset) < asked.end)
      history.report(`all below ${asked.end} is erased, they say, and it is archived up to ${this.#end}`);
    for (const segment of segments)
      for (const record of recordsOf(segment))
        if (record.offset >= state.startOffset && this.#covers(asked, record))
          history.report(
            `it is erased, they say, and the record at ${record.offset} is in ${segment.object}`,
          );
  }

  /**
   * A reader was given the record by the archive.
   * @param begunAt what its monotonic clock said before it asked.
   */
  read(reader: object, begunAt: number, record: LogRecord): void {
    for (const asked of this.#erasures) {
      if (asked.done === undefined || !this.#covers(asked, record)) continue;
      const doneAt = asked.done.get(reader) ?? Number.NEGATIVE_INFINITY;
      if (begunAt - doneAt >= believedMs)
        this.#deps.history.report(`the record at ${record.offset} was erased, and read afterwards`);
    }
  }

  #isErased(record: LogRecord): boolean {
    return this.#erasures.some((asked) => this.#covers(asked, record));
  }

  #covers({ keyHash, end }: Asked, { key, offset }: LogRecord): boolean {
    return key !== undefined && offset < end && this.#hashOf(key) === keyHash;
  }

  #hashOf(key: string): string {
    const known = this.#hashes.get(key) ?? keyHashOf(key);
    this.#hashes.set(key, known);
    return known;
  }
}
