import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { Clock } from '../../surroundings/clock.ts';

/** One reader's wait for the next records of a partition, or of several. */
export interface Arrival {
  /**
   * Resolves after `ms`, or at once when records arrive, or did since the last time, or when `signal` aborts. True when
   * records arrived.
   */
  within(ms: number, clock: Clock, signal?: AbortSignal): Promise<boolean>;
  /** Ends it. */
  end(): void;
}

/** Why a wait ends before its time. An abort without a reason makes an error with a stack. */
const arrived = 'arrived';

/** Tells those who wait for a partition's next records of what this same process writes, so that they look at once. */
export class Arrivals {
  /**
   * Every write there is to the log is announced here, before the writer has its answer. So who has looked need not look
   * again before the next announcement, and one look does for all who ask at the same time.
   */
  readonly complete: boolean;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #looks = new Map<string, Map<string, Promise<unknown>>>();
  #over = false;

  /** Not `complete` unless said so: other processes write as well. */
  constructor({ complete = false }: { readonly complete?: boolean } = {}) {
    this.complete = complete;
  }

  /** Nothing is waited for any more: whoever waits goes with what there is. */
  get over(): boolean {
    return this.#over;
  }

  /** Ends every wait, and lets none begin: for a process that ends. */
  stop(): void {
    this.#over = true;
    for (const waiting of this.#waiting.values()) for (const tell of waiting) tell();
  }

  /** Records were written to the partition, or may have been. */
  announce(at: PartitionRef): void {
    this.#looks.delete(partitionKey(at));
    this.announceKey(partitionKey(at));
  }

  /** Something else happened that is waited for. */
  announceKey(key: string): void {
    for (const tell of this.#waiting.get(key) ?? []) tell();
  }

  /**
   * What `look` finds. While it looks, others with the same `question` about the partition get the same answer, unless
   * something was announced in between: it is as new for them as their own would be. Where announcements are not
   * complete everybody looks for himself.
   */
  look<Found>(at: PartitionRef, question: string, look: () => Promise<Found>): Promise<Found> {
    if (!this.complete) return look();
    const key = partitionKey(at);
    const looks = this.#looks.get(key) ?? new Map<string, Promise<unknown>>();
    this.#looks.set(key, looks);
    const underWay = looks.get(question);
    // A question is asked in one way only, so what it finds is of one type.
    if (underWay !== undefined) return underWay as Promise<Found>;
    const found = look().finally(() => {
      looks.delete(question);
      if (looks.size === 0 && this.#looks.get(key) === looks) this.#looks.delete(key);
    });
    looks.set(question, found);
    return found;
  }

  /** Whatever is announced from now on ends the waits of what this gives. */
  expect(at: PartitionRef): Arrival {
    return this.#expectKeys([partitionKey(at)]);
  }

  /** As `expect`, of any of the partitions, or of `keys` that are announced. */
  expectAny(ats: readonly PartitionRef[], keys: readonly string[] = []): Arrival {
    return this.#expectKeys([...ats.map(partitionKey), ...keys]);
  }

  #expectKeys(keys: readonly string[]): Arrival {
    let hasArrived = false;
    // Ends the wait that is under way, if there is one.
    let wake: (() => void) | undefined;
    const tell = (): void => {
      hasArrived = true;
      wake?.();
    };
    for (const key of keys) this.#waiting.set(key, (this.#waiting.get(key) ?? new Set()).add(tell));
    return {
      within: async (ms, clock, signal) => {
        const over = new AbortController();
        wake = () => over.abort(arrived);
        signal?.addEventListener('abort', wake);
        if (hasArrived || this.#over || signal?.aborted === true) wake();
        await clock.sleep(ms, over.signal);
        signal?.removeEventListener('abort', wake);
        wake = undefined;
        const since = hasArrived;
        hasArrived = false;
        return since;
      },
      end: () => {
        for (const key of keys) {
          const waiting = this.#waiting.get(key);
          waiting?.delete(tell);
          if (waiting?.size === 0) this.#waiting.delete(key);
        }
      },
    };
  }
}
