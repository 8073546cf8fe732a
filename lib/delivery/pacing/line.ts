import { type Booking, lateMs } from '../../domain/delivery/bookings.ts';
import { elapsedMs, type Instant } from '../../domain/instants.ts';

/** A place on the line that is a request's now. */
export interface Place {
  /** Ms until the request may be sent. */
  waitMs(now: Instant): number;
  /** Whether it is too late for it. */
  isOver(now: Instant): boolean;
}

/** Places that one process has booked, with when it did. */
interface Booked extends Booking {
  readonly since: Instant;
  taken: number;
}

/** How far back what was used is looked at, for how much to book at once. */
const usedWithinMs = 500;

/**
 * The places that one process has booked at one endpoint, given out in their order. Time is judged by both clocks: a place whose time
 * has passed by either is lost, and none is used before it has come by both.
 */
export class Line {
  #booked: Booked[] = [];
  /** Places taken in the window of `usedWithinMs` that began then, and in the one before. */
  #window: { readonly since: number; count: number } = { since: 0, count: 0 };
  #before = 0;

  /** @param since when the write that booked them was made. */
  add(booking: Booking, since: Instant): void {
    this.#booked.push({ ...booking, since, taken: 0 });
  }

  /** Places that are left. */
  left(now: Instant): number {
    this.#dropOver(now);
    return this.#booked.reduce((sum, { count, taken }) => sum + count - taken, 0);
  }

  /** The next place; undefined when none is left. Past `withinMs` from now it stays. */
  take(now: Instant, withinMs: number): Place | 'later' | undefined {
    this.#dropOver(now);
    const [booked] = this.#booked;
    if (booked === undefined) return undefined;
    const place = placeOf(booked, booked.taken);
    if (place.waitMs(now) > withinMs) return 'later';
    booked.taken += 1;
    this.#note(now);
    return place;
  }

  /** How many were taken of late. */
  used(now: Instant): number {
    this.#turnWindow(now);
    return Math.max(this.#before, this.#window.count);
  }

  #dropOver(now: Instant): void {
    for (const booked of this.#booked)
      while (booked.taken < booked.count && placeOf(booked, booked.taken).isOver(now)) booked.taken += 1;
    this.#booked = this.#booked.filter(({ taken, count }) => taken < count);
  }

  #note(now: Instant): void {
    this.#turnWindow(now);
    this.#window.count += 1;
  }

  #turnWindow({ monotonic }: Instant): void {
    const passed = monotonic - this.#window.since;
    if (passed < usedWithinMs) return;
    this.#before = passed < 2 * usedWithinMs ? this.#window.count : 0;
    this.#window = { since: monotonic, count: 0 };
  }
}

const placeOf = ({ at, everyMs, since }: Booked, index: number): Place => {
  const offsetMs = at + index * everyMs - since.wall;
  return {
    waitMs: (now) => Math.max(0, offsetMs - Math.min(now.wall - since.wall, now.monotonic - since.monotonic)),
    isOver: (now) => elapsedMs(since, now) > Math.max(0, offsetMs) + lateMs,
  };
};
