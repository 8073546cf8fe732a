import { aheadMs } from '../../domain/delivery/bookings.ts';
import { slotMsLeft } from '../../domain/delivery/slots.ts';
import type { Instant } from '../../domain/instants.ts';
import type { PaceRef } from '../../stores/paces.ts';
import { instantOf } from '../../surroundings/clock.ts';
import { Line, type Place } from './line.ts';
import { type PaceDeps, PaceItem } from './pace-item.ts';
import { Passes } from './passes.ts';
import {
  emptyPace,
  hasLapsed,
  type Plan,
  planFor,
  renewedMs,
  type Settings,
  type SlotWanted,
} from './plan.ts';

/** Slots that were given between two lapses: with the lapse all of them end. */
export interface Term {
  isOver: boolean;
}

/** One who asks for a slot. */
export interface SlotAsked extends SlotWanted {
  backInMs?: number;
  /** Aborted when it is given one. */
  readonly given: AbortController;
  term?: Term;
}

/** For how long somebody waits until places can be booked, ms. */
export const placePatienceMs = 2500;
const triesAtMost = 5;
/** Who found all places taken looks again up to so much later: that is sooner than those are over. */
const againMs = 400;

/** One process at one endpoint: what it holds there, and the one write at a time by which it takes more and gives back. */
export class EndpointPace {
  readonly #deps: PaceDeps;
  readonly #item: PaceItem;
  readonly #holder: string;
  readonly #line = new Line();
  #settings: Settings;
  #inUse = 0;
  /** Wall clock ms. */
  #heldUntil = 0;
  #term: Term = { isOver: false };
  #asked: SlotAsked[] = [];
  #isToRenew = false;
  /** Requests that wait for a place. */
  #waiting = 0;
  /** By the monotonic clock: there are no places to be booked before, and none is asked for before. */
  #bookableAt = 0;
  #bookAgainAt = 0;
  readonly #passes = new Passes(() => this.#pass());

  constructor(deps: PaceDeps, ref: PaceRef, holder: string, settings: Settings) {
    this.#deps = deps;
    this.#item = new PaceItem(deps, ref);
    this.#holder = holder;
    this.#settings = settings;
  }

  set settings(settings: Settings) {
    this.#settings = settings;
  }

  /** Whether nothing is lost if it is forgotten. */
  get isIdle(): boolean {
    return this.#inUse === 0 && this.#asked.length === 0 && this.#waiting === 0 && !this.#passes.isDue;
  }

  /** Whether this process has slots that may become free. */
  get hasSlots(): boolean {
    return this.#inUse > 0;
  }

