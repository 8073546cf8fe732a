import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { BatchStore } from '../../stores/batches.ts';

/** Partitions whose ends are remembered; beyond, those that were read longest ago are read anew. */
const remembered = 100_000;

/**
 * The ends of partitions, as one process after the other sweep finds them. Each is looked for from where it was last time:
 * where nothing came since, no batch is read, which may be of 350 KB, but half a unit is paid for seeing that there is none.
 *
 * Reads are eventually consistent. What was appended a moment before a sweep is then for the next one, and what it may miss
 * it wakes nobody for; that an end is never lower than it was before holds all the same.
 */
export class PartitionEnds {
  readonly #batches: Pick<BatchStore, 'end'>;
  /** By partition key, those that were read last at the end. */
  readonly #seen = new Map<string, number>();

  constructor(batches: Pick<BatchStore, 'end'>) {
    this.#batches = batches;
  }

  /** The next offset to be written, or one that was not long ago. */
  async read(at: PartitionRef): Promise<number> {
    const key = partitionKey(at);
    const end = await this.#batches.end(at, { from: this.#seen.get(key) ?? 0, consistent: false });
    this.#seen.delete(key);
    this.#seen.set(key, end);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > remembered && oldest !== undefined) this.#seen.delete(oldest);
    return end;
  }
}
