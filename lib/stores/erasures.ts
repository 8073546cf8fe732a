import type { Erasure, ErasureProgress } from '../domain/archive/erasures.ts';

export interface ErasureRef {
  readonly topicId: string;
  readonly erasureId: string;
}

/** Erasures, for `limits.erasureKeptMs` after they were asked for. Reads are strongly consistent. */
export interface ErasureStore {
  /** Stores the erasure unless there is one of its id. */
  put(erasure: Erasure): Promise<void>;
  get(ref: ErasureRef): Promise<Erasure | undefined>;
  /** Those of a topic, or all, in order of topic and id. */
  list(topicId?: string): Promise<readonly Erasure[]>;
  /**
   * Notes how far it is in a partition. What is done there already stays so: a late copy of an earlier note changes nothing
   * then. Nothing when there is no such erasure.
   */
  note(ref: ErasureRef, partition: number, progress: ErasureProgress): Promise<void>;
}
