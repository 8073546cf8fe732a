import { describe, expect, it } from 'vitest';
import {
  emptyPace,
  hasLapsed,
  planFor,
  type Settings,
  type Wants,
} from '../../../../lib/delivery/pacing/plan.ts';
import type { HeldSlots } from '../../../../lib/domain/delivery/pace.ts';
import { slotMs } from '../../../../lib/domain/delivery/slots.ts';
import { limits } from '../../../../lib/domain/limits.ts';

const now = 1_700_000_000_000;
const settings: Settings = { timeoutMs: 15_000, maxConcurrentRequests: 2 };
const wants = (more: Partial<Wants> = {}): Wants => ({
  holder: 'me',
  now,
  inUse: 0,
  slots: [],
  renew: false,
  places: 0,
  placePatienceMs: 2500,
  ...more,
});
const until = now + slotMs(15_000);
const held = (holder: string, slots = 1, more: Partial<HeldSlots> = {}): HeldSlots => ({
  holder,
  slots,
  until,
  ...more,
});
const fresh = { hasWaited: false, backInMs: 4000 };
const waited = { hasWaited: true, backInMs: 4000 };

describe('taking slots', () => {
  it('takes what is free, for a turn and the last request of it', () => {
    const { given, next, heldUntil } = planFor(emptyPace, settings, wants({ slots: [fresh, fresh, fresh] }));
    expect(given).toEqual([true, true, false]);
    expect(heldUntil).toBe(until);
    expect(heldUntil - now).toBeGreaterThan(limits.deliverTurnMs + 15_000);
    expect(next).toEqual({ held: [held('me', 2)], bookedUntil: 0, waitedFor: 0 });
  });

  it('counts what others hold until two seconds after it is over, and what none can hold for so long not at all', () => {
    const over = now - limits.slotSkewMs;
    const given = (slot: Partial<HeldSlots>) =>
      planFor({ ...emptyPace, held: [held('other', 2, slot)] }, settings, wants({ slots: [fresh] })).given;
    expect(given({})).toEqual([false]);
    expect(given({ until: over + 1 })).toEqual([false]);
    expect(given({ until: over })).toEqual([true]);
    const longest = now + slotMs(30_000) + limits.clockAllowanceMs;
    expect(given({ until: longest })).toEqual([false]);
    expect(given({ until: longest + 1 })).toEqual([true]);
  });

  it('drops what is over with the next write, and writes nothing where nothing changes', () => {
    const standing = { ...emptyPace, held: [held('dead', 1, { until: 5 }), held('other')] };
    expect(planFor(standing, settings, wants({ slots: [fresh] })).next?.held).toEqual([
      held('other'),
      held('me'),
    ]);
    expect(planFor(standing, settings, wants()).next).toBeUndefined();
    const full = { ...emptyPace, held: [held('other', 2)] };
    expect(planFor(full, settings, wants({ slots: [fresh] })).next).toBeUndefined();
  });

  it('hands on what its own process gave back without a write', () => {
    const standing = { ...emptyPace, held: [held('me', 2)] };
    const plan = planFor(standing, settings, wants({ inUse: 1, slots: [fresh] }));
    expect(plan).toMatchObject({ given: [true], heldUntil: until });
    expect(plan.next).toBeUndefined();
  });

  it('gives back, and renews what is too short for another request, or is asked to', () => {
    const standing = { ...emptyPace, held: [held('me', 2)] };
    expect(planFor(standing, settings, wants({ inUse: 1 })).next?.held).toEqual([held('me', 1)]);
    expect(planFor(standing, settings, wants()).next?.held).toEqual([]);
    const later = now + limits.deliverTurnMs + 1;
    const renewed = held('me', 2, { until: until + (later - now) });
    expect(planFor(standing, settings, wants({ inUse: 2, now: later })).next?.held).toEqual([renewed]);
    const asked = planFor(standing, settings, wants({ inUse: 2, now: now + 1, renew: true }));
    expect(asked.heldUntil).toBe(until + 1);
  });

  it('leaves the last free one to those who have waited while one of them is to come back, and marks that', () => {
    const full = { ...emptyPace, held: [held('other', 2)] };
    const marked = planFor(full, settings, wants({ slots: [waited] })).next;
    expect(marked).toEqual({ ...full, waitedFor: now + 4000 + limits.slotWaitMs });
    expect(
      planFor({ ...full, waitedFor: now + 1 }, settings, wants({ slots: [waited] })).next,
    ).toBeUndefined();
    const one = { ...emptyPace, held: [held('other', 1)], waitedFor: now + 1 };
    expect(planFor(one, settings, wants({ slots: [fresh] })).given).toEqual([false]);
    expect(planFor({ ...one, waitedFor: now }, settings, wants({ slots: [fresh] })).given).toEqual([true]);
    expect(planFor({ ...one, held: [] }, settings, wants({ slots: [fresh] })).given).toEqual([true]);
    const served = planFor(one, settings, wants({ slots: [fresh, waited] }));
    expect(served).toMatchObject({ given: [false, true], next: { waitedFor: 0 } });
  });

  it('gives none where its first request would wait for long, and books for each that it gives', () => {
    const paced = { ...settings, requestsPerSecond: 1 };
    const busy = planFor({ ...emptyPace, bookedUntil: now + 3501 }, paced, wants({ slots: [fresh] }));
    expect(busy).toMatchObject({ given: [false], bookableInMs: 2501 });
    expect(busy.next).toBeUndefined();
    const free = planFor({ ...emptyPace, bookedUntil: now + 500 }, paced, wants({ slots: [fresh] }));
    expect(free.booking).toEqual({ at: now + 500, count: 1, everyMs: 1000 });
    expect(free.next).toMatchObject({ bookedUntil: now + 1500, held: [held('me')] });
  });

  it('knows that it holds nothing any more where others took it for over', () => {
    const own = wants();
    expect(hasLapsed({ held: [held('me')] }, 1, own)).toBe(false);
    expect(hasLapsed({ held: [held('me')] }, 2, own)).toBe(true);
    expect(hasLapsed({ held: [held('other')] }, 1, own)).toBe(true);
    expect(hasLapsed({ held: [held('me', 1, { until: now })] }, 1, own)).toBe(true);
    expect(hasLapsed({ held: [] }, 0, own)).toBe(false);
  });
});
