import { expect } from 'vitest';
import { Backlog } from '../../../lib/delivery/backlog.ts';
import { Problem } from '../../../lib/domain/errors.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import { batchEnd } from '../../../lib/domain/records/batches.ts';
import { decodeRecords } from '../../../lib/domain/records/encoding.ts';
import { type LogRecord, recordJson } from '../../../lib/domain/records/records.ts';
import { jsonSegments } from '../../harness/json-segments.ts';
import { storeSegment } from '../../harness/segments-by-hand.ts';
import { at, logWorld } from './scripted-store.ts';

/** Something that is asked of the log. Numbers from 0 to 1 say where. */
interface Question {
  readonly kind: 'fetch' | 'pull' | 'deliver' | 'find';
  readonly where: number;
  readonly reader: number;
  readonly most: number;
}

/** What happens to the log, or is asked of it. */
export type Step =
  | Question
  | { readonly kind: 'append'; readonly times: readonly (number | undefined)[] }
  | {
      readonly kind: 'archive' | 'compact' | 'trim' | 'delete';
      readonly where: number;
      readonly seed: number;
    }
  | { readonly kind: 'wait' };

const one = <T>(list: readonly T[], index: number): T => {
  const found = list[index];
  if (found === undefined) throw new Error(`There is no number ${index}.`);
  return found;
};

/** A log, and the plain list of what is in it. */
export class LogModel {
  readonly world = logWorld();
  readonly #appender = this.world.appender();
  /** They stay, and remember. */
  readonly #readers = [this.world.reader(), this.world.reader(), this.world.reader()];
  readonly #runs = [this.world.runs(), this.world.runs(), this.world.runs()];
  readonly #all: LogRecord[] = [];
  /** Of records that compaction took away some time ago, and lately: somebody may still know them. */
  #gone = new Set<number>();
  #going = new Set<number>();
  #start = 0;
  #archived = 0;
  #attempts = 0;
  /** Where it ended when a minute had passed last. */
  #endAtWait = 0;

