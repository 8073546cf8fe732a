import type { ProducerState } from '../domain/idempotency/producers.ts';
import type { PartitionRef } from '../domain/records/records.ts';

/**
 * What is known of producers for whom the last batch of their partition has no room. It is put here before that batch drops them, and
 * never goes back.
 *
 * Both methods may throw `ThrottledError`; `park` also `NotSentError` and `OutcomeUnknownError`, `get` a `Problem` `unavailable`.
 */
export interface ProducerStore {
  /** Strongly consistent; undefined: nothing is known here, or nothing was heard of it for `limits.producerKeptMs`. */
  get(at: PartitionRef, id: string, signal?: AbortSignal): Promise<ProducerState | undefined>;
  /** Keeps `state`, if it is later than what is here; until `limits.producerKeptMs` after `now` (wall clock ms). */
  park(at: PartitionRef, state: ProducerState, now: number, signal?: AbortSignal): Promise<void>;
}
