import type { Erasure, ErasureProgress } from '../../domain/erasures.ts';
import type { ErasureRef, ErasureStore } from '../erasures.ts';

const idOf = ({ topicId, erasureId }: ErasureRef): string => `${topicId}/${erasureId}`;

/** Erasures in memory. Every call takes effect before it returns its promise, and what it gives is frozen. */
export class MemoryErasureStore implements ErasureStore {
  readonly #erasures = new Map<string, Erasure>();

  async put(erasure: Erasure): Promise<void> {
    if (!this.#erasures.has(idOf(erasure))) this.#erasures.set(idOf(erasure), Object.freeze({ ...erasure }));
  }

  async get(ref: ErasureRef): Promise<Erasure | undefined> {
    return this.#erasures.get(idOf(ref));
  }

  async list(topicId?: string): Promise<readonly Erasure[]> {
    return [...this.#erasures]
      .filter(([, erasure]) => topicId === undefined || erasure.topicId === topicId)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, erasure]) => erasure);
  }

  async note(ref: ErasureRef, partition: number, progress: ErasureProgress): Promise<void> {
    const standing = this.#erasures.get(idOf(ref));
    if (standing === undefined || standing.progress[partition]?.isDone === true) return;
    const noted = { ...standing, progress: { ...standing.progress, [partition]: progress } };
    this.#erasures.set(idOf(ref), Object.freeze(noted));
  }
}
