import { dropOldest } from '../domain/drop-oldest.ts';
import { elapsedMs, type Instant } from '../domain/instants.ts';
import { type Clock, instantOf } from '../surroundings/clock.ts';

export interface ReadCacheOptions<Value> {
  readonly clock: Clock;
  /** How long an answer is good, in ms since its question was asked, by whichever clock shows more; 0: not at all. */
  readonly maxAgeMs: (value: Value) => number;
  /** The least recently asked for are forgotten beyond these. */
  readonly maxEntries: number;
  /**
   * Whether questions that are asked while the same one is on its way share its answer, though it may be asked before
   * something that they were asked after; true unless said.
   */
  readonly shares?: boolean;
}

interface Entry<Value> {
  readonly value: Value;
  readonly askedAt: Instant;
}

/**
 * What a process remembers, for seconds, of a store's answers. Bounded.
 */
export class ReadCache<Value> {
  readonly #options: ReadCacheOptions<Value>;
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #asked = new Map<string, Promise<Value>>();

  constructor(options: ReadCacheOptions<Value>) {
    this.#options = options;
  }

  /** The answer for `key`: the remembered one while it is good, else `ask`'s. Errors are passed on, not remembered. */
  get(key: string, ask: () => Promise<Value>): Promise<Value> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#isGood(entry)) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      return Promise.resolve(entry.value);
    }
    const asked = this.#asked.get(key);
    if (asked !== undefined && this.#options.shares !== false) return asked;
    const answer = this.#ask(key, ask, () => this.#asked.get(key) === answer);
    this.#asked.set(key, answer);
    return answer;
  }

  /** Sets the answer for `key`, which is known because it was just written. */
  set(key: string, value: Value): void {
    this.#asked.delete(key);
    this.#remember(key, { value, askedAt: instantOf(this.#options.clock) });
  }

  /** Forgets `key`: an answer that is on its way still reaches those who asked, and nobody after them. */
  forget(key: string): void {
    this.#asked.delete(key);
    this.#entries.delete(key);
  }

  async #ask(key: string, ask: () => Promise<Value>, isCurrent: () => boolean): Promise<Value> {
    const askedAt = instantOf(this.#options.clock);
    try {
      const value = await ask();
      if (isCurrent()) this.#remember(key, { value, askedAt });
      return value;
    } finally {
      if (isCurrent()) this.#asked.delete(key);
    }
  }

  #remember(key: string, entry: Entry<Value>): void {
    this.#entries.delete(key);
    if (!this.#isGood(entry)) return;
    this.#entries.set(key, entry);
    dropOldest(this.#entries, this.#options.maxEntries);
  }

  /** The wall clock may jump either way: an answer from the future is no good. */
  #isGood({ value, askedAt }: Entry<Value>): boolean {
    const now = instantOf(this.#options.clock);
    return now.wall >= askedAt.wall && elapsedMs(askedAt, now) < this.#options.maxAgeMs(value);
  }
}
