import type { Entry } from './in-hand.ts';

/** The records of each key that are not done with, of which one after the other is taken. */
export class Queues {
  readonly #byKey: ReadonlyMap<string, readonly Entry[]>;
  readonly #taken = new Map<string, number>();

  constructor(byKey: ReadonlyMap<string, readonly Entry[]>) {
    this.#byKey = byKey;
  }

  /** Whether all that are before it were taken. */
  isNext(entry: Entry): boolean {
    const { key } = entry;
    return key === undefined || this.#byKey.get(key)?.[this.#taken.get(key) ?? 0] === entry;
  }

  take({ key }: Entry): void {
    if (key !== undefined) this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1);
  }
}
