import type { Pace } from '../../domain/delivery/pace.ts';
import { fromKept, toKept } from '../kept-paces.ts';
import { isSamePace, type PaceRef, type PaceReplaced, type PaceStore } from '../paces.ts';

/** Paces in memory. Every call takes effect before it returns its promise; what goes in and what comes out are copies. */
export class MemoryPaceStore implements PaceStore {
  /** By group id, then by endpoint id. */
  readonly #groups = new Map<string, Map<string, Pace>>();

  async get({ groupId, endpointId }: PaceRef): Promise<Pace | undefined> {
    const standing = this.#groups.get(groupId)?.get(endpointId);
    return standing && copyOf(standing);
  }

  async replace({ groupId, endpointId }: PaceRef, read: Pace | undefined, next: Pace): Promise<PaceReplaced> {
    const paces = this.#groups.get(groupId) ?? new Map<string, Pace>();
    const standing = paces.get(endpointId);
    if (isSamePace(standing, next)) return { done: true };
    if (!isSamePace(standing, read)) return { done: false, standing: standing && copyOf(standing) };
    this.#groups.set(groupId, paces.set(endpointId, copyOf(next)));
    return { done: true };
  }

  async deleteAll(groupId: string): Promise<void> {
    this.#groups.delete(groupId);
  }
}

/** As a database would give it. */
const copyOf = (pace: Pace): Pace => fromKept(toKept(pace));
