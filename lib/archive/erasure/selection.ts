import { type Erasure, isPending, keyHashOf } from '../../domain/archive/erasures.ts';
import type { LogRecord } from '../../domain/records/records.ts';

/** Which records of a partition go, by the erasures that are under way, and how many each has taken. */
export class ErasureSelection {
  readonly #partition: number;
  readonly #pending: readonly Erasure[];
  readonly #taken = new Map<string, number>();

  constructor(erasures: readonly Erasure[], partition: number) {
    this.#partition = partition;
    this.#pending = erasures.filter((erasure) => isPending(erasure, partition));
  }

  get pending(): readonly Erasure[] {
    return this.#pending;
  }

  /** Exclusive: no record from here on is meant. */
  get end(): number {
    return this.#pending.reduce((end, { ends }) => Math.max(end, ends[this.#partition] ?? 0), 0);
  }

  /** Records that were taken for it. */
  taken({ erasureId }: Erasure): number {
    return this.#taken.get(erasureId) ?? 0;
  }

  /** Whether a record stays; one that goes is counted. */
  readonly keeps = ({ key, offset }: LogRecord): boolean => {
    if (key === undefined || this.#pending.length === 0) return true;
    const keyHash = keyHashOf(key);
    const erasure = this.#pending.find(
      ({ keyHash: meant, ends }) => meant === keyHash && offset < (ends[this.#partition] ?? 0),
    );
    if (erasure === undefined) return true;
    this.#taken.set(erasure.erasureId, this.taken(erasure) + 1);
    return false;
  };
}
