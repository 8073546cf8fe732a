import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, type Outage, outageAfter, retryAfterMs } from '../../../lib/domain/delivery/retry.ts';
import { limits } from '../../../lib/domain/limits.ts';

describe('backoffMs', () => {
  const backoff = { initialSeconds: 2, maxSeconds: 60 };

  it('doubles its ceiling with each attempt and stops at the longest', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 5000].map((attempts) => backoffMs(attempts, backoff, 1));
    expect(ceilings).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('is spread over all that is below the ceiling', () => {
    expect([0, 0.25, 0.5].map((chance) => backoffMs(3, backoff, chance))).toEqual([0, 2000, 4000]);
  });
});

describe('retryAfterMs', () => {
  const now = Date.UTC(2026, 4, 1, 12, 0, 0);

  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Fri, 01 May 2026 12:00:30 GMT', 30_000],
    ['Friday, 01-May-26 12:00:30 GMT', 30_000],
    ['Fri, 01 May 2026 11:00:00 GMT', 0],
    ['1.5', 2000],
    ['0.001', 1000],
    ['.5', 1000],
    ['3.', 3000],
    ['120.0', 120_000],
    ['+30', 30_000],
    ['-5', 0],
    ['-0.5', 0],
    ['\t120\t', 120_000],
    ['000120', 120_000],
    ['Fri May  1 12:00:30 2026', 30_000],
    ['Fri May 1 12:00:30 2026', 30_000],
    ['Fri May 01 12:00:30 2026', 30_000],
    ['fri, 01 may 2026 12:00:30 gmt', 30_000],
    ['Fri 01 May 2026 12:00:30 GMT', 30_000],
    ['Fri, 1 May 2026 12:00:30 GMT', 30_000],
    ['Fri, 01-May-2026 12:00:30 GMT', 30_000],
    ['Fri, 01 May 2026 12:00:30 UTC', 30_000],
    ['Fri, 01 May 2026 12:00:30 +0000', 30_000],
    ['Fri, 01 May 2026 14:00:30 +0200', 30_000],
    ['Fri, 01 May 2026 10:30:30 -0130', 30_000],
    ['Fri, 01 May 2026 12:00:60 GMT', 60_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Friday, 01-May-76 12:00:30 GMT', 3_600_000],
    ['Sunday, 01-May-77 12:00:30 GMT', 0],
    ['2026-05-01T12:00:30Z', 30_000],
    ['"2026-05-01T12:00:30Z"', 30_000],
    ['01 May 2026 12:00:30 GMT', 30_000],
    ['Friday, 01 May 2026 12:00:30 GMT', 30_000],
    ['"Fri, 01 May 2026 12:00:30 GMT"', 30_000],
    [String(now / 1000 + 30), 30_000],
    [`${now / 1000 + 30}.25`, 30_250],
    [String(now + 30_000), 30_000],
    [String(now / 1000 - 30), 0],
    ['"30"', 30_000],
    ['30s', 30_000],
    ['5 s', 5000],
    ['1.5 Seconds', 2000],
    ['30sec', 30_000],
    ['30, 60', 60_000],
    ['120, 120', 120_000],
    ['2026-05-01T14:00:30.000+02:00', 30_000],
  ])('reads %j', (header, ms) => expect(retryAfterMs(header, now)).toBe(ms));

  it.each([
    '99999999999999999999',
    '9999999999',
    '0000009999',
    '5, 99999999999999999999',
    'Fri, 01 May 2099 12:00:00 GMT',
  ])('obeys %j for an hour at most', (header) => expect(retryAfterMs(header, now)).toBe(3_600_000));

  it('means GMT by a date without a zone, in whatever zone this process is', () => {
    const zone = process.env['TZ'];
    try {
      process.env['TZ'] = 'Asia/Tokyo';
      expect(retryAfterMs('Fri May  1 12:00:30 2026', now)).toBe(30_000);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  it.each([
    '',
    ' ',
    '.',
    '+',
    '-',
    '- 5',
    '5 m',
    '5ms',
    '1m30s',
    '"30',
    '""',
    '30,60',
    '30, soon',
    '30s, 60s',
    '30, ',
    '1,5',
    '0x10',
    'Infinity',
    'NaN',
    'soon',
    '1e3',
    'Fri, nonsense',
    'May 2026',
    'Fri, 31 Apr 2026 12:00:30 GMT',
    'Fri, 01 Foo 2026 12:00:30 GMT',
    'Fri, 01 May 2026 25:00:30 GMT',
    'Fri, 01 May 2026 12:00:30',
    'Fri, 01 May 2026 12:00:30 EST',
    'Fri May  1 12:00:30 2026 GMT',
    '2026-05-01 12:00:30',
    '2026-05-01',
  ])('takes nothing from %j', (header) => expect(retryAfterMs(header, now)).toBeUndefined());
});

describe('outageAfter', () => {
  const graceMs = limits.outageGraceMs;
  const dayMs = 86_400_000;
  const start = Date.UTC(2026, 0, 1);
  const first: Outage = { failingSince: start, failedAt: start, outageMs: 0 };

  it('counts the time since the attempt before, up to what was due and a quarter of an hour', () => {
    const due = start + 60_000;
    const countedAt = (now: number) => outageAfter(first, due, now);
    expect(countedAt(due + 500)).toEqual({ failingSince: start, failedAt: due + 500, outageMs: 60_500 });
    expect(countedAt(due + graceMs).outageMs).toBe(60_000 + graceMs);
    expect(countedAt(due + 6 * dayMs).outageMs).toBe(60_000 + graceMs);
    expect(countedAt(start - 6 * dayMs).outageMs).toBe(0);
  });

  /** Pauses between attempts, how late each attempt came, and how far off the clock was that told its time. */
  const attempts = (lateMs: number, skewMs: number) =>
    fc.array(
      fc.record({
        delayMs: fc.integer({ min: 0, max: dayMs }),
        lateMs: fc.integer({ min: 0, max: lateMs }),
        skewMs: fc.integer({ min: -skewMs, max: skewMs }),
      }),
      { minLength: 1, maxLength: 50 },
    );
  const counted = (all: readonly { delayMs: number; lateMs: number; skewMs: number }[]) => {
    let [now, outage] = [start, first];
    for (const { delayMs, lateMs, skewMs } of all) {
      now += delayMs + lateMs;
      outage = outageAfter(outage, outage.failedAt + delayMs, now + skewMs);
    }
    return { outageMs: outage.outageMs, passedMs: now - start };
  };

  it('is the time that passed, where clocks are minutes off and attempts a little late', () => {
    fc.assert(
      fc.property(attempts(graceMs / 3, graceMs / 3), (all) => {
        const { outageMs, passedMs } = counted(all);
        expect(Math.abs(outageMs - passedMs)).toBeLessThanOrEqual(graceMs);
      }),
    );
  });

  it('is never more than the pauses and a quarter of an hour for each, whatever the clocks say', () => {
    fc.assert(
      fc.property(attempts(9 * dayMs, 99 * dayMs), (all) => {
        const most = all.reduce((sum, { delayMs }) => sum + delayMs + graceMs, 0);
        const { outageMs } = counted(all);
        expect(outageMs).toBeGreaterThanOrEqual(0);
        expect(outageMs).toBeLessThanOrEqual(most);
      }),
    );
  });
});
