import { expect, test } from 'vitest';
import { type Cursor, newCursor, type Run } from '../../../../lib/domain/groups/cursors.ts';
import { deliveryDefaults, type Endpoint, type PushGroup } from '../../../../lib/domain/groups/groups.ts';
import type { PartitionLag } from '../../../../lib/groups/lag.ts';
import { type Waiting, waitingOf } from '../../../../lib/groups/status/waiting.ts';

const now = Date.parse('2026-03-01T12:00:00.000Z');

const endpoint = (more: Partial<Endpoint> = {}): Endpoint => ({
  endpointId: 'e1',
  url: 'https://example.com/',
  secrets: [],
  status: 'enabled',
  createdAt: 0,
  ...more,
});

interface Given {
  readonly cursor?: Partial<Cursor>;
  readonly endpoints?: readonly Endpoint[];
  readonly group?: Partial<PushGroup>;
  readonly lag?: number;
}

const waiting = ({ cursor, endpoints = [endpoint()], group, lag = 5 }: Given): Waiting | undefined => {
  const standing = cursor && { ...newCursor(40), ...cursor };
  const partition: PartitionLag = {
    partition: 0,
    committed: 40,
    endOffset: 40 + lag,
    lag,
    lost: 0,
    ...(standing !== undefined && { cursor: standing }),
  };
  const whole: PushGroup = {
    name: 'billing',
    groupId: 'g1',
    topic: 'orders',
    topicId: 't1',
    mode: 'push',
    start: 'earliest',
    startOffsets: [40],
    delivery: deliveryDefaults,
    createdAt: 0,
    ...group,
  };
  return waitingOf({ group: whole, endpoints }, partition, now);
};

const failed = { attempts: 3, pendingEnd: 44, lastFailure: 'The endpoint answered 503.' };

test('where all is acknowledged nothing waits, whatever the group is', () => {
  expect(waiting({ lag: 0, endpoints: [], group: { pausedSince: 1 } })).toBeUndefined();
});

test('records of a group that is paused wait until it is resumed, since it was paused', () => {
  expect(
    waiting({ group: { pausedSince: 5 }, endpoints: [], cursor: { ...failed, retryAt: now + 5 } }),
  ).toEqual({
    for: 'resume',
    since: 5,
    reason: 'The group is paused by a request. It goes on when it is resumed.',
  });
});

test('records of a group without an endpoint wait for one', () => {
  expect(waiting({ endpoints: [] })).toEqual({ for: 'endpoint', reason: 'The group has no endpoint.' });
});

test('records of a group whose endpoints are disabled wait for one, and are told why', () => {
  const former = endpoint({ endpointId: 'e0', status: 'disabled', disabledAt: 3 });
  const last = endpoint({ status: 'disabled', disabledAt: 7, disabledReason: 'It answered 410 (Gone).' });
  expect(waiting({ endpoints: [last, former] })).toEqual({
    for: 'endpoint',
    since: 7,
    reason:
      'Every endpoint of the group is disabled, the last of them "e1". It answered 410 (Gone). The group goes on when one is enabled.',
  });
  expect(waiting({ endpoints: [former, endpoint()] })).toMatchObject({ for: 'wake' });
});

test('records that are being delivered wait for the answer, for as long as the lease', () => {
  const cursor = { ...failed, leaseUntil: now + 20_000, owner: 'run', retryAt: now - 5 };
  expect(waiting({ cursor })).toEqual({
    for: 'answer',
    until: now + 20_000,
    reason: 'An attempt of records 40 to 43 is being made. Whoever makes it has the partition for so long.',
  });
});

test('records that failed wait for the next attempt, and say after which failure and how many', () => {
  const outage = { failingSince: now - 60_000, failedAt: now, outageMs: 60_000 };
  expect(waiting({ cursor: { ...failed, ...outage, retryAt: now + 30_000 } })).toEqual({
    for: 'retry',
    since: now - 60_000,
    until: now + 30_000,
    reason:
      '3 attempts of records 40 to 43 failed. The endpoint answered 503. The next attempt is at 2026-03-01T12:00:30.000Z.',
  });
  const alone = { attempts: 1, pendingEnd: 41, lastFailure: 'The endpoint answered 500.', retryAt: now + 1 };
  expect(waiting({ cursor: alone })?.reason).toMatch(
    /^An attempt of record 40 failed\. The endpoint answered 500\. /,
  );
});

