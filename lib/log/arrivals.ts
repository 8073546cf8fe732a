import { type PartitionRef, partitionKey } from '../domain/records.ts';
import type { Clock } from '../stores/clock.ts';

/** One reader's wait for the next records of a partition. */
export interface Arrival {
  /**
   * Resolves after `ms`, or at once when records arrive, or did since the last time, or when `signal` aborts. True when
   * records arrived.
   */
  within(ms: number, clock: Clock, signal?: AbortSignal): Promise<boolean>;
  /** Ends it. */
  end(): void;
}

/** Tells those who wait for a partition's next records of what this same process writes, so that they look at once. */
export class Arrivals {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Records were written to the partition, or may have been. */
  announce(at: PartitionRef): void {
    for (const tell of this.#waiting.get(partitionKey(at)) ?? []) tell();
  }

  /** Whatever is announced from now on ends the waits of what this gives. */
  expect(at: PartitionRef): Arrival {
    let arrived = new AbortController();
    const key = partitionKey(at);
    const tell = (): void => arrived.abort();
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting.add(tell));
    return {
      within: async (ms, clock, signal) => {
        await clock.sleep(ms, signal ? AbortSignal.any([signal, arrived.signal]) : arrived.signal);
        const hasArrived = arrived.signal.aborted;
        if (hasArrived) arrived = new AbortController();
        return hasArrived;
      },
      end: () => {
        waiting.delete(tell);
        if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
      },
    };
  }
}
