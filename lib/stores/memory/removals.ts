import type { Removal, RemovalStore } from '../removals.ts';

const keyOf = ({ kind, id }: Removal): string => `${kind}/${id}`;

/** Removals in memory. What it gives is frozen. */
export class MemoryRemovalStore implements RemovalStore {
  readonly #removals = new Map<string, Removal>();

  async put(removal: Removal): Promise<void> {
    this.#removals.set(keyOf(removal), Object.freeze({ ...removal }));
  }

  async list(limit: number): Promise<readonly Removal[]> {
    return [...this.#removals]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, removal]) => removal)
      .slice(0, limit);
  }

  async delete(removal: Removal): Promise<void> {
    this.#removals.delete(keyOf(removal));
  }
}
