import type { Erasure, ErasureProgress } from '../../domain/archive/erasures.ts';
import type { ErasureRef, ErasureStore } from '../erasures.ts';

const idOf = ({ topicId, erasureId }: ErasureRef): string => `${topicId}/${erasureId}`;

/** Erasures as they are at the server's end: every method happens at one instant. What it gives is frozen. */
export class ErasureTable {
  readonly #erasures = new Map<string, Erasure>();

  put(erasure: Erasure): void {
    if (!this.#erasures.has(idOf(erasure))) this.#erasures.set(idOf(erasure), Object.freeze({ ...erasure }));
  }

  get(ref: ErasureRef): Erasure | undefined {
    return this.#erasures.get(idOf(ref));
  }

  list(topicId?: string): readonly Erasure[] {
    return [...this.#erasures]
      .filter(([, erasure]) => topicId === undefined || erasure.topicId === topicId)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, erasure]) => erasure);
  }

  note(ref: ErasureRef, partition: number, progress: ErasureProgress): void {
    const standing = this.#erasures.get(idOf(ref));
    if (standing === undefined || standing.progress[partition]?.isDone === true) return;
    const noted = { ...standing, progress: { ...standing.progress, [partition]: progress } };
    this.#erasures.set(idOf(ref), Object.freeze(noted));
  }
}

/** Erasures in memory. Every call takes effect before it returns its promise. */
export class MemoryErasureStore implements ErasureStore {
  readonly table = new ErasureTable();

  async put(erasure: Erasure): Promise<void> {
    this.table.put(erasure);
  }

  async get(ref: ErasureRef): Promise<Erasure | undefined> {
    return this.table.get(ref);
  }

  async list(topicId?: string): Promise<readonly Erasure[]> {
    return this.table.list(topicId);
  }

  async note(ref: ErasureRef, partition: number, progress: ErasureProgress): Promise<void> {
    this.table.note(ref, partition, progress);
  }
}