  /** In how many ms there are places to be booked, as it was seen last. */
  get placesInMs(): number {
    return Math.max(0, this.#bookableAt - this.#deps.clock.monotonic());
  }

  /** Whether it is called by other processes too, as far as this one has seen. */
  get isShared(): boolean {
    return this.#item.isShared;
  }

  /** Asks for a slot once. It is given one then, or whenever one becomes free, until it is forgotten. */
  async ask(asked: SlotAsked): Promise<void> {
    if (asked.term === undefined && !this.#asked.includes(asked)) this.#asked.push(asked);
    await this.#passes.next();
  }

  forget(asked: SlotAsked): void {
    this.#asked = this.#asked.filter((each) => each !== asked);
  }

  /** Gives a slot back. It ends by itself where that cannot be written. */
  async giveBack(term: Term): Promise<void> {
    if (term.isOver) return;
    this.#inUse -= 1;
    await this.#passes.next().catch(() => undefined);
  }

  /** Whether a request that begins now ends before the slot does, which is held for longer where it must be. */
  async keeps(term: Term): Promise<boolean> {
    if (this.#covers(term, renewedMs)) return true;
    if (term.isOver) return false;
    this.#isToRenew = true;
    await this.#passes.next();
    return this.#covers(term, placePatienceMs + aheadMs);
  }

  /** The next place, if it comes within `withinMs`; otherwise in how many ms there is one. */
  async place(withinMs: number): Promise<Place | number> {
    const { clock, random } = this.#deps;
    const deadline = clock.monotonic() + withinMs;
    for (;;) {
      const leftMs = deadline - clock.monotonic();
      const place = this.#line.take(instantOf(clock), leftMs);
      if (place === 'later') return Math.max(0, leftMs);
      if (place !== undefined) return place;
      const waitMs = this.#bookAgainAt - clock.monotonic();
      // A place that is booked must not be too late for who booked it.
      if (leftMs < Math.max(0, waitMs) + aheadMs) return this.placesInMs;
      if (waitMs > 0) await clock.sleep(waitMs);
      else if (!(await this.#book()))
        this.#bookAgainAt = clock.monotonic() + this.placesInMs + againMs * random.number();
    }
  }

  /** Asks for a place more. */
  async #book(): Promise<boolean> {
    this.#waiting += 1;
    try {
      await this.#passes.next();
    } finally {
      this.#waiting -= 1;
    }
    return this.#line.left(instantOf(this.#deps.clock)) > 0;
  }

  #covers(term: Term, moreMs: number): boolean {
    const { timeoutMs } = this.#settings;
    const leftMs = slotMsLeft(this.#heldUntil, this.#deps.clock.now(), timeoutMs);
    return !term.isOver && leftMs >= timeoutMs + moreMs;
  }

  async #pass(): Promise<void> {
    const renew = this.#isToRenew;
    this.#isToRenew = false;
    let isFresh = this.#item.mustBeRead;
    if (isFresh) await this.#item.read();
    for (let tries = 1; ; tries += 1) {
      let planned = this.#plan(renew);
      if (planned.isShort && !isFresh) {
        await this.#item.read();
        planned = this.#plan(renew);
      }
      const { next } = planned.plan;
      if (next === undefined || (await this.#item.write(next))) return this.#carryOut(planned);
      if (tries === triesAtMost) return;
      isFresh = true;
      await this.#deps.clock.sleep(10 * 2 ** tries * this.#deps.random.number());
    }
  }

  #plan(renew: boolean): Planned {
    const since = instantOf(this.#deps.clock);
    const standing = this.#item.standing ?? emptyPace;
    const slots = [...this.#asked];
    const wanted = this.#waiting === 0 ? 0 : Math.max(this.#waiting, this.#line.used(since));
    const own = { holder: this.#holder, now: since.wall };
    if (hasLapsed(standing, this.#inUse, own)) {
      this.#term.isOver = true;
      this.#term = { isOver: false };
      this.#inUse = 0;
    }
    const places = wanted - this.#line.left(since);
    const plan = planFor(standing, this.#settings, {
      ...own,
      inUse: this.#inUse,
      slots,
      renew,
      places,
      placePatienceMs,
    });
    // What this process has is no less in truth, nor is a place bookable sooner than it knows.
    const most = this.#settings.maxConcurrentRequests ?? 0;
    const taken = this.#inUse + plan.given.filter(Boolean).length;
    const isShort = plan.given.includes(false) && taken < most && plan.bookableInMs <= placePatienceMs;
    return { plan, slots, since, isShort };
  }

  #carryOut({ plan, slots, since }: Planned): void {
    this.#bookableAt = since.monotonic + plan.bookableInMs;
    this.#heldUntil = plan.heldUntil;
    if (plan.booking !== undefined) this.#line.add(plan.booking, since);
    for (const [index, asked] of slots.entries()) {
      if (plan.given[index] !== true) continue;
      if (!this.#asked.includes(asked)) {
        // It gave up meanwhile.
        void this.#passes.next().catch(() => undefined);
        continue;
      }
      this.forget(asked);
      this.#inUse += 1;
      asked.term = this.#term;
      asked.given.abort();
    }
  }
}

interface Planned {
  readonly plan: Plan;
  readonly slots: readonly SlotAsked[];
  readonly since: Instant;
  /** Whether not all of it can be had, so that it must be seen as it is. */
  readonly isShort: boolean;
}
