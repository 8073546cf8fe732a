import { describe, expect, it } from 'vitest';
import type { Meter } from '../../../lib/auth/quotas/meter.ts';
import { Quotas } from '../../../lib/auth/quotas/quotas.ts';
import { Problem } from '../../../lib/domain/errors.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import type { Quota } from '../../../lib/domain/keys.ts';
import { recordBytes } from '../../../lib/domain/records/encoding.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';

const record: NewRecord = { valueJson: jsonText(1) };
const records = (count: number): NewRecord[] => Array.from({ length: count }, () => record);

const setUp = (quota: Quota, maxKeys?: number) => {
  const times = { wall: 0, monotonic: 0 };
  const clock = {
    now: () => times.wall,
    monotonic: () => times.monotonic,
    stepWall: (ms: number): void => {
      times.wall += ms;
    },
    advance: (ms: number): void => {
      times.wall += ms;
      times.monotonic += ms;
    },
  };
  const quotas = new Quotas({ clock, ...(maxKeys !== undefined && { maxKeys }) });
  const meterOf = (keyId = 'k', of = quota): Meter => {
    const meter = quotas.meterOf({ keyId, quota: of });
    if (meter === undefined) throw new Error('A key that has a quota has no meter.');
    return meter;
  };
  return { clock, quotas, meterOf };
};

/** For how many seconds it is refused, as it is told. */
const refusal = (meter: Meter): number | undefined => {
  try {
    meter.requireRoom();
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error.code).toBe('quota_exceeded');
    expect(error.message).toMatch(/\.$/);
    return error.details.retryAfterSeconds;
  }
};

describe('a quota', () => {
  it('lets pass what it allows in its burst at once, and then what it allows in a second, each second', () => {
    const { clock, meterOf } = setUp({ recordsPerSecond: 10, burstSeconds: 3 });
    for (let count = 0; count < 30; count += 1) meterOf().take(records(1));
    expect(refusal(meterOf())).toBe(1);
    let passed = 0;
    for (let ms = 0; ms < 60_000; ms += 10) {
      clock.advance(10);
      if (refusal(meterOf()) !== undefined) continue;
      meterOf().take(records(1));
      passed += 1;
    }
    expect(passed).toBeGreaterThanOrEqual(599);
    expect(passed).toBeLessThanOrEqual(600);
  });

  it('lets pass what is larger than its burst, and nothing more until that is made up for', () => {
    const { clock, meterOf } = setUp({ recordsPerSecond: 10, burstSeconds: 1 });
    meterOf().take(records(110));
    const seconds = refusal(meterOf()) ?? 0;
    expect(seconds).toBe(11);
    clock.advance((seconds - 1) * 1000);
    expect(refusal(meterOf())).toBe(1);
    clock.advance(1000);
    expect(refusal(meterOf())).toBeUndefined();
  });

  it('is refused where nothing is left, though there was when the request began', () => {
    const { meterOf } = setUp({ recordsPerSecond: 1, burstSeconds: 1 });
    const [one, other] = [meterOf(), meterOf()];
    one.requireRoom();
    other.requireRoom();
    one.take(records(1));
    expect(() => other.take(records(1))).toThrow(/1 records a second/);
  });

  it('counts the bytes of records as they are stored', () => {
    const bytes = recordBytes(record);
    const { meterOf } = setUp({ bytesPerSecond: 2 * bytes, burstSeconds: 1 });
    meterOf().take(records(1));
    expect(meterOf().headers()).toEqual({
      'ratelimit-policy': `"bytes";q=${2 * bytes};qu="content-bytes";w=1`,
      ratelimit: `"bytes";r=${bytes};t=1`,
    });
    meterOf().take(records(1));
    expect(refusal(meterOf())).toBe(1);
  });

  it('of records and bytes is used up when either is', () => {
    const { clock, meterOf } = setUp({ recordsPerSecond: 1000, bytesPerSecond: 1, burstSeconds: 1 });
    meterOf().take(records(1));
    expect(refusal(meterOf())).toBe(recordBytes(record));
    expect(meterOf().headers().ratelimit).toBe(`"records";r=999;t=1, "bytes";r=0;t=${recordBytes(record)}`);
    clock.advance(recordBytes(record) * 1000);
    expect(refusal(meterOf())).toBeUndefined();
  });

  it('is no other while a wall clock steps back, and full at most when it steps ahead', () => {
    const { clock, meterOf } = setUp({ recordsPerSecond: 10, burstSeconds: 1 });
    meterOf().take(records(10));
    clock.stepWall(-3_600_000);
    expect(refusal(meterOf())).toBe(1);
    clock.stepWall(7_200_000);
    meterOf().take(records(10));
    expect(refusal(meterOf())).toBe(1);
  });
});

describe('the quotas of a process', () => {
  it('are one for each key, and none for a key without', () => {
    const { quotas, meterOf } = setUp({ recordsPerSecond: 1, burstSeconds: 1 });
    meterOf('a').take(records(1));
    expect(refusal(meterOf('a'))).toBe(1);
    expect(refusal(meterOf('b'))).toBeUndefined();
    expect(quotas.meterOf({ keyId: 'a' })).toBeUndefined();
  });

  it('forgive nothing when a quota is changed', () => {
    const { meterOf } = setUp({ recordsPerSecond: 1, burstSeconds: 1 });
    meterOf('a').take(records(101));
    const larger = { recordsPerSecond: 10, burstSeconds: 1 };
    expect(refusal(meterOf('a', larger))).toBe(11);
  });

  it('are remembered of so many keys, those used last', () => {
    const { meterOf } = setUp({ recordsPerSecond: 1, burstSeconds: 1 }, 2);
    for (const key of ['a', 'b']) meterOf(key).take(records(5));
    meterOf('a');
    meterOf('c');
    expect(refusal(meterOf('a'))).toBe(5);
    expect(refusal(meterOf('b'))).toBeUndefined();
  });
});
