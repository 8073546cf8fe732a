import { msLeft } from '../groups/cursors.ts';
import { limits } from '../limits.ts';
import type { HeldSlots, Pace } from './pace.ts';

/*
 * How many requests to an endpoint may be under way: as many as there are slots. A process takes a slot before it calls and gives it
 * back afterwards, each in one write of the endpoint's pace, which is bound to what was read. So of those who see the same time there
 * are never more than allowed.
 *
 * A slot ends by itself: its holder starts no request that could still be under way then, and others take it for free only
 * `limits.slotSkewMs` later. Clocks that differ by no more than this hold the bound exactly; a request that is still under way in a
 * process that was frozen is not counted.
 */

/** The time for the writes around a turn. */
const slotMarginMs = 5000;

/** How long a slot is held from the write that takes or renews it, ms: a whole turn, and one request that begins at its end. */
export const slotMs = (timeoutMs: number): number => limits.deliverTurnMs + timeoutMs + slotMarginMs;

const longestSlotMs = slotMs(limits.deliveryTimeoutSeconds * 1000);

/** Whether others must take it for live. One that would end later than it can by right was written by a clock that is wrong. */
const isLive = ({ until }: HeldSlots, now: number): boolean =>
  msLeft(until + limits.slotSkewMs, now, longestSlotMs + limits.slotSkewMs) > 0;

/** Live slots of other processes. */
export const heldByOthers = (
  { held }: Pick<Pace, 'held'>,
  holder: string,
  now: number,
): readonly HeldSlots[] => held.filter((each) => each.holder !== holder && isLive(each, now));

/** How many are left to others who come for the first time, since somebody was refused one who is about to come back. */
export const keptForWaiting = ({ waitedFor }: Pick<Pace, 'waitedFor'>, now: number): number =>
  msLeft(waitedFor, now, limits.slotPauseMs + limits.slotWaitMs) > 0 ? 1 : 0;

/** Ms for which a process may still count on what it holds until `until`; 0 when its clock was put back since it wrote that. */
export const slotMsLeft = (until: number, now: number, timeoutMs: number): number => {
  const ms = until - now;
  return ms > slotMs(timeoutMs) + 1 ? 0 : Math.max(0, ms);
};
