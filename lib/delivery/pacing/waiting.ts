import { limits } from '../../domain/limits.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Random } from '../../surroundings/random.ts';

/** The pause of one that is alone. */
const shortestMs = 4000;
/** As many as wait come back over so many seconds, so that some second sees one of them. */
const eachMs = 1000;
const rememberedMs = 30_000;

/** Who was told of late, by this process, to come back to one endpoint: the more they are, the later each comes. */
export class Waiting {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #random: Pick<Random, 'number'>;
  /** By who it is: when. */
  readonly #told = new Map<string, number>();

  constructor(deps: { readonly clock: Pick<Clock, 'monotonic'>; readonly random: Pick<Random, 'number'> }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /** In how many ms one who found no slot comes back. */
  slotPauseMs(who: string): number {
    const ceilingMs = Math.min(Math.max(shortestMs, this.#note(who) * eachMs), limits.slotPauseMs);
    return Math.ceil(ceilingMs * (0.5 + 0.5 * this.#random.number()));
  }

  /** The same for one who found no place within its time, and knows in how many ms there is one. Others that do must not come at the same time. */
  placePauseMs(who: string, inMs: number, isShared: boolean): number {
    const others = Math.max((this.#note(who) - 1) * eachMs, isShared ? shortestMs : 0);
    return Math.ceil(inMs + Math.min(others, limits.slotPauseMs) * this.#random.number());
  }

  /** It waits no more. */
  forget(who: string): void {
    this.#told.delete(who);
  }

  #note(who: string): number {
    const now = this.#clock.monotonic();
    this.#told.delete(who);
    this.#told.set(who, now);
    for (const [other, at] of this.#told) {
      if (now - at <= rememberedMs) break;
      this.#told.delete(other);
    }
    return this.#told.size;
  }
}