test('the first half of a message that was refused says why, and since when', () => {
  const halved = { pendingEnd: 42, refusedSince: now - 9, lastFailure: 'The endpoint answered 422.' };
  expect(waiting({ cursor: { ...halved, retryAt: now + 1000 } })).toMatchObject({
    for: 'retry',
    since: now - 9,
    reason: expect.stringMatching(
      /^A message with records 40 to 41 failed\. The endpoint answered 422\. The next/,
    ),
  });
});

test('records that were not tried, since their endpoint is to be left alone, say that alone', () => {
  const paced = { pendingEnd: 42, retryAt: now + 1000, lastFailure: 'The endpoint has no place free.' };
  expect(waiting({ cursor: paced })).toEqual({
    for: 'retry',
    until: now + 1000,
    reason: 'The endpoint has no place free. The next attempt is at 2026-03-01T12:00:01.000Z.',
  });
});

test('a retry that is further off than it can be by right is due', () => {
  const cursor = { ...failed, retryAt: now + 86_400_000 };
  expect(waiting({ cursor })).toMatchObject({
    for: 'wake',
    reason: expect.stringMatching(/503\. The next attempt is due\.$/),
  });
});

test.each([
  ['was never delivered', undefined],
  ['is delivered up to there', {}],
  ['failed, and whose pause is over', { ...failed, retryAt: now }],
  ['had a holder that died', { leaseUntil: now - 1, owner: 'run' }],
])('records of a partition that %s wait for their turn', (_what, cursor) => {
  expect(waiting(cursor === undefined ? {} : { cursor })).toMatchObject({ for: 'wake' });
});

test('records ahead that are to be sent again wait for the first of them, and say how many there are and since when', () => {
  const run = { state: 'delayed', deliveries: 2 } as const;
  const runs: readonly Run[] = [
    { ...run, start: 41, end: 42, until: now + 9000, since: now - 50 },
    { ...run, start: 44, end: 46, until: now + 3000, since: now - 20 },
    // Due.
    { ...run, start: 50, end: 53, until: now - 1 },
    { state: 'acknowledged', start: 42, end: 44, deliveries: 0 },
  ];
  expect(waiting({ cursor: { runs } })).toEqual({
    for: 'retry',
    since: now - 50,
    until: now + 3000,
    reason:
      '3 records are to be sent again after a refusal. The next attempt is at 2026-03-01T12:00:03.000Z.',
  });
});

test('records ahead that cannot be written to the dead letters say that', () => {
  const stuck = { state: 'stuck', deliveries: 10, until: now + 3000, since: now - 50 } as const;
  expect(waiting({ cursor: { runs: [{ ...stuck, start: 41, end: 42 }] } })).toEqual({
    for: 'retry',
    since: now - 50,
    until: now + 3000,
    reason:
      '1 record is to go to the dead letters, which could not be written. The next attempt is at 2026-03-01T12:00:03.000Z.',
  });
  const delayed = { ...stuck, state: 'delayed', start: 44, end: 46, until: now + 1000 } as const;
  expect(waiting({ cursor: { runs: [{ ...stuck, start: 41, end: 42 }, delayed] } })?.reason).toBe(
    '2 records are to be sent again after a refusal. 1 record is to go to the dead letters, which could not be written. The next attempt is at 2026-03-01T12:00:01.000Z.',
  );
});

test('records that a consumer has wait for what it says by token, before others ahead of them', () => {
  const held = { state: 'held', deliveries: 1, until: now + 60_000, start: 40, end: 42 } as const;
  const delayed = { state: 'delayed', deliveries: 1, until: now + 5, start: 42, end: 43 } as const;
  expect(waiting({ cursor: { runs: [held, delayed] } })).toMatchObject({
    for: 'acknowledgement',
    until: now + 60_000,
    reason: expect.stringMatching(/^2 records are with the consumer/),
  });
});
