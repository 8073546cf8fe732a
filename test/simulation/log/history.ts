import { type JsonText, jsonText } from '../../../lib/domain/json/text.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { type Batch, batchEnd, bytesThrough, closesPartition } from '../../../lib/domain/records/batches.ts';
import { decodeRecords } from '../../../lib/domain/records/encoding.ts';
import type { LogRecord } from '../../../lib/domain/records/records.ts';

/** What `Batch.appendedAt` promises of a store that looks at signatures. */
const mostMisdated = limits.signatureMaxAgeMs + limits.tailMaxAgeMs;

const compared = ['timestamp', 'appendedAt', 'key', 'valueJson', 'valueBase64', 'headersJson'] as const;

/** What a record is known by in a scenario, where no two have the same: its headers. */
export const namedBy = (name: string): JsonText => jsonText({ name });

/** Everything that was ever stored in one partition, trimmed or not; checked as it grows. */
export class LogHistory {
  readonly #batches: Batch[] = [];
  readonly #records: LogRecord[] = [];
  /** When each record was stored, by the store's clock. */
  readonly #storedAt: number[] = [];
  /** By headers. */
  readonly #offsets = new Map<JsonText, number>();
  /** The last offset of each key, and for each offset the one before it, and behind it, that has its key. */
  readonly #lastOf = new Map<string, number>();
  readonly #before = new Map<number, number>();
  readonly #behind = new Map<number, number>();
  /** The largest timestamp of any record. */
  #latest: number | undefined;
  /** The first invariant of DESIGN §5 or §6 that did not hold. */
  breach: string | undefined;
  /** The first batch whose date is not what `Batch.appendedAt` promises. */
  misdated: string | undefined;

  /** The topic is deleted: nothing needs to be readable, and nothing may be stored behind what is there. */
  isGone = false;
  /** It was, and something was stored there afterwards that nobody finds. */
  isGhost = false;

  /** Offsets whose records the archive does not have any more: a reader may pass over them. */
  readonly gone = new Set<number>();

  get end(): number {
    return this.#records.length;
  }

  /** Every batch that was ever stored, in order. */
  get batches(): readonly Batch[] {
    return this.#batches;
  }

  get closed(): boolean {
    const last = this.#batches.at(-1);
    return last !== undefined && closesPartition(last);
  }

  recordAt(offset: number): LogRecord | undefined {
    return this.#records[offset];
  }

  /** By the store's clock. */
  storedAt(offset: number): number {
    return this.#storedAt[offset] ?? Number.POSITIVE_INFINITY;
  }

  offsetOf(name: string): number | undefined {
    return this.#offsets.get(namedBy(name));
  }

  /** The next offset that has its key, or the one before it; undefined for a record without one. */
  nextOfKey(offset: number): number | undefined {
    return this.#behind.get(offset);
  }

  previousOfKey(offset: number): number | undefined {
    return this.#before.get(offset);
  }

  /** Whether that is the record at its offset, in all that a reader sees of it. */
  isRecord(record: LogRecord): boolean {
    const stored = this.#records[record.offset];
    return stored !== undefined && compared.every((name) => record[name] === stored[name]);
  }

  report(breach: string): void {
    this.breach ??= breach;
  }

  /** The table stored `batch` at `now`, by its own clock. */
  stored(batch: Batch, now: number): void {
    const last = this.#batches.at(-1);
    if (Math.abs(batch.appendedAt - now) > mostMisdated)
      this.misdated ??= `the batch at ${batch.base} was dated ${batch.appendedAt - now} ms beside the store's clock`;
    // By a process that was frozen for hours in the midst of a call, of which nobody awaits the answer: it found nothing there.
    this.isGhost ||= this.isGone && batch.base === 0;
    if (this.isGhost) return;
    if (batch.base !== this.end) {
      this.report(`a batch was stored at ${batch.base}, but the log ended at ${this.end}`);
      return;
    }
    if (this.closed) this.report(`a batch was stored at ${batch.base}, behind the closing one`);
    if (last !== undefined && batch.appendedAt < last.appendedAt)
      this.report(`the batch at ${batch.base} is older than the one before it`);
    const bytes = last === undefined ? 0 : bytesThrough(last);
    if (batch.bytesBefore !== bytes)
      this.report(`the batch at ${batch.base} counts ${batch.bytesBefore} bytes before it, not ${bytes}`);
    this.#batches.push(batch);
    for (const record of this.#recordsOf(batch)) this.#add(record, now);
    if (batch.maxTimestamp !== this.#latest)
      this.report(
        `the batch at ${batch.base} says that the latest time is ${batch.maxTimestamp}, and it is ${this.#latest}`,
      );
  }

  #add(record: LogRecord, now: number): void {
    const { key, headersJson: name = jsonText(null), offset, timestamp } = record;
    this.#latest = Math.max(this.#latest ?? timestamp, timestamp);
    const twin = this.#offsets.get(name);
    if (twin !== undefined) this.report(`record ${name} was stored twice, at ${twin} and ${offset}`);
    this.#records.push(record);
    this.#storedAt.push(now);
    this.#offsets.set(name, offset);
    if (key === undefined) return;
    const previous = this.#lastOf.get(key);
    this.#lastOf.set(key, offset);
    if (previous === undefined) return;
    this.#before.set(offset, previous);
    this.#behind.set(previous, offset);
  }

  /** The store would take what cannot be read, so that an error here is no answer of it. */
  #recordsOf(batch: Batch): readonly LogRecord[] {
    try {
      return decodeRecords(batch, 0);
    } catch (error) {
      this.report(`the batch at ${batch.base} was stored and cannot be read: ${String(error)}`);
      return [];
    }
  }

  /** What the table holds must be what was stored there, from some batch on to the last. */
  checkTable(held: readonly Batch[]): void {
    const expected = this.#batches.slice(this.#batches.length - held.length);
    for (const [index, batch] of held.entries()) {
      const stored = expected[index];
      const same =
        stored !== undefined &&
        stored.base === batch.base &&
        batchEnd(stored) === batchEnd(batch) &&
        Buffer.compare(stored.data, batch.data) === 0;
      if (!same) this.report(`the batch at ${batch.base} changed, or one after it is gone`);
    }
    if (held.length === 0 && this.#batches.length > 0) this.report('every batch is gone');
  }
}
