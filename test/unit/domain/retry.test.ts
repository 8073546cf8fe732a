import { describe, expect, it } from 'vitest';
import { backoffMs, retryAfterMs } from '../../../lib/domain/retry.ts';

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
  ])('reads %j', (header, ms) => expect(retryAfterMs(header, now)).toBe(ms));

  it.each(['99999999999999999999', 'Fri, 01 May 2099 12:00:00 GMT'])(
    'obeys %j for an hour at most',
    (header) => expect(retryAfterMs(header, now)).toBe(3_600_000),
  );

  it.each(['', '-5', '1.5', 'soon', '1e3', 'Fri, nonsense'])('takes nothing from %j', (header) =>
    expect(retryAfterMs(header, now)).toBeUndefined(),
  );
});
