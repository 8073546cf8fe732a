import { isLater, type ProducerState } from '../../domain/idempotency/producers.ts';
import { limits } from '../../domain/limits.ts';
import { type PartitionRef, partitionKey } from '../../domain/records/records.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { ProducerStore } from '../producers.ts';

interface Parked {
  readonly state: ProducerState;
  readonly expiresAt: number;
}

/** Parked producers in memory. */
export class MemoryProducerStore implements ProducerStore {
  readonly #parked = new Map<string, Parked>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  async get(at: PartitionRef, id: string): Promise<ProducerState | undefined> {
    const parked = this.#parked.get(`${partitionKey(at)}/${id}`);
    return parked !== undefined && parked.expiresAt > this.#clock.now() ? parked.state : undefined;
  }

  async park(at: PartitionRef, state: ProducerState, now: number): Promise<void> {
    const key = `${partitionKey(at)}/${state.id}`;
    const standing = this.#parked.get(key)?.state;
    if (standing !== undefined && !isLater(state, standing)) return;
    this.#parked.set(key, Object.freeze({ state, expiresAt: now + limits.producerKeptMs }));
  }
}