  get #end(): number {
    return this.#all.length;
  }

  #offsetAt(place: number): number {
    return Math.min(this.#end, Math.floor(place * (this.#end + 1)));
  }

  async take(given: Step): Promise<void> {
    switch (given.kind) {
      case 'append':
        return this.#append(given.times);
      case 'archive':
        return this.#archive(given.where);
      case 'compact':
        return this.#compact(given.where, given.seed);
      case 'trim':
        return this.#trim(given.where, given.seed);
      case 'delete':
        return this.world.deleteBatches(Math.floor(given.where * this.#archived));
      case 'wait':
        return this.#wait();
      case 'fetch':
        return this.#fetch(given);
      case 'pull':
        return this.#pull(given);
      case 'deliver':
        return this.#deliver(given);
      case 'find':
        return this.#find(given);
    }
  }

  async #append(times: readonly (number | undefined)[]): Promise<void> {
    const base = this.#end;
    const records = times.map((timestamp, index) => ({
      valueJson: jsonText(base + index),
      ...(timestamp !== undefined && { timestamp }),
    }));
    await this.world.outcome(this.#appender.append(at, records));
    const batch = this.world.store.table.last(at);
    if (batch?.base !== base) throw new Error(`It was appended at ${batch?.base}.`);
    this.#all.push(...decodeRecords(batch, at.partition));
    await this.world.pass(10);
  }

  /** The batches from the border to one of those behind it become a segment. */
  async #archive(place: number): Promise<void> {
    const from = Math.max(this.#archived, this.#start);
    const batches = this.world.store.table
      .batches(at)
      .filter((batch) => batch.base >= this.#archived && batchEnd(batch) > from);
    const last = batches[Math.floor(place * batches.length)];
    if (last === undefined) return;
    await this.world.archiveBatches(batches[0]?.base ?? from, batchEnd(last));
    this.#archived = batchEnd(last);
  }

  /** A segment is replaced by one with fewer records. */
  async #compact(place: number, seed: number): Promise<void> {
    const segment = await this.world.segments.floor(at, Math.floor(place * this.#archived));
    // A batch that is still there shows them all.
    if (segment === undefined || segment.end > (this.world.store.table.last(at)?.base ?? 0)) return;
    this.world.deleteBatches(segment.end);
    const left = this.#all.slice(segment.start, segment.end).filter(({ offset }) => !this.#gone.has(offset));
    const records = left.filter(
      ({ offset }) => ((offset * 7919 + seed) >>> 2) % 3 !== 0 && !this.#going.has(offset),
    );
    for (const { offset } of left)
      if (!records.some((record) => record.offset === offset)) this.#going.add(offset);
    const { start, end, maxTimestamp } = segment;
    this.#attempts += 1;
    const given = { start, end, records, maxTimestamp, attempt: `c${this.#attempts}` };
    const next = await storeSegment(this.world, jsonSegments, at, given);
    await this.world.segments.replace(at, segment.object, next);
    if (seed % 2 === 0) await this.world.objects.delete([segment.object]);
  }

  async #trim(place: number, seed: number): Promise<void> {
    this.#start = Math.max(this.#start, Math.floor(place * 0.6 * this.#end));
    await this.world.partitions.advance(at, 'startOffset', this.#start);
    if (seed % 3 === 0) return;
    for (const segment of await this.world.segments.list(at, { from: 0, limit: 100 })) {
      if (segment.end > this.#start) continue;
      await this.world.segments.delete(at, segment);
      await this.world.objects.delete([segment.object]);
    }
    this.world.deleteBatches(this.#start);
  }

  /** Until nobody believes any more what was. */
  async #wait(): Promise<void> {
    await this.world.pass(61_000);
    this.#endAtWait = this.#end;
    this.#gone = new Set([...this.#gone, ...this.#going]);
    this.#going = new Set();
  }

  /** All that must be in a run is there, and nothing else but what was compacted away lately. */
  #check(from: number, next: number, records: readonly { readonly offset: number }[]): void {
    const offsets = records.map(({ offset }) => offset);
    const those = this.#all.slice(from, next).map(({ offset }) => offset);
    const there = new Set(offsets);
    expect(offsets).toEqual(those.filter((offset) => there.has(offset)));
    expect(
      those.filter((offset) => !there.has(offset) && !this.#gone.has(offset) && !this.#going.has(offset)),
    ).toEqual([]);
    expect(offsets.filter((offset) => this.#gone.has(offset))).toEqual([]);
  }

  async #fetch({ where: place, reader, most }: Question): Promise<void> {
    const offset = this.#offsetAt(place);
    const request = { offset, maxRecords: most, maxBytes: most * 20, waitMs: 0 };
    await this.#read(offset, most, async () => {
      const fetched = await this.world.outcome(one(this.#readers, reader).fetch(at, request));
      return { records: fetched.records, next: fetched.nextOffset };
    });
  }

  /** As a poll over many partitions does: it takes nothing where nothing is ready. */
  async #pull({ where: place, reader: number, most }: Question): Promise<void> {
    const offset = this.#offsetAt(place);
    const reader = one(this.#readers, number);
    const [isReady] = await this.world.outcome(reader.ready([{ at, offset }]));
    if (isReady === false) {
      // Only a batch that went within a minute is not missed: of the real ones none does within an hour.
      expect(offset).toBeGreaterThanOrEqual(this.#endAtWait);
      expect(this.world.store.table.batches(at).map(({ base }) => base)).not.toContain(offset);
      return;
    }
    const range = { offset, maxRecords: most, maxBytes: most * 20 };
    await this.#read(offset, most, () => this.world.outcome(reader.take(at, range)));
  }

  async #read(
    offset: number,
    most: number,
    read: () => Promise<{ readonly records: readonly LogRecord[]; readonly next: number }>,
  ): Promise<void> {
    try {
      const { records, next } = await read();
      this.#check(offset, next, records);
      for (const record of records) expect(record).toEqual(this.#all[record.offset]);
      if (offset < this.#end) expect(next).toBeGreaterThan(offset);
      expect(records.length).toBeLessThanOrEqual(most);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      expect(offset).toBeLessThan(this.#start);
      expect(error.details.members).toMatchObject({ startOffset: this.#start, endOffset: this.#end });
    }
  }

  /** As a run delivers: message by message to the end, all of it or so many. */
  async #deliver({ where: place, reader, most }: Question): Promise<void> {
    const runs = one(this.#runs, reader);
    const backlog = new Backlog(runs, at, most * 60);
    let from = this.#offsetAt(place);
    for (let first = true; ; first = false) {
      const wanted = { from, maxRecords: most, ...(first && most % 2 === 0 && { end: from + most }) };
      const { records, lost } = await this.world.outcome(backlog.next(wanted));
      expect(lost).toBeLessThanOrEqual(Math.max(0, this.#start - from));
      const last = records.at(-1);
      if (last === undefined) break;
      for (const { offset, json } of records) expect(json).toBe(recordJson(one(this.#all, offset)));
      this.#check(from + lost, last.offset + 1, records);
      from = last.offset + 1;
    }
    const next = backlog.pastHoles(from);
    this.#check(Math.max(next, this.#start), this.#end, []);
  }

  async #find({ reader, most }: Question): Promise<void> {
    const wanted = most * 5;
    const found = await this.world.outcome(one(this.#readers, reader).offsetAtTime(at, wanted));
    const isLate = ({ timestamp }: LogRecord): boolean => timestamp >= wanted;
    const left = this.#all.filter(({ offset }) => offset >= this.#start && !this.#gone.has(offset));
    // Nothing is missed from there on.
    const missed = left.filter((record) => record.offset < found && isLate(record));
    expect(missed.filter(({ offset }) => !this.#going.has(offset))).toEqual([]);
    expect(found).toBeGreaterThanOrEqual(Math.min(this.#start, this.#end));
    expect(found).toBeLessThanOrEqual(this.#end);
    // And where the first as late of all is left, it is that.
    const first = this.#all.find(isLate);
    if (first === undefined) expect(found).toBe(this.#end);
    else if (first.offset >= this.#start && !this.#gone.has(first.offset) && !this.#going.has(first.offset))
      expect(found).toBe(first.offset);
  }
}
