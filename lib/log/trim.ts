import { limits } from '../domain/limits.ts';
import { type Batch, batchEnd } from '../domain/records/batches.ts';
import type { PartitionRef } from '../domain/records/records.ts';
import type { BatchStore } from '../stores/batches.ts';
import type { Clock } from '../surroundings/clock.ts';

export interface TrimDeps {
  readonly batches: Pick<BatchStore, 'last' | 'range' | 'delete'>;
  readonly clock: Pick<Clock, 'now'>;
  /** The safety floor of DESIGN §5, ms. Default `limits.trimMinAgeMs`; only the local runtime may lower it. */
  readonly minAgeMs?: number;
  /** Of batches with records of an idempotency key, ms. Default `limits.keyedTrimMinAgeMs`, where that is more. */
  readonly keyedMinAgeMs?: number;
}

/** How old a batch must be to be deleted, ms. */
export const trimAge = (
  { idempotencyKeys = [] }: Pick<Batch, 'idempotencyKeys'>,
  minAgeMs: number,
  keyedMinAgeMs: number = limits.keyedTrimMinAgeMs,
): number => (idempotencyKeys.length > 0 ? Math.max(minAgeMs, keyedMinAgeMs) : minAgeMs);

const batchesAtOnce = 25;

export interface Deleted {
  /** Batches. */
  readonly deleted: number;
  /** The end of the last of them, where there is one; else where was looked from. */
  readonly through: number;
}

/**
 * Deletes the batches that end at or below `upTo`: an unbroken run of the oldest, never the last one, none younger than
 * the floor, and none with records of an idempotency key that is still kept. What a stale writer believes to be the tail is then always taken by a batch that is still there (tail.ts).
 * @param from below it nothing is left.
 */
export const deleteBatches = async (
  deps: TrimDeps,
  at: PartitionRef,
  upTo: number,
  from = 0,
): Promise<Deleted> => {
  const last = await deps.batches.last(at);
  let [deleted, through] = [0, from];
  if (last === undefined) return { deleted, through };
  const minAgeMs = deps.minAgeMs ?? limits.trimMinAgeMs;
  const run = new OldRun(Math.min(upTo, last.base), (batch) => trimAge(batch, minAgeMs, deps.keyedMinAgeMs));
  for (let next = from; ; ) {
    const askedAt = deps.clock.now();
    const page = await deps.batches.range(at, { from: next, limit: batchesAtOnce, consistent: true });
    // The earlier reading: the query was signed after `askedAt`, and taken by the store, so that the clock was about right
    // then, unless it has stepped back since.
    const going = run.take(page.batches, Math.min(askedAt, deps.clock.now()));
    await deps.batches.delete(
      at,
      going.map(({ base }) => base),
    );
    deleted += going.length;
    through = going.reduce((end, batch) => Math.max(end, batchEnd(batch)), through);
    if (run.ended || !page.more) return { deleted, through };
    next = (page.batches.at(-1)?.base ?? next) + 1;
  }
};

/** Finds, from the oldest batch on, those that may go; ends at the first that may not. */
class OldRun {
  readonly #upTo: number;
  readonly #minAgeMs: (batch: Batch) => number;
  /** Of a date that no legal clock has written: each is as old as the next batch of a possible one, at least. */
  #undated: Batch[] = [];
  ended = false;

  constructor(upTo: number, minAgeMs: (batch: Batch) => number) {
    this.#upTo = upTo;
    this.#minAgeMs = minAgeMs;
  }

  /** Those that may go, of `batches` (which follow what was taken before) and of those before them. */
  take(batches: readonly Batch[], now: number): Batch[] {
    const going: Batch[] = [];
    for (const batch of batches) {
      const isDated = batch.appendedAt <= now + limits.appendTimeMaxAheadMs;
      if (isDated) {
        const ageMs = now - batch.appendedAt;
        this.ended = [...this.#undated, batch].some((each) => ageMs < this.#minAgeMs(each));
        if (this.ended) break;
        going.push(...this.#undated.splice(0));
      }
      // The closing batch ends where it begins.
      if (batch.base < this.#upTo && batchEnd(batch) <= this.#upTo)
        (isDated ? going : this.#undated).push(batch);
      else this.ended = this.#undated.length === 0;
      if (this.ended) break;
    }
    return going;
  }
}
