import type { Cursor, Run } from '../../domain/groups/cursors.ts';
import type { DeliverySettings } from '../../domain/groups/groups.ts';
import { acknowledgedRun, joined } from '../../domain/groups/runs/ahead.ts';
import type { Bounds } from '../../domain/groups/runs/hand-out.ts';
import { murmur2 } from '../../domain/records/partitioning.ts';
import type { Pending } from '../pending.ts';
import type { Entry, Held, InHand } from './in-hand.ts';
import { heldBy, inHandOf, stateOf } from './kept-state.ts';
import { Queues } from './queues.ts';
import { runAt, Standings } from './standing.ts';

export interface WindowSettings extends Pick<DeliverySettings, 'ordering' | 'concurrency' | 'batchSize'> {
  /** What the records of one message take at most, the commas between them included. */
  readonly maxBytes: number;
  /** How far it may go ahead of the committed offset. */
  readonly bounds: Bounds;
  /** Whether a message stays with the consumer until that says something of it: such a one is a run or more of the cursor. */
  readonly isExplicit?: boolean;
}

/** Ms from now until a time that was written down: of when a message may be sent, or of how long one is held. */
export type Due = (until: number, of?: 'held') => number;

/** A message that the consumer has refused, or said nothing of in time. */
export interface Overdue {
  readonly message: InHand;
  readonly held: Held;
}

/** Bytes of records that one partition has in memory at most. */
const heldBytes = 16 * 1024 * 1024;
/** Records that are done with are listed until there are so many of them. */
const manyDone = 500;

/**
 * What is ahead of the committed offset of a partition, in the memory of the run that has its lease: which records are under way, which wait,
 * and for what. It becomes the run list of the cursor, and begins with it.
 *
 * Of the order by key the records of one key are always in one lane, and of one lane one message is under way; a record is never sent while
 * one of its key before it is not done with. Without an order any message may be under way beside any other. The order of a partition is that of
 * one key for all.
 */
export class Window {
  readonly #settings: WindowSettings;
  readonly #standings: Standings;
  readonly #kept = new Map<string, InHand>();
  readonly #inHand = new Set<InHand>();
  /** Records of each lane that are in no message. */
  readonly #free = new Map<number, number>();
  /** In order of offset; of those that are done with some. The first is not. */
  #entries: Entry[] = [];
  /** The same, lane by lane. */
  readonly #laneEntries = new Map<number, Entry[]>();
  /** How many of them are done with. */
  #done = 0;
  readonly #byKey = new Map<string, Entry[]>();
  #committed: number;
  /** All below it was looked at. */
  #loadedThrough: number;
  /** The end of what was sent, or was before. */
  #readEnd: number;
  #bytes = 0;

  constructor(settings: WindowSettings, start: number, cursor: Cursor | undefined) {
    this.#settings = settings;
    this.#standings = new Standings(cursor);
    this.#committed = cursor?.committed ?? start;
    this.#loadedThrough = this.#committed;
    this.#readEnd = Math.max(this.#committed, this.#standings.end);
  }

  get loadedThrough(): number {
    return this.#loadedThrough;
  }

  /** Whether what the cursor has ahead of it was all looked at: before that nothing is to be sent. */
  get isWhole(): boolean {
    return this.#loadedThrough >= this.#standings.end;
  }

  /** How many more offsets may be looked at. */
  get room(): number {
    if (!this.isWhole) return this.#standings.end - this.#loadedThrough;
    const ahead = this.#loadedThrough - this.#first();
    return this.#bytes >= heldBytes ? 0 : Math.max(0, this.#settings.bounds.records - ahead);
  }

