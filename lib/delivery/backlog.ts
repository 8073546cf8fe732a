import { UndecodableBatchError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { Origin } from '../domain/records/origin.ts';
import { type LogRecord, type PartitionRef, recordJson } from '../domain/records/records.ts';
import type { Piece } from '../log/read/pieces.ts';
import type { Run, RunReader } from '../log/read/run.ts';
import { withinBytes } from './filtering/fitting.ts';
import type { Sieve } from './filtering/sieve.ts';
import type { Pending } from './pending.ts';

export interface Wanted {
  /** Where to begin, inclusive. From one call to the next it does not go back, nor past what was read. */
  readonly from: number;
  /** Exclusive; where it is not given, `maxRecords` says how many at most. */
  readonly end?: number;
  readonly maxRecords: number;
  /** A record as it stands in the body, of which its bytes count. Default: `recordJson`. */
  readonly textOf?: (record: LogRecord) => string;
}

/** A record that was decoded. Its JSON is made when a message takes it: a part of a segment may have thousands. */
interface Waiting {
  readonly record: LogRecord;
  /** Of its batch. */
  readonly origin: Origin | undefined;
}

/** The records of a message. */
export interface Found {
  /** In order of offset, all that are left from the first to the last; none when nothing is there. */
  readonly records: readonly Pending[];
  /** Offsets below the start of the partition that were wanted: nobody can read them any more. */
  readonly lost: number;
  /** Where there are no records: all below this offset was looked at, and is not to be sent. Absent: nothing is there. */
  readonly leftOutBelow?: number;
}

/**
 * What one run reads of a partition, strongly consistent: it is read when it is needed, and batches are decoded when
 * their records are, so that a message costs one query at most and a query may serve several messages.
 *
 * A query of several items is no snapshot, strongly consistent or not: each item is isolated by itself
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation). So a
 * page may show a batch and miss the one before it, which was put while the page was read. The log is dense: what is
 * not contiguous is read again.
 */
export class Backlog {
  readonly #runs: Pick<RunReader, 'read'>;
  readonly #at: PartitionRef;
  readonly #maxBytes: number;
  /** Read and not decoded yet, in order, without a gap. */
  #pieces: readonly Piece[] = [];
  #records: readonly Waiting[] = [];
  /** Where the next look begins: the end of the last piece read. Undefined before the first. */
  #readThrough: number | undefined;
  /** Whether the last look left something behind, or none was made yet. */
  #more = true;
  /** The partition's oldest offset, where the run met it. */
  #start = 0;
  readonly #sieve: () => Sieve;
  /** Offsets of records that the filter left out, in order, as far as nobody asked for them. */
  #leftOut: number[] = [];

  /**
   * @param maxBytes what the records of one message take at most, the commas between them included.
   * @param sieve what is made of records that are read from now on.
   */
  constructor(
    runs: Pick<RunReader, 'read'>,
    at: PartitionRef,
    maxBytes: number,
    sieve: () => Sieve = () => ({}),
  ) {
    this.#runs = runs;
    this.#at = at;
    this.#maxBytes = maxBytes;
    this.#sieve = sieve;
  }

  /**
   * The records of the next message. They begin after `from` where records were trimmed or compacted away, and `end` does
   * not count when they were past it. They end before `end` where they would be too large for one message, as a version
   * before this one counted them otherwise. A record that is too large goes alone, and so does one that cannot be made what it
   * is to be. What the filter leaves out is as if it was not there; of it at most `limits.filteredRecords` and a look are read.
   * @throws UndecodableBatchError when the first of them cannot be decoded.
   */
  async next(wanted: Wanted): Promise<Found> {
    // A lease is taken only of the cursor that was read, and moves no further than what was sent.
    if (wanted.from > (this.#readThrough ?? wanted.from))
      throw new Error('The cursor is past what was read.');
    this.#records = this.#records.filter(({ record }) => record.offset >= wanted.from);
    this.#pieces = this.#pieces.filter(({ end }) => end > wanted.from);
    const most = wanted.end === undefined ? this.#leftOut.length + limits.filteredRecords : undefined;
    await this.#sift(wanted.from, most);
    while (!this.#suffices(wanted)) {
      if (!(await this.#read(wanted))) break;
      await this.#sift(wanted.from, most);
      if (wanted.end === undefined && (this.#leftOut.length >= (most ?? 0) || this.#holdsAny())) break;
    }
    const records = await this.#shaped(this.#take(wanted), wanted);
    const { end, ...withoutEnd } = wanted;
    const { from } = wanted;
    if (records.length === 0 && end !== undefined && (this.#readThrough ?? 0) >= end)
      return this.next(withoutEnd);
    const isLost = (offset: number): boolean => offset >= from && offset < this.#start;
    // What was left out before retention took it would not have been sent.
    const lost = Math.max(0, this.#start - from) - this.#leftOut.filter(isLost).length;
    const isLeftOut = records.length === 0 && this.#leftOutFrom(from);
    return { records, lost, ...(isLeftOut && { leftOutBelow: this.#siftedThrough() }) };
  }

  /** Whether something is known to be at or after `offset`, or may have been when it was read: false is no promise. */
  mayHave(offset: number): boolean {
    return (
      this.#more ||
      this.#records.some(({ record }) => record.offset >= offset) ||
      this.#pieces.some(({ end }) => end > offset)
    );
  }

  /** A record of what was read last, and not past. */
  record(offset: number): LogRecord | undefined {
    return this.#records.find(({ record }) => record.offset === offset)?.record;
  }

  /** How many records below `offset` the filter left out, but for those that were counted. */
  leftOutBelow(offset: number): number {
    return this.#leftOut.filter((each) => each < offset).length;
  }

  /** The same, which are counted with that. */
  countLeftOut(offset: number): number {
    const below = this.leftOutBelow(offset);
    this.#leftOut = this.#leftOut.slice(below);
    return below;
  }

  /** The offset that is left to deliver when all below `through` is delivered: past what compaction took away behind it. */
  pastHoles(through: number): number {
    const isHole = this.#pieces.length === 0 && !this.#records.some(({ record }) => record.offset >= through);
    return isHole && this.#start <= through ? Math.max(through, this.#readThrough ?? through) : through;
  }

  #suffices({ end, maxRecords }: Wanted): boolean {
    if (end !== undefined) return (this.#readThrough ?? 0) >= end;
    const records = this.#pieces.reduce((sum, { count }) => sum + count, this.#records.length);
    const bytes = this.#pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    return records >= maxRecords || bytes >= this.#maxBytes;
  }

  #holdsAny(): boolean {
    return this.#records.length > 0 || this.#pieces.length > 0;
  }

  /** One look at what follows. False when there is nothing to add. */
  async #read({ from, end, maxRecords }: Wanted): Promise<boolean> {
    const start = this.#readThrough ?? from;
    const perLook = this.#isSifted ? limits.deliveryRecords : maxRecords;
    const most = Math.max(1, end === undefined ? perLook : end - start);
    const want = { maxRecords: most, maxBytes: this.#maxBytes, end };
    const run = await this.#runs.read(this.#at, { from: start, batches: most, want, consistent: true });
    if (run.kind === 'below') return this.#beginAt(run.start);
    this.#more = run.kind === 'found' && run.more;
    this.#readThrough = endOf(run) ?? start;
    if (run.kind !== 'found') return false;
    // What was archived meanwhile comes in other pieces, of which the first may begin before the last one ended.
    const behind = run.pieces.map((piece) => ({ ...piece, from: Math.max(piece.from, start) }));
    this.#pieces = [...this.#pieces, ...behind.filter(({ count }) => count > 0)];
    return true;
  }

  /**
   * Leaves of what was read what the filter does, until it has left out `most`. What cannot be decoded, and what is behind it,
   * waits for its turn.
   */
  async #sift(from: number, most = Number.POSITIVE_INFINITY): Promise<void> {
    const { keep } = this.#sieve();
    if (keep === undefined) return;
    while (this.#pieces.length > 0 && this.#leftOut.length < most) {
      const known = this.#records.length;
      if (!this.#decodeOne(from, true)) return;
      const decoded = this.#records.slice(known);
      const kept = new Set(await keep(decoded.map(({ record }) => record)));
      this.#records = this.#records.filter(({ record }, index) => index < known || kept.has(record));
      for (const { record } of decoded) if (!kept.has(record)) this.#leftOut.push(record.offset);
    }
  }

  get #isSifted(): boolean {
    return this.#sieve().keep !== undefined;
  }

  #leftOutFrom(from: number): boolean {
    return this.#leftOut.some((offset) => offset >= from);
  }

  /** Below it nothing waits, decoded or not. */
  #siftedThrough(): number {
    return this.#pieces[0]?.from ?? this.#readThrough ?? 0;
  }

  /** The records as they are to be sent: as many as still fit. */
  async #shaped(taken: readonly Pending[], { textOf = recordJson }: Wanted): Promise<readonly Pending[]> {
    const { shape } = this.#sieve();
    if (shape === undefined || taken.length === 0) return taken;
    const shaped = await shape(taken.map(({ record }) => record));
    return withinBytes(taken, shaped, { maxBytes: this.#maxBytes, textOf });
  }

  /** What is held is delivered first: no message spans what was trimmed. */
  #beginAt(start: number): boolean {
    this.#more = true;
    if (this.#holdsAny()) return false;
    this.#start = start;
    this.#readThrough = start;
    return true;
  }

  #take({
    from,
    end = Number.POSITIVE_INFINITY,
    maxRecords,
    textOf = recordJson,
  }: Wanted): readonly Pending[] {
    const most = end === Number.POSITIVE_INFINITY ? maxRecords : Number.POSITIVE_INFINITY;
    const taken: Pending[] = [];
    let bytes = 0;
    for (let index = 0; taken.length < most; index += 1) {
      while (index >= this.#records.length && this.#pieces.length > 0) {
        // Nothing goes past the filter.
        if (this.#isSifted && (taken.length > 0 || this.#leftOutFrom(from))) return taken;
        const mayEnd = taken.length > 0 && end === Number.POSITIVE_INFINITY;
        if (!this.#decodeOne(from, mayEnd)) return taken;
      }
      const waiting = this.#records[index];
      if (waiting === undefined || waiting.record.offset >= end) break;
      const pending = pendingOf(waiting, textOf);
      bytes += Buffer.byteLength(pending.json) + (taken.length > 0 ? ','.length : 0);
      if (taken.length > 0 && bytes > this.#maxBytes) break;
      taken.push(pending);
    }
    return taken;
  }

  /**
   * False when the next piece cannot be decoded and the message `mayEndBefore` it: the call for what follows throws then, and
   * what is before it is delivered.
   * @throws UndecodableBatchError
   */
  #decodeOne(from: number, mayEndBefore: boolean): boolean {
    const [piece, ...others] = this.#pieces;
    if (piece === undefined) return true;
    try {
      // What is below the start is counted as lost, though its batch may still be there.
      this.#records = [...this.#records, ...waitingOf(piece, Math.max(from, piece.from, this.#start))];
    } catch (error) {
      if (error instanceof UndecodableBatchError && mayEndBefore) return false;
      throw error;
    }
    this.#pieces = others;
    return true;
  }
}

const endOf = (run: Run): number | undefined => (run.kind === 'found' ? run.pieces.at(-1)?.end : undefined);

const waitingOf = (piece: Piece, from: number): readonly Waiting[] =>
  piece
    .decode()
    .records.filter(({ offset }) => offset >= from)
    .map((record) => ({ record, origin: piece.origin }));

const pendingOf = ({ record, origin }: Waiting, textOf: (record: LogRecord) => string): Pending => ({
  offset: record.offset,
  appendedAt: record.appendedAt,
  json: textOf(record),
  record,
  origin,
});
