import type { LogRecord } from '../../domain/records/records.ts';

export interface LatestOffsetsLimits {
  readonly keys: number;
  /** UTF-16 units of all keys together. */
  readonly length: number;
}

/** Some 200 MB of memory, and less where keys are short. */
const defaultLimits: LatestOffsetsLimits = { keys: 1_000_000, length: 64 * 1024 * 1024 };

/**
 * The offset of the last record of each key, of a run of records. The keys themselves, not hashes of them: with two keys of one
 * hash, which somebody can make, one would delete the other's records.
 */
export class LatestOffsets {
  readonly #limits: LatestOffsetsLimits;
  readonly #offsets = new Map<string, number>();
  #length = 0;

  constructor(limits: LatestOffsetsLimits = defaultLimits) {
    this.#limits = limits;
  }

  /** No more should be added. */
  get isFull(): boolean {
    return this.#offsets.size >= this.#limits.keys || this.#length >= this.#limits.length;
  }

  /** Takes records in order of offset. */
  add(records: readonly LogRecord[]): void {
    for (const { key, offset } of records) {
      if (key === undefined) continue;
      if (!this.#offsets.has(key)) this.#length += key.length;
      this.#offsets.set(key, offset);
    }
  }

  /** Whether a later record of its key is known. One without a key has no later one. */
  supersedes({ key, offset }: Pick<LogRecord, 'key' | 'offset'>): boolean {
    return key !== undefined && (this.#offsets.get(key) ?? offset) > offset;
  }
}
