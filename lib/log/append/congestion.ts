import { dropOldest } from '../../domain/drop-oldest.ts';
import { elapsedMs, type Instant } from '../../domain/instants.ts';
import type { Batch } from '../../domain/records/batches.ts';
import type { Random } from '../../surroundings/random.ts';
import type { Tail } from '../tail.ts';
import { Admission } from './admission.ts';
import type { AppendOptions } from './options.ts';

/** How much a new measurement moves a running mean. */
const meanWeight = 0.1;

const moved = (mean: number, value: number, weight = meanWeight): number => mean + weight * (value - mean);

/** A write's id begins with its writer's, so that writers can be counted. */
const writerIdBytes = 4;
const writeIdBytes = 8;

const writerOf = (writeId: Uint8Array): string =>
  Buffer.from(writeId.subarray(0, writerIdBytes)).toString('hex');

/**
 * What one process knows of the others that write to a partition, and how it behaves towards them: how long it backs
 * off, how long it yields, which appends it begins with, and whether a tail it remembers is probably past. Nothing here matters to what is correct.
 */
export class Congestion {
  readonly #options: AppendOptions;
  readonly #random: Random;
  readonly #writerId: Uint8Array;
  /** Others, by writer id, and when they were last seen to have written. */
  readonly #rivals = new Map<string, Instant>();
  #requestMs: number;
  /** Others' batches, and the ms in which they were seen, both fading with `memoryMs`. */
  #foreignBatches = 0;
  #observedMs = 0;
  #observedAt: Instant | undefined;
  #foreignBatchRecords = 1;
  /** How often a tail that had not been looked at for a while turned out to be past. */
  #pastShare = 0;
  #conflicts = 0;
  #throttles = 0;
  /** To the store, since the last batch of this process. */
  #requests = 0;
  readonly #admission: Admission;

  constructor(options: AppendOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#writerId = random.bytes(writerIdBytes);
    this.#requestMs = options.requestMs;
    this.#admission = new Admission(options, random);
  }

  /** In a row, since the last batch of this process. */
  get conflicts(): number {
    return this.#conflicts;
  }

  get throttles(): number {
    return this.#throttles;
  }

  /** An id that no other write has. */
  newWriteId(): Uint8Array {
    const id = new Uint8Array(writeIdBytes);
    id.set(this.#writerId);
    id.set(this.#random.bytes(writeIdBytes - writerIdBytes), writerIdBytes);
    return id;
  }

  /** A request to the store took `ms`. */
  answered(ms: number): void {
    this.#requests += 1;
    // One slow request says little: it is held to a few times the mean.
    this.#requestMs = moved(this.#requestMs, Math.min(ms, 4 * this.#requestMs));
  }

  /** The tail was `before` and is found to be `after`, which `last` ends: what lies between, others wrote. */
  foundTail(before: Tail | undefined, after: Tail, last: Batch | undefined, now: Instant): void {
    if (last !== undefined && writerOf(last.writeId) !== writerOf(this.#writerId)) this.#sawRival(last, now);
    if (before === undefined) {
      this.#observedAt = now;
      return;
    }
    const passed = after.end - before.end;
    const batches = passed > 0 ? Math.max(1, Math.round(passed / Math.max(1, this.#foreignBatchRecords))) : 0;
    this.#observe(batches, now);
  }

  /** A batch of so many appends was stored. */
  won(appends: number, now: Instant): void {
    this.#admission.stored(this.#requests / appends, now);
    this.#requests = 0;
    this.#observe(0, now);
    this.#conflicts = 0;
    this.#throttles = 0;
  }

  lost(): void {
    this.#conflicts += 1;
  }

  throttled(): void {
    this.#requests += 1;
    this.#throttles += 1;
  }

  /** Appends were refused since the partition did not get to them in time. */
  gaveUp(now: Instant): void {
    this.#admission.gaveUp(now);
    this.#requests = 0;
  }

  /** Whether to begin with an append, now that none is under way. */
  admits(now: Instant): boolean {
    return this.#admission.admits(now);
  }

  /** Of the appends offered, how many are begun; at least 1 where that is all of them. */
  admission(now: Instant): number {
    return this.#admission.share(now);
  }

  /** Full jitter, growing with every conflict since the last win, and faster with every refusal for want of capacity. */
  backoffMs(now: Instant): number {
    const { conflictGrowth, turnFactor, throttleFactor, throttleGrowth, maxBackoffMs } = this.#options;
    const turns = turnFactor * (1 + this.#countRivals(now));
    const conflicts = this.#conflicts === 0 ? 0 : Math.min(turns, conflictGrowth ** (this.#conflicts - 1));
    const throttles = this.#throttles === 0 ? 0 : throttleFactor * throttleGrowth ** (this.#throttles - 1);
    return Math.min(maxBackoffMs, this.#requestMs * (conflicts + throttles)) * this.#random.number();
  }

  /** What a process that has just won leaves to the others before it writes again. */
  yieldMs(now: Instant): number {
    return this.#options.yieldFactor * this.#countRivals(now) * this.#requestMs;
  }

  /** Whether somebody has probably written since `tail` was seen. */
  probablyPast(tail: Tail, now: Instant): boolean {
    const { memoryMs, staleProbability, winnerTrust } = this.#options;
    const ageMs = Math.max(0, elapsedMs(tail.seenAt, now));
    if (tail.mayBePast === true && ageMs > winnerTrust * this.#requestMs) return true;
    // What the rate was long ago says less than how such guesses went before.
    if (ageMs > memoryMs) return this.#pastShare > staleProbability;
    const rate = this.#foreignBatches / Math.max(this.#observedMs, memoryMs / 4);
    return 1 - Math.exp(-rate * ageMs) > staleProbability;
  }

  #sawRival(batch: Batch, now: Instant): void {
    this.#foreignBatchRecords = moved(this.#foreignBatchRecords, batch.count, 0.25);
    if (now.wall - batch.appendedAt > this.#options.memoryMs) return;
    const rival = writerOf(batch.writeId);
    this.#rivals.delete(rival);
    this.#rivals.set(rival, now);
    dropOldest(this.#rivals, this.#options.maxRivals);
  }

  #countRivals(now: Instant): number {
    for (const [rival, seenAt] of this.#rivals) {
      if (elapsedMs(seenAt, now) <= this.#options.memoryMs) break;
      this.#rivals.delete(rival);
    }
    return this.#rivals.size;
  }

  #observe(batches: number, now: Instant): void {
    const { memoryMs } = this.#options;
    const elapsed = Math.max(0, elapsedMs(this.#observedAt ?? now, now));
    if (elapsed > memoryMs) this.#pastShare = moved(this.#pastShare, batches > 0 ? 1 : 0, 0.5);
    const kept = Math.exp(-elapsed / memoryMs);
    this.#foreignBatches = this.#foreignBatches * kept + batches;
    this.#observedMs = this.#observedMs * kept + Math.min(elapsed, memoryMs);
    this.#observedAt = now;
  }
}