  /** Records that nobody has sent yet. */
  get waiting(): number {
    return [...this.#free.values()].reduce((sum, count) => sum + count, 0);
  }

  get isEmpty(): boolean {
    return this.#entries.length === this.#done;
  }

  /** Whether there are messages that are to be sent again as they are. */
  get hasKept(): boolean {
    return [...this.#inHand].some(({ isKept }) => isKept);
  }

  get stuck(): number {
    return [...this.#inHand].reduce((sum, { isStuck, entries }) => (isStuck ? sum + entries.length : sum), 0);
  }

  /** Records that follow those that it has; `through` is where what was looked at ends, exclusive. */
  add(records: readonly Pending[], through: number): void {
    for (const pending of records) {
      const standing = this.#standings.of(pending.offset);
      if (standing.kind === 'done') continue;
      const entry: Entry = { pending, ...this.#placeOf(pending) };
      this.#entries.push(entry);
      const lane = this.#laneEntries.get(entry.lane);
      if (lane === undefined) this.#laneEntries.set(entry.lane, [entry]);
      else lane.push(entry);
      this.#bytes += pending.json.length;
      if (entry.key !== undefined) {
        const others = this.#byKey.get(entry.key);
        if (others === undefined) this.#byKey.set(entry.key, [entry]);
        else others.push(entry);
      }
      if (standing.kind === 'kept') this.#keep(entry, standing.tag, standing.run);
      else this.#count(entry, 1);
    }
    this.#loadedThrough = Math.max(this.#loadedThrough, through);
  }

  /** Retention took everything below `start`. Gives how many records that were not done with. */
  beginAt(start: number): number {
    if (start <= this.#loadedThrough) return 0;
    const lost = this.#standings.open(this.#loadedThrough, start);
    this.#loadedThrough = start;
    this.#readEnd = Math.max(this.#readEnd, start);
    return lost;
  }

  #placeOf({ offset, record: { key } }: Pending): Pick<Entry, 'key' | 'lane'> {
    const { ordering, concurrency, batchSize } = this.#settings;
    if (ordering === 'partition') return { key: '', lane: 0 };
    if (ordering === 'none') return { key: undefined, lane: 0 };
    if (key === undefined) return { key: undefined, lane: Math.floor(offset / batchSize) % concurrency };
    return { key, lane: (murmur2(Buffer.from(key)) >>> 0) % concurrency };
  }

  #count({ lane }: Entry, more: number): void {
    this.#free.set(lane, (this.#free.get(lane) ?? 0) + more);
  }

  #keep(entry: Entry, tag: string, run: Run): void {
    const before = this.#kept.get(tag);
    const entries = [...(before?.entries ?? []), entry];
    const kept = { ...inHandOf(run), entries };
    if (before !== undefined) this.#inHand.delete(before);
    this.#inHand.add(kept);
    this.#kept.set(tag, kept);
    for (const each of entries) each.message = kept;
  }

  /** A message that may be sent now, by the `slot`-th of the requests that may be under way. */
  take(slot: number, dueMs: Due): InHand | undefined {
    if (!this.#hasPlace()) return undefined;
    const again = this.#messages().find(
      (each) => isToSend(each) && dueMs(each.until) === 0 && this.#isFirst(each),
    );
    const message = again ?? this.#takeNew(slot);
    if (message === undefined) return undefined;
    message.isUnderWay = true;
    this.#readEnd = Math.max(this.#readEnd, (message.entries.at(-1)?.pending.offset ?? 0) + 1);
    return message;
  }

  #takeNew(slot: number): InHand | undefined {
    if (!this.isWhole) return undefined;
    const { ordering, batchSize, maxBytes } = this.#settings;
    const lane = slot % this.#lanes();
    if (this.#isHeld(lane)) return undefined;
    let stretches = this.#maxStretches();
    let left = ordering === 'none' ? this.waiting : (this.#free.get(lane) ?? 0);
    if (left === 0) return undefined;
    const end = this.#end();
    const taken: Entry[] = [];
    const queues = new Queues(this.#byKey);
    let bytes = 0;
    for (const entry of this.#laneEntries.get(lane) ?? []) {
      if (left === 0 || taken.length >= batchSize || entry.pending.offset >= end) break;
      if (entry.isDone === true) continue;
      if (entry.message !== undefined) {
        // Without an order a message is of records that follow one another, so that the run list stays short.
        if (ordering === 'none' && taken.length > 0) break;
        continue;
      }
      left -= 1;
      if (!queues.isNext(entry)) continue;
      const isFaulty = entry.pending.fault !== undefined;
      bytes += Buffer.byteLength(entry.pending.json) + 1;
      if (taken.length > 0 && (bytes > maxBytes || isFaulty)) break;
      if (taken.at(-1)?.pending.offset !== entry.pending.offset - 1 && --stretches < 0) break;
      taken.push(entry);
      queues.take(entry);
      if (isFaulty) break;
    }
    return taken.length === 0 ? undefined : this.#made(taken, { until: 0, isKept: false });
  }

  /** Messages that are under way or held at a time, at most. */
  get #places(): number {
    return this.#settings.ordering === 'partition' ? 1 : this.#settings.concurrency;
  }

  /** A message that is held has its place as long as it is. */
  #hasPlace(): boolean {
    let taken = 0;
    for (const { isUnderWay, held } of this.#inHand) if (isUnderWay || held !== undefined) taken += 1;
    return taken < this.#places;
  }

  /** Whether the consumer has a message of the lane, after which the next one comes. */
  #isHeld(lane: number): boolean {
    if (this.#settings.ordering === 'none') return false;
    return [...this.#inHand].some(({ held, entries }) => held !== undefined && entries[0]?.lane === lane);
  }

  /** Of how many stretches of offsets a message may be: where it is kept, each is a run, and so is what is before it. */
  #maxStretches(): number {
    if (this.#settings.isExplicit !== true) return Number.POSITIVE_INFINITY;
    return Math.max(1, Math.floor(this.#settings.bounds.runs / (2 * this.#places)));
  }

  #lanes(): number {
    return this.#settings.ordering === 'key' ? this.#settings.concurrency : 1;
  }

  /**
   * Where what may be sent ends: so far ahead of the first record that is not done with. When much waits for what is refused, nothing is that
   * was never sent.
   */
  #end(): number {
    const { bounds } = this.#settings;
    const furthest = this.#first() + bounds.records;
    if (!this.#messages().some(({ isUnderWay }) => !isUnderWay)) return furthest;
    const runs = this.#runs(({ message }) => message?.isUnderWay !== true).length;
    return runs + 1 > bounds.runs ? Math.min(furthest, this.#readEnd) : furthest;
  }

  /** Whether nothing before it has its keys. */
  #isFirst({ entries }: InHand): boolean {
    const queues = new Queues(this.#byKey);
    return entries.every((entry) => {
      const isNext = queues.isNext(entry);
      queues.take(entry);
      return isNext;
    });
  }

  /** In order of their first record. */
  #messages(): readonly InHand[] {
    if (this.#inHand.size < 2) return [...this.#inHand];
    return [...this.#inHand].sort((one, other) => firstOf(one) - firstOf(other));
  }

  #made(entries: readonly Entry[], given: Partial<InHand>): InHand {
    const fresh = {
      attempts: 0,
      refusals: 0,
      since: undefined,
      until: 0,
      isUnderWay: false,
      isKept: true,
      isStuck: false,
      held: undefined,
    };
    const message: InHand = { ...fresh, ...given, entries };
    for (const entry of entries) {
      if (entry.message === undefined) this.#count(entry, -1);
      entry.message = message;
    }
    this.#inHand.add(message);
    return message;
  }

  /** Records of the message that are done with. Those that are left wait, as if they were never sent. */
  settle(message: InHand, isDone: (offset: number) => boolean): void {
    const { entries } = message;
    const done = new Set(entries.filter(({ pending: { offset } }) => isDone(offset)));
    this.#inHand.delete(message);
    for (const entry of entries) {
      entry.message = undefined;
      if (!done.has(entry)) this.#count(entry, 1);
    }
    for (const entry of done) {
      entry.isDone = true;
      this.#bytes -= entry.pending.json.length;
      if (entry.key === undefined) continue;
      const left = this.#byKey.get(entry.key)?.filter((each) => each !== entry) ?? [];
      if (left.length === 0) this.#byKey.delete(entry.key);
      else this.#byKey.set(entry.key, left);
    }
    this.#done += done.size;
    this.#forget();
  }

  /** Takes those off the lists that are done with, where the first is, or many are: to do so each time would look at all of them. */
  #forget(): void {
    if (this.#entries[0]?.isDone !== true && this.#done < manyDone) return;
    const isLeft = ({ isDone }: Entry): boolean => isDone !== true;
    this.#entries = this.#entries.filter(isLeft);
    for (const [lane, entries] of this.#laneEntries) this.#laneEntries.set(lane, entries.filter(isLeft));
    this.#done = 0;
  }

  /** The message is to be sent again as it is. */
  again(message: InHand, change: Partial<Omit<InHand, 'entries' | 'held'>>): void {
    Object.assign(message, { isUnderWay: false, isKept: true, ...change, held: undefined });
  }

  /** The message is with the consumer, or is about to be. */
  hold(message: InHand, held: Held, change: Partial<Pick<InHand, 'isUnderWay'>> = {}): void {
    Object.assign(message, { isKept: true, ...change, held });
  }

  /** Whether the message is still what is known of its records. */
  has(message: InHand): boolean {
    return this.#inHand.has(message);
  }

  /** What consumers refused, or said nothing of in time. */
  overdue(dueMs: Due): readonly Overdue[] {
    return this.#messages().flatMap((message) => {
      const { held, isUnderWay } = message;
      if (held === undefined || isUnderWay) return [];
      return held.isNacked || dueMs(held.until, 'held') === 0 ? [{ message, held }] : [];
    });
  }

  /** What consumers said meanwhile, as the cursor has it now. */
  merge({ committed, runs = [] }: Cursor): void {
    const isDone = (offset: number): boolean =>
      offset < committed || runAt(runs, offset)?.state === 'acknowledged';
    this.#settleFree(isDone);
    for (const message of this.#messages()) {
      const { held, entries } = message;
      const said = entries.map(({ pending: { offset } }) => runAt(runs, offset));
      // Until it is kept, the cursor says nothing of it.
      const isKnown = held?.isStored === true;
      const [first] = said;
      if (isKnown && first !== undefined && said.every((run) => run?.by === held.by))
        message.held = heldBy(held, first);
      else if (isKnown || entries.some(({ pending: { offset } }) => isDone(offset))) {
        this.settle(message, isDone);
        for (const [index, run] of said.entries())
          if (run?.reason === 'nack') this.#made(entries.slice(index, index + 1), inHandOf(run));
      }
    }
  }

  /** The cursor has it now that messages are held. */
  stored(): void {
    for (const message of this.#inHand)
      if (message.held !== undefined) message.held = { ...message.held, isStored: true };
  }

  /** Records in no message that are done with. */
  #settleFree(isDone: (offset: number) => boolean): void {
    const free = this.#entries.filter(
      (entry) => entry.message === undefined && entry.isDone !== true && isDone(entry.pending.offset),
    );
    if (free.length > 0) this.settle(this.#made(free, {}), () => true);
  }

  /** Makes messages of their own of parts of one, in order; each entry of it is in one of them. */
  split(parts: readonly (Partial<InHand> & Pick<InHand, 'entries'>)[]): void {
    for (const { entries, ...given } of parts) if (entries.length > 0) this.#made(entries, given);
  }

  /** Whether there is a message that may be sent now. */
  mayTake(dueMs: Due): boolean {
    if (this.nextDueMs(dueMs) === 0) return true;
    if (!this.isWhole || !this.#hasPlace()) return false;
    const end = this.#end();
    return this.#entries.some(({ key, lane, message, isDone, pending: { offset } }) => {
      if (isDone === true || message !== undefined || offset >= end || this.#isHeld(lane)) return false;
      return key === undefined || this.#byKey.get(key)?.[0]?.message === undefined;
    });
  }

  /**
   * Ms until a message that is to be sent again may be, or until one that is held is overdue; infinite where there is none, or only such as
   * wait for another.
   */
  nextDueMs(dueMs: Due): number {
    const hasPlace = this.#hasPlace();
    let least = Number.POSITIVE_INFINITY;
    for (const message of this.#messages()) {
      const { held, isUnderWay, until } = message;
      if (isUnderWay) continue;
      if (held !== undefined) least = Math.min(least, held.isNacked ? 0 : dueMs(held.until, 'held'));
      else if (hasPlace && this.#isFirst(message)) least = Math.min(least, dueMs(until));
    }
    return least;
  }

  #first(): number {
    return this.#entries[0]?.pending.offset ?? this.#loadedThrough;
  }

  /** What the cursor is to say: what is under way is to be sent again, if nobody says more of it. */
  ahead(): Required<Pick<Cursor, 'committed' | 'runs'>> {
    const runs = this.#runs(() => true);
    const [first] = runs;
    if (first === undefined) {
      // Nothing is open below what was looked at, but for what was never sent.
      const [next] = this.#entries;
      return { committed: next?.pending.offset ?? this.#loadedThrough, runs: [] };
    }
    return { committed: first.start, runs };
  }

  /** The runs from the first open record to the end of what was sent, where those that are not `open` are done with. */
  #runs(open: (entry: Entry) => boolean): readonly Run[] {
    const runs: Run[] = [];
    let next: number | undefined;
    for (const entry of this.#entries) {
      const start = entry.pending.offset;
      if (start >= this.#readEnd) break;
      if (entry.isDone === true || !open(entry)) continue;
      if (next !== undefined) runs.push(acknowledgedRun({ start: next, end: start }));
      runs.push({ start, end: start + 1, ...stateOf(entry) });
      next = start + 1;
    }
    if (next !== undefined && next < this.#readEnd)
      runs.push(acknowledgedRun({ start: next, end: this.#readEnd }));
    return joined(runs);
  }
}

const firstOf = ({ entries }: InHand): number => entries[0]?.pending.offset ?? 0;

const isToSend = ({ isUnderWay, held }: InHand): boolean => !isUnderWay && held === undefined;
