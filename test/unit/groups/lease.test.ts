import { describe, expect, it } from 'vitest';
import { type Cursor, longestLeaseMs } from '../../../lib/domain/groups/cursors.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { Lease } from '../../../lib/groups/lease.ts';
import { MemoryCursorStore } from '../../../lib/stores/memory/cursors.ts';

const ref = { groupId: 'g', partition: 0 };
const longestRetryMs = 10_000;

/** Asks for a lease at 1,000,000 on a cursor whose lease and retry end so many ms later. */
const askAfter = async (
  { leaseMs = 0, retryMs = 0, beforeRetry = false },
  meanwhile: (cursors: MemoryCursorStore) => Promise<unknown> = async () => undefined,
): Promise<Cursor | undefined> => {
  const now = 1_000_000;
  const cursors = new MemoryCursorStore();
  await cursors.acquire(ref, { read: undefined, startOffset: 0, owner: 'before', leaseUntil: now + leaseMs });
  const retry = { attempts: 1, retryAt: now + retryMs, pendingEnd: 1, lastFailure: '503' };
  if (retryMs > 0) await cursors.release(ref, { epoch: 1, retry });
  const read = await cursors.get(ref);
  await meanwhile(cursors);
  const clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };
  const request = { read, startOffset: 0, owner: 'me', durationMs: 25_000, pendingEnd: 2 };
  const answer = await Lease.acquire({ cursors, clock }, ref, { ...request, longestRetryMs, beforeRetry });
  return answer.kind === 'given' ? answer.lease.cursor : undefined;
};

describe('a lease', () => {
  it('is given at the moment the one before ends, and not before', async () => {
    expect(await askAfter({ leaseMs: 1 })).toBeUndefined();
    expect(await askAfter({ leaseMs: 0 })).toMatchObject({ epoch: 2, owner: 'me', leaseUntil: 1_025_000 });
  });

  it('waits for a retry that is due later, unless it need not', async () => {
    expect(await askAfter({ retryMs: 1 })).toBeUndefined();
    expect(await askAfter({ retryMs: 1, beforeRetry: true })).toMatchObject({ epoch: 2, owner: 'me' });
  });

  it('is never given over a live one for the sake of a retry that need not be waited for', async () => {
    expect(await askAfter({ leaseMs: 1, beforeRetry: true })).toBeUndefined();
  });

  it('is given where the time that stands is further off than it can be by right', async () => {
    const leaseMs = longestLeaseMs + limits.clockAllowanceMs;
    expect(await askAfter({ leaseMs })).toBeUndefined();
    expect(await askAfter({ leaseMs: leaseMs + 1 })).toMatchObject({ epoch: 2 });
    const retryMs = longestRetryMs + limits.clockAllowanceMs;
    expect(await askAfter({ retryMs })).toBeUndefined();
    expect(await askAfter({ retryMs: retryMs + 1 })).toMatchObject({ epoch: 2 });
  });

  it('is not given when the holder before has moved the cursor since it was read', async () => {
    const late = { epoch: 1, committed: 1, leaseUntil: 0 };
    expect(await askAfter({}, (cursors) => cursors.commit(ref, late))).toBeUndefined();
  });
});
