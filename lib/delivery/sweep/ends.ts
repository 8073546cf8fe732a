import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { BatchStore } from '../../stores/batches.ts';

/**
 * Partitions whose ends are remembered, for as long as the process lives. Once there are so many, no further ones are:
 * sweeps read all partitions in turn, so that forgetting the one that was read longest ago would always forget the one
 * that is due next, and no read would find anything remembered any more.
 */
const mostRemembered = 100_000;

/**
 * The ends of partitions, as one process after the other sweep finds them. Each is looked for from where it was last time:
 * where nothing came since, no batch is read, which may be of 350 KB, but half a unit is paid for seeing that there is none.
 * Where it is not known, the partition's last batch is read, for up to 44 units.
 *
 * Reads are eventually consistent. What was appended a moment before a sweep is then for the next one, and what it may miss
 * it wakes nobody for; that an end is never lower than it was before holds all the same.
 */
export class PartitionEnds {
  readonly #batches: Pick<BatchStore, 'end'>;
  readonly #remembered: number;
  /** By partition key. */
  readonly #seen = new Map<string, number>();

  /** @param remembered of so many partitions. */
  constructor(batches: Pick<BatchStore, 'end'>, remembered = mostRemembered) {
    this.#batches = batches;
    this.#remembered = remembered;
  }

  /** The next offset to be written, or one that was not long ago. */
  async read(at: PartitionRef): Promise<number> {
    const key = partitionKey(at);
    const end = await this.#batches.end(at, { from: this.#seen.get(key) ?? 0, consistent: false });
    if (this.#seen.has(key) || this.#seen.size < this.#remembered) this.#seen.set(key, end);
    return end;
  }
}
