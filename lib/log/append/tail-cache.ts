import { elapsedMs, type Instant } from '../../domain/instants.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import { isWithin } from '../../stores/batches.ts';
import { instantOf } from '../../surroundings/clock.ts';
import { type Tail, tailAfter } from '../tail.ts';
import { withTimeout } from '../timeout.ts';
import type { Congestion } from './congestion.ts';
import type { SettleDeps } from './settle.ts';

/** The tail of one partition as one process remembers it. */
export class TailCache {
  readonly #deps: SettleDeps;
  readonly #at: PartitionRef;
  readonly #congestion: Congestion;
  #known: Tail | undefined;

  constructor(deps: SettleDeps, at: PartitionRef, congestion: Congestion) {
    this.#deps = deps;
    this.#at = at;
    this.#congestion = congestion;
  }

  learn(tail: Tail): void {
    this.#known = tail;
  }

  forget(): void {
    this.#known = undefined;
  }

  /**
   * A tail to put on: the one remembered, or the store's where that one is too old, is dated in the future, is probably
   * past, or is not the one expected: one that is not was asked for by this call. Throws what the query throws.
   */
  async toPutOn(expectedOffset: number | undefined, signal: AbortSignal): Promise<Tail> {
    const { batches, clock, options, rules } = this.#deps;
    const known = this.#known;
    const sentAt = instantOf(clock);
    if (known !== undefined && (known.closed || this.#serves(known, expectedOffset, sentAt))) return known;
    const last = await withTimeout(clock, options.attemptTimeoutMs, signal, (limit) =>
      batches.last(this.#at, limit),
    );
    const answeredAt = instantOf(clock);
    const tail = tailAfter(last, rules.asOf(sentAt, answeredAt), answeredAt);
    this.#congestion.answered(elapsedMs(sentAt, answeredAt));
    this.#congestion.foundTail(known, tail, last, answeredAt);
    this.#known = tail;
    return tail;
  }

  #serves(known: Tail, expectedOffset: number | undefined, now: Instant): boolean {
    const { options, rules } = this.#deps;
    if (expectedOffset !== undefined && expectedOffset !== known.end) return false;
    // Young enough to leave time in which an unknown outcome can be settled.
    const { notBefore, notAfter, notAfterMonotonic } = rules.window(known, 1);
    const reserved = {
      notBefore,
      notAfter: notAfter - options.tailReserveMs,
      notAfterMonotonic: notAfterMonotonic - options.tailReserveMs,
    };
    if (!isWithin(reserved, now)) return false;
    return !this.#congestion.probablyPast(known, now);
  }
}
