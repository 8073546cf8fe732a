import { type Booking, book, bookableInMs, endOfBooking } from '../../domain/delivery/bookings.ts';
import type { HeldSlots, Pace } from '../../domain/delivery/pace.ts';
import { heldByOthers, keptForWaiting, slotMs, slotMsLeft } from '../../domain/delivery/slots.ts';
import { limits } from '../../domain/limits.ts';

/** How one endpoint is to be paced, and who is asked for it. */
export interface Settings {
  /** Ms after which a request of its group is given up. */
  readonly timeoutMs: number;
  /** Requests under way at most; absent: any number. */
  readonly maxConcurrentRequests?: number;
  readonly requestsPerSecond?: number;
}

/** Somebody who wants a slot. */
export interface SlotWanted {
  /** Whether it was refused one before, and has waited. */
  readonly hasWaited: boolean;
  /** When it would come back, ms, if it is to be told now that there is none. Absent: it waits here. */
  readonly backInMs?: number;
}

/** What a process has, and what it wants. */
export interface Wants {
  readonly holder: string;
  /** Wall clock ms. */
  readonly now: number;
  /** Slots that are in use. */
  readonly inUse: number;
  readonly slots: readonly SlotWanted[];
  /** Whether the slots in use are to be held for longer. */
  readonly renew: boolean;
  /** Places to be booked for requests, beside one for each slot that is given. */
  readonly places: number;
  /** For how long a slot may wait for its first request, ms. */
  readonly placePatienceMs: number;
}

export interface Plan {
  /** What to write; absent where it can be done with what stands. */
  readonly next?: Pick<Pace, 'held' | 'bookedUntil' | 'waitedFor'>;
  /** By slot wanted: whether it is given. */
  readonly given: readonly boolean[];
  readonly booking?: Booking;
  /** In how many ms there are places to be booked again, where none was. */
  readonly bookableInMs: number;
  /** Until when what is in use is held from then on, wall clock ms. */
  readonly heldUntil: number;
}

export const emptyPace: Pick<Pace, 'held' | 'bookedUntil' | 'waitedFor'> = {
  held: [],
  bookedUntil: 0,
  waitedFor: 0,
};

const ownIn = ({ held }: Pick<Pace, 'held'>, holder: string): HeldSlots | undefined =>
  held.find((each) => each.holder === holder);

/** Whether what is in use is held no more: others took it for over, and may have given it away. */
export const hasLapsed = (
  standing: Pick<Pace, 'held'>,
  inUse: number,
  { holder, now }: Pick<Wants, 'holder' | 'now'>,
): boolean => {
  const own = ownIn(standing, holder);
  return inUse > 0 && (own === undefined || own.slots < inUse || own.until <= now);
};

/** What a process does with the pace that stands. */
export const planFor = (
  standing: Pick<Pace, 'held' | 'bookedUntil' | 'waitedFor'>,
  settings: Settings,
  wants: Wants,
): Plan => {
  const { now, inUse } = wants;
  const everyMs = settings.requestsPerSecond === undefined ? 0 : 1000 / settings.requestsPerSecond;
  const freeInMs = everyMs === 0 ? 0 : bookableInMs(standing.bookedUntil, now);
  const { given, waitedFor } = giveSlots(standing, settings, wants, freeInMs <= wants.placePatienceMs);
  const slots = inUse + given.filter(Boolean).length;
  const wanted = everyMs === 0 ? 0 : wants.places + slots - inUse;
  const booking = book(standing.bookedUntil, now, { everyMs, wanted });
  const own = ownIn(standing, wants.holder);
  const until = heldUntil(own, settings, wants, slots);
  const isChanged =
    (own?.slots ?? 0) !== slots ||
    (slots > 0 && own?.until !== until) ||
    booking !== undefined ||
    waitedFor !== standing.waitedFor;
  const others = heldByOthers(standing, wants.holder, now);
  const held = slots === 0 ? others : [...others, { holder: wants.holder, slots, until }];
  const bookedUntil = booking === undefined ? standing.bookedUntil : endOfBooking(booking);
  return {
    ...(isChanged && { next: { held, bookedUntil, waitedFor } }),
    given,
    ...(booking !== undefined && { booking }),
    bookableInMs: freeInMs,
    heldUntil: until,
  };
};

/** Whoever has waited comes first; and while somebody waits elsewhere, the last that is free is for one who has waited. */
const giveSlots = (
  standing: Pick<Pace, 'held' | 'waitedFor'>,
  { maxConcurrentRequests: most }: Settings,
  { holder, now, inUse, slots }: Wants,
  hasPlaces: boolean,
): { readonly given: readonly boolean[]; readonly waitedFor: number } => {
  const { waitedFor } = standing;
  if (most === undefined || slots.length === 0) return { given: [], waitedFor };
  const taken = heldByOthers(standing, holder, now).reduce((sum, each) => sum + each.slots, inUse);
  const kept = keptForWaiting(standing, now);
  const given = slots.map(() => false);
  let free = hasPlaces ? most - taken : 0;
  let isServed = false;
  for (const waits of [true, false])
    for (const [index, { hasWaited }] of slots.entries()) {
      if (hasWaited !== waits || free <= (waits || isServed ? 0 : kept)) continue;
      given[index] = true;
      free -= 1;
      isServed ||= waits;
    }
  const refused = slots.filter(({ hasWaited }, index) => hasWaited && given[index] !== true);
  const back = refused.flatMap(({ backInMs }) => (backInMs === undefined ? [] : [backInMs]));
  if (isServed) return { given, waitedFor: 0 };
  const mark = hasPlaces && kept === 0 && back.length > 0;
  return { given, waitedFor: mark ? now + Math.max(...back) + limits.slotWaitMs : waitedFor };
};

/** As it stands, where nothing has to be written for it: it is renewed before it is too short for another request. */
const heldUntil = (
  own: HeldSlots | undefined,
  { timeoutMs }: Settings,
  { now, renew }: Wants,
  slots: number,
): number => {
  const isLongEnough = own !== undefined && slotMsLeft(own.until, now, timeoutMs) >= timeoutMs + renewedMs;
  if (own !== undefined && own.slots === slots && isLongEnough && !renew) return own.until;
  return Math.ceil(now + slotMs(timeoutMs));
};

/** A slot that has less than this beyond a request's timeout is renewed. */
export const renewedMs = 5000;
