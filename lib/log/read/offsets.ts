import { Problem } from '../../domain/errors.ts';
import { elapsedMs, type Instant } from '../../domain/instants.ts';
import { type Batch, batchEnd } from '../../domain/records/batches.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { BatchStore } from '../../stores/batches.ts';
import type { PartitionState, PartitionStore } from '../../stores/partitions.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import type { Arrivals } from './arrivals.ts';
import type { KnownPartitions } from './known.ts';

/** How a store is asked: once, or patiently. */
export type Ask = <T>(request: (signal: AbortSignal | undefined) => Promise<T>) => Promise<T>;

export interface OffsetsDeps {
  readonly batches: Pick<BatchStore, 'end' | 'last'>;
  readonly partitions: Pick<PartitionStore, 'get'>;
  readonly clock: Clock;
  readonly known: KnownPartitions;
  readonly ask: Ask;
  readonly arrivals: Arrivals;
}

/** Where partitions begin and end, as a process remembers it. */
export class PartitionOffsets {
  readonly #deps: OffsetsDeps;

  constructor(deps: OffsetsDeps) {
    this.#deps = deps;
  }

  /** Where it begins, and how far it is archived; strongly consistent. */
  async state(at: PartitionRef): Promise<PartitionState> {
    const { ask, partitions, known, clock } = this.#deps;
    const state = await ask(() => partitions.get(at));
    known.sawState(at, state, instantOf(clock));
    return state;
  }

  /** The next offset to be written; strongly consistent. */
  end(at: PartitionRef): Promise<number> {
    const { ask, batches, known, clock, arrivals } = this.#deps;
    return arrivals.look(at, 'end', async () => {
      const end = await ask((signal) => batches.end(at, { from: 0, consistent: true }, signal));
      known.sawEnd(at, end, instantOf(clock));
      return known.get(at).end;
    });
  }

  /** The last batch; strongly consistent. */
  async last(at: PartitionRef): Promise<Batch | undefined> {
    const { ask, batches, known, clock } = this.#deps;
    const last = await ask((signal) => batches.last(at, signal));
    known.sawEnd(at, last === undefined ? 0 : batchEnd(last), instantOf(clock));
    return last;
  }

  /** The oldest offset that is still readable, as it was `maxAgeMs` ago or is now. */
  async recentStart(at: PartitionRef, maxAgeMs: number): Promise<number> {
    const { start, startSeenAt } = this.#deps.known.get(at);
    if (this.#isRecent(startSeenAt, maxAgeMs)) return start;
    // Trimming is not announced: a start that somebody else is reading is as recent as is asked for here.
    const state = this.#deps.arrivals.look(at, 'state', () => this.state(at));
    return (await state).startOffset;
  }

  /** The end as it was `maxAgeMs` ago or is now, of a partition of which records below `next` were read. */
  async recentEnd(
    at: PartitionRef,
    maxAgeMs: number,
    { next, more }: { readonly next: number; readonly more: boolean },
  ): Promise<number> {
    const { end, endSeenAt } = this.#deps.known.get(at);
    if (this.#isRecent(endSeenAt, maxAgeMs) && (!more || end > next)) return end;
    return Math.max(next, await this.end(at));
  }

  /** What is said of an offset below the start or above the end, with both as they are now. */
  async outOfRange(at: PartitionRef, offset: number): Promise<Problem> {
    const { startOffset } = await this.state(at);
    const endOffset = await this.end(at);
    return new Problem(
      'offset_out_of_range',
      `Partition ${at.partition} holds the offsets from ${startOffset} to below ${endOffset}; ${offset} is not among them.`,
      { members: { partition: at.partition, startOffset, endOffset } },
    );
  }

  #isRecent(seenAt: Instant | undefined, maxAgeMs: number): boolean {
    return seenAt !== undefined && elapsedMs(seenAt, instantOf(this.#deps.clock)) <= maxAgeMs;
  }
}
