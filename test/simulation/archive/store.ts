import { isPending } from '../../../lib/domain/archive/erasures.ts';
import type { Segment } from '../../../lib/domain/archive/segments.ts';
import { type Batch, batchEnd, closesPartition } from '../../../lib/domain/records/batches.ts';
import type { LogRecord, PartitionRef } from '../../../lib/domain/records/records.ts';
import type { Topic } from '../../../lib/domain/topics.ts';
import type { BatchTable } from '../../../lib/stores/memory/batches.ts';
import { ErasureTable } from '../../../lib/stores/memory/erasures.ts';
import { SegmentTable } from '../../../lib/stores/memory/segments.ts';
import { type PartitionState, untouchedPartition } from '../../../lib/stores/partitions.ts';
import { jsonSegments } from '../../harness/json-segments.ts';
import { hotPartition } from '../log/actors.ts';
import type { LogHistory } from '../log/history.ts';
import { Absences, type AbsencesDeps } from './absences.ts';

interface StoredBody {
  readonly body: Uint8Array;
  readonly storedAt: number;
  /** Once somebody has looked at them. */
  records?: readonly LogRecord[];
}

/** The partition's place in the archive at the servers' end, audited at each change: whatever can be read is somewhere. */
export class ArchiveServer {
  readonly segments = new SegmentTable();
  readonly erasures = new ErasureTable();
  readonly objects = new Map<string, StoredBody>();
  readonly absences: Absences;
  /** Until the topic is deleted. */
  isAudited = true;
  readonly state: { -readonly [Name in keyof PartitionState]: number } = { ...untouchedPartition };
  readonly #table: BatchTable;
  readonly #history: LogHistory;
  readonly now: () => number;

  constructor({ table, ...deps }: { readonly table: BatchTable } & Omit<AbsencesDeps, 'state'>) {
    this.#table = table;
    this.#history = deps.history;
    this.now = deps.now;
    this.absences = new Absences({ ...deps, state: this.state });
  }

  /** A write of the manifest: what it names from now on is there, and has the records of the log that may not be missing. */
  name<T>(at: PartitionRef, { start }: Pick<Segment, 'start'>, serve: () => T): T {
    const before = this.segments.floor(at, start);
    const answer = serve();
    const after = this.segments.floor(at, start);
    if (after?.start === start && after.object !== before?.object) this.#checkNamed(after);
    this.audit();
    return answer;
  }

  #checkNamed(segment: Segment): void {
    if (!this.isAudited) return;
    const { object, start, end } = segment;
    const stored = this.objects.get(object);
    if (stored === undefined) {
      if (end > this.state.startOffset)
        this.#history.report(`the manifest names ${object}, which is not there`);
      return;
    }
    const index = jsonSegments.readIndex(stored.body.subarray(-segment.footerBytes), stored.body.length);
    const { topicId, partition } = index.about;
    if (topicId !== hotPartition.topicId || partition !== hotPartition.partition || index.end !== end)
      this.#history.report(`${object} is of something else than the manifest says`);
    const records = this.recordsOf(segment);
    let due = start;
    for (const record of records) {
      if (record.offset < due || record.offset >= end || !this.#history.isRecord(record))
        this.#history.report(`${object} has another record at ${record.offset}`);
      due = record.offset + 1;
    }
    this.absences.named(segment, records);
  }

  /** What a segment's object holds: nothing when it is not there. */
  readonly recordsOf = ({ object }: Pick<Segment, 'object'>): readonly LogRecord[] => {
    const stored = this.objects.get(object);
    if (stored === undefined) return [];
    stored.records ??= recordsIn(stored.body);
    return stored.records;
  };

  /** Each record that is readable is in a batch, or in the segment that a reader finds for it. */
  audit(): void {
    if (!this.isAudited) return;
    const { startOffset } = this.state;
    const batches = this.#table.batches(hotPartition);
    for (let offset = startOffset; offset < this.#history.end; ) {
      const next = this.#heldThrough(offset, batches);
      if (next === undefined) {
        this.#history.report(`the record at ${offset} is readable, and nowhere`);
        return;
      }
      offset = next;
    }
  }

  /** The end of what holds the record at `offset`, or would if it were not gone. */
  #heldThrough(offset: number, batches: readonly Batch[]): number | undefined {
    const batch = batches.find(
      (held) => held.base <= offset && offset < batchEnd(held) && !closesPartition(held),
    );
    if (batch !== undefined) return batchEnd(batch);
    const segment = this.segments.floor(hotPartition, offset);
    if (segment === undefined || segment.end <= offset || !this.objects.has(segment.object)) return undefined;
    return segment.end;
  }

  /** Nothing is left of a topic that was deleted. */
  checkGone(at: PartitionRef): void {
    for (const object of this.objects.keys()) this.#history.report(`${object} is left of a deleted topic`);
    for (const { base } of this.#history.isGhost ? [] : this.#table.batches(at))
      this.#history.report(`the batch at ${base} is left of a deleted topic`);
  }

  /** Whether everything is where it belongs once all is done: one batch, and each object named once. */
  checkAtTheEnd(at: PartitionRef, { cleanup }: Pick<Topic, 'cleanup'>): void {
    const segments = this.segments.list(at);
    const named = segments.map(({ object }) => object);
    for (const object of this.objects.keys())
      if (!named.includes(object)) this.#history.report(`${object} is left, and no manifest names it`);
    for (const { object, end } of segments) {
      if (!this.objects.has(object)) this.#history.report(`the manifest names ${object}, which is gone`);
      if (end <= this.state.startOffset) this.#history.report(`${object} is left below the start`);
    }
    const batches = this.#table.batches(at).filter((batch) => !closesPartition(batch));
    if (this.#history.end > 0 && batches.length > 1)
      this.#history.report(`${batches.length} batches are left`);
    const { archivedThrough, startOffset } = this.state;
    if (Math.max(archivedThrough, startOffset) !== this.#history.end)
      this.#history.report(`the archive ends at ${archivedThrough}, and the log at ${this.#history.end}`);
    for (const erasure of this.erasures.list())
      if (isPending(erasure, at.partition)) this.#history.report(`erasure ${erasure.erasureId} is not done`);
    if (cleanup === 'compact') this.#checkCompacted(segments);
  }

  /** Nothing is left to be compacted: less is new than was compacted before. */
  #checkCompacted(segments: readonly Segment[]): void {
    const { compactedThrough } = this.state;
    const bytes = { clean: 0, dirty: 0 };
    for (const { start, objectBytes } of segments)
      bytes[start < compactedThrough ? 'clean' : 'dirty'] += objectBytes;
    if (bytes.dirty > 0 && bytes.dirty >= bytes.clean)
      this.#history.report(`what is behind ${compactedThrough} is not compacted`);
  }
}

/** What `jsonSegments` wrote: groups of records, and a footer. */
const recordsIn = (body: Uint8Array): readonly LogRecord[] => {
  const text = Buffer.from(body).toString();
  const footer = text.lastIndexOf('{"about":');
  return JSON.parse(`[${text.slice(0, footer).replaceAll('][', '],[')}]`).flat() as LogRecord[];
};
