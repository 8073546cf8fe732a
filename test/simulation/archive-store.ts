import { type Batch, batchEnd, closesPartition } from '../../lib/domain/records/batches.ts';
import type { LogRecord, PartitionRef } from '../../lib/domain/records/records.ts';
import type { Segment } from '../../lib/domain/segments.ts';
import type { BatchTable } from '../../lib/stores/memory/batches.ts';
import { SegmentTable } from '../../lib/stores/memory/segments.ts';
import { ObjectMissingError, type ObjectStore, type StoredObject } from '../../lib/stores/objects.ts';
import { type PartitionState, untouchedPartition } from '../../lib/stores/partitions.ts';
import type { SegmentStore } from '../../lib/stores/segments.ts';
import { hotPartition } from './log-actors.ts';
import type { LogHistory } from './log-history.ts';
import type { Connection } from './log-network.ts';

/** The partition's place in the archive at the servers' end, audited at each change: whatever can be read is somewhere. */
export class ArchiveServer {
  readonly segments = new SegmentTable();
  readonly objects = new Map<string, { readonly body: Uint8Array; readonly storedAt: number }>();
  /** Until the topic is deleted. */
  isAudited = true;
  readonly state: { -readonly [Name in keyof PartitionState]: number } = { ...untouchedPartition };
  readonly #table: BatchTable;
  readonly #history: LogHistory;
  readonly #now: () => number;

  constructor(deps: { table: BatchTable; history: LogHistory; now: () => number }) {
    this.#table = deps.table;
    this.#history = deps.history;
    this.#now = deps.now;
  }

  /** The archive as the process of a connection reaches it. */
  through(connection: Connection): { segments: SegmentStore; objects: ObjectStore } {
    return { segments: this.#segmentsThrough(connection), objects: this.#objectsThrough(connection) };
  }

  #segmentsThrough(connection: Connection): SegmentStore {
    const { segments } = this;
    const write = <T>(serve: () => T): Promise<T> =>
      connection.reach(
        () => {
          const answer = serve();
          this.audit();
          return answer;
        },
        { copies: true },
      );
    return {
      newest: (at) => connection.reach(() => segments.newest(at)),
      seal: (at, segment, former) => write(() => segments.seal(at, segment, former)),
      forgetNewest: (at) => write(() => segments.forgetNewest(at)),
      add: (at, segment) =>
        write(() => {
          this.#checkNamed(segment);
          return segments.add(at, segment);
        }),
      floor: (at, offset) => connection.reach(() => segments.floor(at, offset)),
      list: (at, { from, limit }) =>
        connection.reach(() =>
          segments
            .list(at)
            .filter(({ start }) => start >= from)
            .slice(0, limit),
        ),
      replace: (at, object, segment) => write(() => segments.replace(at, object, segment)),
      delete: (at, segment) => write(() => segments.delete(at, segment)),
    };
  }

  #objectsThrough(connection: Connection): ObjectStore {
    const { objects } = this;
    const sorted = (): StoredObject[] =>
      [...objects]
        .map(([name, { body, storedAt }]) => ({ name, bytes: body.length, storedAt }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      put: (name, body) =>
        connection.reach(
          () => {
            if (!objects.has(name)) objects.set(name, { body, storedAt: this.#now() });
          },
          { copies: true },
        ),
      read: (name, { from, to }) =>
        connection.reach(() => {
          const stored = objects.get(name);
          if (stored === undefined) throw new ObjectMissingError(name);
          return stored.body.subarray(from, to);
        }),
      list: ({ prefix = '', after = '', limit }) =>
        connection.reach(() =>
          sorted()
            .filter(({ name }) => name.startsWith(prefix) && name > after)
            .slice(0, limit),
        ),
      delete: (names) =>
        connection.reach(
          () => {
            for (const name of names) objects.delete(name);
            this.audit();
          },
          { copies: true },
        ),
    };
  }

  /** A manifest names what is there, and has the records of the log. */
  #checkNamed({ object, start, end }: Segment): void {
    if (!this.isAudited) return;
    const stored = this.objects.get(object);
    if (stored === undefined) {
      if (end > this.state.startOffset && this.segments.floor(hotPartition, start)?.start !== start)
        this.#history.report(`the manifest names ${object}, which is not there`);
      return;
    }
    for (const { offset, key } of recordsIn(stored.body))
      if (this.#history.keyAt(offset) !== key)
        this.#history.report(`${object} has another record at ${offset}`);
  }

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

  /** The end of what holds the record at `offset`. */
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
  checkAtTheEnd(at: PartitionRef): void {
    const named = this.segments.list(at).map(({ object }) => object);
    for (const object of this.objects.keys())
      if (!named.includes(object)) this.#history.report(`${object} is left, and no manifest names it`);
    for (const { object, end } of this.segments.list(at)) {
      if (!this.objects.has(object)) this.#history.report(`the manifest names ${object}, which is gone`);
      if (end <= this.state.startOffset) this.#history.report(`${object} is left below the start`);
    }
    const batches = this.#table.batches(at).filter((batch) => !closesPartition(batch));
    if (this.#history.end > 0 && batches.length > 1)
      this.#history.report(`${batches.length} batches are left`);
    const { archivedThrough, startOffset } = this.state;
    if (Math.max(archivedThrough, startOffset) !== this.#history.end)
      this.#history.report(`the archive ends at ${archivedThrough}, and the log at ${this.#history.end}`);
  }
}

/** What `jsonSegments` wrote: groups of records, and a footer. */
const recordsIn = (body: Uint8Array): readonly LogRecord[] => {
  const text = Buffer.from(body).toString();
  const footer = text.lastIndexOf('{"about":');
  return JSON.parse(`[${text.slice(0, footer).replaceAll('][', '],[')}]`).flat() as LogRecord[];
};
