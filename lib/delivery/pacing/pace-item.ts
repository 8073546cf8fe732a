import type { Pace } from '../../domain/delivery/pace.ts';
import type { PaceRef, PaceStore } from '../../stores/paces.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { newId } from '../../surroundings/ids.ts';
import type { Random } from '../../surroundings/random.ts';

export interface PaceDeps {
  readonly paces: PaceStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** The pace of an endpoint as one process knows it, which reads it no more often than it must. */
export class PaceItem {
  readonly #deps: Pick<PaceDeps, 'paces' | 'random'>;
  readonly #ref: PaceRef;
  /** As this process wrote or read it last; null when it does not know. */
  #known: Pace | undefined | null = null;
  #lastWritten = 0;
  #isShared = false;

  constructor(deps: Pick<PaceDeps, 'paces' | 'random'>, ref: PaceRef) {
    this.#deps = deps;
    this.#ref = ref;
  }

  /** What stands, as far as it is known. */
  get standing(): Pace | undefined {
    return this.#known ?? undefined;
  }

  /** Whether another has written since this process did, as far as it has seen. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /** Whether a write on what is known would probably be refused. */
  get mustBeRead(): boolean {
    return this.#known === null || this.#isShared;
  }

  async read(): Promise<void> {
    this.#known = null;
    this.#known = await this.#deps.paces.get(this.#ref);
    this.#isShared = (this.#known?.version ?? 0) !== this.#lastWritten;
  }

  /** False: another was first, and what it wrote is known now. */
  async write(change: Pick<Pace, 'held' | 'bookedUntil' | 'waitedFor'>): Promise<boolean> {
    const read = this.standing;
    const next = { ...change, version: (read?.version ?? 0) + 1, writeId: newId(this.#deps.random) };
    // Until it is answered nothing is known.
    this.#known = null;
    const replaced = await this.#deps.paces.replace(this.#ref, read, next);
    this.#known = replaced.done ? next : replaced.standing;
    if (replaced.done) this.#lastWritten = next.version;
    else this.#isShared = true;
    return replaced.done;
  }
}
