import { aheadMs } from '../../domain/delivery/bookings.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import { type EndpointPace, placePatienceMs, type Term } from './endpoint-pace.ts';
import type { Waiting } from './waiting.ts';

/** It is not the time for a request. Nothing is held; come back after so many ms. */
export interface NotNow {
  readonly kind: 'later';
  /** Whether it found no slot among those that it allows at once, or no place in its rate. */
  readonly for: 'slot' | 'place';
  readonly retryInMs: number;
}

/** The right to call an endpoint, one request at a time, until it is given back. */
export interface Entry {
  readonly kind: 'entered';
  /**
   * Waits for the moment of the next request, for some seconds at most and no longer than `withinMs`. `go`: send it now. Else leave, and come back.
   * Throws where the store failed: leave then, too.
   */
  turn(withinMs: number): Promise<{ readonly kind: 'go' } | NotNow>;
  /** Gives it back. May be repeated, and never throws: what cannot be given back ends by itself. */
  leave(): Promise<void>;
}

/** To an endpoint that is called as often as there is something. */
export const unpaced: Entry = {
  kind: 'entered',
  turn: async () => ({ kind: 'go' }),
  leave: async () => undefined,
};

/** One endpoint, as one process knows it. */
export interface KnownEndpoint {
  readonly pace: EndpointPace;
  /** Who of this process was told to come back. */
  readonly waiting: Waiting;
}

/** An entry of `who`. */
export class PacedEntry implements Entry {
  readonly kind = 'entered';
  readonly #known: KnownEndpoint;
  readonly #who: string;
  readonly #clock: Clock;
  readonly #hasRate: boolean;
  #term: Term | undefined;

  /** @param has what it has to keep to: `term` of the slot that it was given, and whether there is a rate. */
  constructor(
    known: KnownEndpoint,
    who: string,
    clock: Clock,
    has: { readonly term?: Term | undefined; readonly rate: boolean },
  ) {
    this.#known = known;
    this.#who = who;
    this.#clock = clock;
    this.#term = has.term;
    this.#hasRate = has.rate;
  }

  async turn(withinMs: number): Promise<{ readonly kind: 'go' } | NotNow> {
    const { pace, waiting } = this.#known;
    const deadline = this.#clock.monotonic() + Math.min(withinMs, placePatienceMs + aheadMs);
    for (;;) {
      if (this.#term !== undefined && !(await pace.keeps(this.#term)))
        return { kind: 'later', for: 'slot', retryInMs: waiting.slotPauseMs(this.#who) };
      if (!this.#hasRate) return { kind: 'go' };
      const place = await pace.place(deadline - this.#clock.monotonic());
      if (typeof place === 'number')
        return {
          kind: 'later',
          for: 'place',
          retryInMs: waiting.placePauseMs(this.#who, place, pace.isShared),
        };
      await this.#clock.sleep(place.waitMs(instantOf(this.#clock)));
      if (place.isOver(instantOf(this.#clock))) continue;
      waiting.forget(this.#who);
      return { kind: 'go' };
    }
  }

  async leave(): Promise<void> {
    const term = this.#term;
    this.#term = undefined;
    if (term !== undefined) await this.#known.pace.giveBack(term);
  }
}
