import { msLeft } from '../groups/cursors.ts';
import { limits } from '../limits.ts';

/*
 * How often an endpoint is called, by the generic cell rate algorithm as virtual scheduling (ITU-T I.371; the ATM Forum's Traffic
 * Management 4.0, 4.4.3): requests have places on one line of time, `everyMs` apart, and `bookedUntil` is the next that is free, the
 * algorithm's theoretical arrival time. A process books several places in one write, which is bound to what was read, and sends each
 * request at its place. A place that is not used is lost.
 *
 * Each place is had once. So over any time the requests are as many as places, but for those that come beside theirs: a place of the
 * last `creditMs` can be booked, and one can be used until `lateMs` after it, or after it was booked. Over ten seconds these are 7.5 %
 * and one request more than the rate. A process whose clock is ahead uses places that are another's later: the difference of two clocks
 * adds as long a time of the rate, once, and another 2.5 % are for clocks that differ by a quarter of a second. So it is 10 % and one
 * request in all. By clocks that differ by more it can be more for as long as they differ, and no longer: a line never goes back.
 */

const creditMs = 250;
export const lateMs = 500;
export const aheadMs = 1000;

const longestEveryMs = 1000 / limits.requestsPerSecondLeast;

/** Places on the line: `count` of them, one each `everyMs`, the first at `at` (wall clock ms). */
export interface Booking {
  readonly at: number;
  readonly count: number;
  readonly everyMs: number;
}

/** How far off the first free place is, ms; it may be past. Further off than it can be by right, a clock that is wrong booked it. */
const firstFreeInMs = (bookedUntil: number, now: number): number => {
  const past = now - bookedUntil;
  if (past >= 0) return past <= creditMs ? -past : 0;
  return msLeft(bookedUntil, now, aheadMs + longestEveryMs);
};

/** In how many ms a place can be booked; 0: now. */
export const bookableInMs = (bookedUntil: number, now: number): number =>
  Math.max(0, firstFreeInMs(bookedUntil, now) - aheadMs);

/**
 * Books up to `wanted` places, as many as there are within `aheadMs`, but one at least. Undefined while there is none to be booked.
 * @param now wall clock ms, when the write that books them is made.
 */
export const book = (
  bookedUntil: number,
  now: number,
  { everyMs, wanted }: { readonly everyMs: number; readonly wanted: number },
): Booking | undefined => {
  const inMs = firstFreeInMs(bookedUntil, now);
  if (inMs > aheadMs || wanted < 1) return undefined;
  const count = Math.min(wanted, Math.floor((aheadMs - inMs) / everyMs) + 1);
  return { at: now + inMs, count, everyMs };
};

/** The first place behind them. */
export const endOfBooking = ({ at, count, everyMs }: Booking): number => at + count * everyMs;
