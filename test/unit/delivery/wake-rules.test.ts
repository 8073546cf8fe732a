import { describe, expect, it } from 'vitest';
import { judgeWake } from '../../../lib/delivery/wake-rules.ts';
import type { Wake } from '../../../lib/domain/delivery/wakes.ts';
import { type Cursor, longestLeaseMs } from '../../../lib/domain/groups/cursors.ts';
import { limits } from '../../../lib/domain/limits.ts';

const now = 1_000_000;
const longestRetryMs = 3_600_000;
const idle: Cursor = { committed: 5, epoch: 7, leaseUntil: 0, attempts: 0, retryAt: 0 };
const held: Cursor = { ...idle, owner: 'm2/o', leaseUntil: now + 12_000 };
const waiting: Cursor = { ...idle, attempts: 1, retryAt: now + 90_000 };
const lapsed: Cursor = { ...idle, owner: 'm1/o', leaseUntil: now, retryAt: now };

const judged = (kind: Wake['kind'], cursor: Cursor | undefined, epoch?: number): unknown => {
  const wake: Wake = { kind, topicId: 't', groupId: 'g', group: 'n', partition: 0, ...(epoch && { epoch }) };
  const verdict = judgeWake(wake, ['m0', 'm1'], cursor, now, longestRetryMs);
  if (verdict.kind !== 'later') return verdict.kind;
  expect(verdict.queued.wake).toEqual({ ...wake, epoch: 7 });
  return verdict.queued.delayMs;
};

describe('judgeWake', () => {
  it('takes any wake when nobody is at it and no retry is due later', () => {
    for (const cursor of [undefined, idle, lapsed])
      for (const kind of ['append', 'retry', 'continue', 'resume'] as const)
        for (const epoch of [undefined, 6, 7]) expect(judged(kind, cursor, epoch)).toBe('go');
  });

  it("drops an append's wake while a lease is live or a retry is due later", () => {
    expect([judged('append', held), judged('append', waiting)]).toEqual(['drop', 'drop']);
  });

  it('lets a wake wait for the lease of its own epoch, looking again every five seconds', () => {
    expect([judged('retry', held, 7), judged('continue', held, 7)]).toEqual([5000, 5000]);
    expect(judged('retry', { ...held, leaseUntil: now + 300 }, 7)).toBe(300);
  });

  it('drops a wake of another epoch while a lease is live or a retry is due later', () => {
    for (const kind of ['retry', 'continue'] as const)
      expect([judged(kind, held, 6), judged(kind, waiting, 6)]).toEqual(['drop', 'drop']);
  });

  it('lets a wake of its own epoch wait for the time of the retry, fifteen minutes at once', () => {
    expect([judged('retry', waiting, 7), judged('continue', waiting, 7)]).toEqual([90_000, 90_000]);
    expect(judged('retry', { ...waiting, retryAt: now + 3_600_000 }, 7)).toBe(limits.wakeDelayMs);
  });

  it('keeps on the queue whatever meets the lease of another run of its own message', () => {
    for (const kind of ['append', 'retry', 'continue', 'resume'] as const)
      for (const epoch of [undefined, 6, 7])
        expect(judged(kind, { ...held, owner: 'm1/o' }, epoch)).toBe('keep');
    expect(judged('append', { ...held, owner: 'm11/o' })).toBe('drop');
  });

  it('takes any wake when the lease or the retry is further off than it can be by right', () => {
    const ahead = now + 86_400_000;
    for (const cursor of [
      { ...held, leaseUntil: ahead },
      { ...waiting, retryAt: ahead },
      { ...held, leaseUntil: ahead, retryAt: ahead, owner: 'm1/o' },
      { ...held, leaseUntil: now + longestLeaseMs + limits.clockAllowanceMs + 1 },
      { ...waiting, retryAt: now + longestRetryMs + limits.clockAllowanceMs + 1 },
    ])
      for (const kind of ['append', 'retry', 'continue', 'resume'] as const)
        for (const epoch of [undefined, 6, 7]) expect(judged(kind, cursor, epoch)).toBe('go');
    const latest = { leaseUntil: now + longestLeaseMs + limits.clockAllowanceMs };
    expect(judged('append', { ...held, ...latest })).toBe('drop');
    const last = { retryAt: now + longestRetryMs + limits.clockAllowanceMs };
    expect(judged('append', { ...waiting, ...last })).toBe('drop');
  });

  it('lets a resume go before a retry is due, and wait for a lease it finds live', () => {
    expect(judged('resume', waiting)).toBe('go');
    expect([judged('resume', held), judged('resume', held, 7)]).toEqual([12_000, 12_000]);
    expect(judged('resume', held, 6)).toBe('drop');
  });
});
