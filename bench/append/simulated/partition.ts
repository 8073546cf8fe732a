import type { Batch } from '../../../lib/domain/records/batches.ts';

export interface StoredBatch {
  readonly batch: Batch;
  readonly bytes: number;
}

/** The items of one partition key, by base. */
export class SimulatedPartition {
  readonly #items: StoredBatch[] = [];

  /** Index of the first item whose base is at least `base`. */
  #indexOf(base: number): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[middle]?.batch.base ?? 0) < base) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get(base: number): StoredBatch | undefined {
    const item = this.#items[this.#indexOf(base)];
    return item?.batch.base === base ? item : undefined;
  }

  add(item: StoredBatch): void {
    this.#items.splice(this.#indexOf(item.batch.base), 0, item);
  }

  last(): StoredBatch | undefined {
    return this.#items.at(-1);
  }

  floor(offset: number): StoredBatch | undefined {
    return this.#items[this.#indexOf(offset + 1) - 1];
  }

  range(from: number, limit: number): { items: readonly StoredBatch[]; more: boolean } {
    const start = this.#indexOf(from);
    return { items: this.#items.slice(start, start + limit), more: start + limit < this.#items.length };
  }

  delete(base: number): StoredBatch | undefined {
    const index = this.#indexOf(base);
    return this.#items[index]?.batch.base === base ? this.#items.splice(index, 1)[0] : undefined;
  }

  batches(): readonly Batch[] {
    return this.#items.map(({ batch }) => batch);
  }
}
