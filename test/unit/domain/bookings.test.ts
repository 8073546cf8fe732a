import { describe, expect, it } from 'vitest';
import { book, bookableInMs, endOfBooking } from '../../../lib/domain/delivery/bookings.ts';
import { limits } from '../../../lib/domain/limits.ts';

const now = 1_700_000_000_000;
const tenth = { everyMs: 100, wanted: 3 };

describe('booking places', () => {
  it('begins at once where none was booked, and each behind the one before', () => {
    const first = book(0, now, tenth);
    expect(first).toEqual({ at: now, count: 3, everyMs: 100 });
    const end = first && endOfBooking(first);
    expect(end).toBe(now + 300);
    expect(book(end ?? 0, now + 50, tenth)).toEqual({ at: now + 300, count: 3, everyMs: 100 });
  });

  it('goes on where the last ended a quarter of a second ago, and not where it ended earlier', () => {
    expect(book(now - 250, now, tenth)?.at).toBe(now - 250);
    expect(book(now - 251, now, tenth)?.at).toBe(now);
  });

  it('is for a second ahead and no longer, but for one place at least', () => {
    expect(book(0, now, { everyMs: 100, wanted: 1000 })?.count).toBe(11);
    expect(book(now + 950, now, { everyMs: 100, wanted: 1000 })?.count).toBe(1);
    expect(book(now + 1000, now, { everyMs: 10_000, wanted: 5 })).toEqual({
      at: now + 1000,
      count: 1,
      everyMs: 10_000,
    });
    expect(book(now + 1001, now, tenth)).toBeUndefined();
    expect(book(0, now, { everyMs: 100, wanted: 0 })).toBeUndefined();
  });

  it('tells in how many ms there is a place again', () => {
    expect(bookableInMs(0, now)).toBe(0);
    expect(bookableInMs(now + 1000, now)).toBe(0);
    expect(bookableInMs(now + 9000, now)).toBe(8000);
  });

  it('believes in no place that is further off than one can be', () => {
    const furthest = now + 1000 + 10_000 + limits.clockAllowanceMs;
    expect(bookableInMs(furthest, now)).toBe(furthest - now - 1000);
    expect(book(furthest + 1, now, tenth)?.at).toBe(now);
  });
});
