import { expect, test } from 'vitest';
import { deliver } from '../../../lib/delivery/deliver.ts';
import { attemptOutcomes } from '../../../lib/domain/delivery/attempts.ts';
import type { Wake } from '../../../lib/domain/delivery/wakes.ts';
import { resendAttempts } from '../../../lib/domain/groups/resends.ts';
import { wakeFor } from '../../../lib/groups/wake-group.ts';
import { answered, makeRig, offsetsOf, ok, type RigOptions, unreachable } from './rig.ts';

const lane = 'r1';
const laneRef = { groupId: 'g1', partition: 0, lane };

/** Ten records that were delivered, in batches of two, and a resend of those from `from` to `to`. */
const makeResend = async (from: number, to: number, { endpoint, ...options }: RigOptions = {}) => {
  const resend = { resendId: lane, ranges: { 0: [from, to] as const }, requestedAt: 0 };
  const made = await makeRig({ ...options, endpoint: { ...endpoint, resend } });
  for (let value = 0; value < 10; value += 2) made.append({ value }, { value: value + 1 });
  await made.deliver();
  made.takeWakes();
  made.sent.length = 0;
  const before = await made.cursor();
  const again = (wake: Partial<Wake> = {}) => made.deliver({ kind: 'continue', lane, ...wake });
  /** Answers wakes until none is left. @returns how many there were. */
  const settle = async (): Promise<number> => {
    let wakes = 0;
    for (let queued = made.takeWakes(); queued.length > 0; queued = made.takeWakes())
      for (const { wake, delayMs } of queued) {
        made.rig.pass(delayMs);
        await made.deliver(wake);
        wakes += 1;
      }
    return wakes;
  };
  const laneCursor = () => made.cursors.get(laneRef);
  const sentOffsets = () => made.sent.map(offsetsOf);
  return { ...made, before, again, settle, laneCursor, sentOffsets };
};

test('a range is sent to the endpoint once more, as a delivery is, and the group stays where it is', async () => {
  const { again, takeWakes, sent, sentOffsets, laneCursor, cursor, before, rig } = await makeResend(3, 8, {
    delivery: { batchSize: 2 },
  });
  rig.answer = () => ok;
  await again();
  expect(sentOffsets()).toEqual([[3, 4], [5, 6], [7]]);
  expect(sent[0]?.headers).toMatchObject({ 'webhook-id': 'g1-0-3-5', 'webhook-attempt': '1' });
  expect(sent[0]?.headers['webhook-signature']).toMatch(/^v1,/);
  expect(await laneCursor()).toMatchObject({ committed: 8, leaseUntil: 0, attempts: 0 });
  expect(await cursor()).toEqual(before);
  expect(takeWakes()).toEqual([]);
  await again();
  expect(sent).toHaveLength(3);
});

test('it works on what is archived', async () => {
  const { again, archive, sentOffsets, laneCursor } = await makeResend(1, 9);
  await archive(8);
  await again();
  expect(sentOffsets().flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await laneCursor()).toMatchObject({ committed: 9 });
});

test('what retention took of it is passed over and counted', async () => {
  const { again, trim, sentOffsets, laneCursor } = await makeResend(1, 6);
  await trim(4);
  await again();
  expect(sentOffsets().flat()).toEqual([4, 5]);
  expect(await laneCursor()).toMatchObject({ committed: 6, lost: 3 });
});

test('a refused message is skipped, counted, and in the attempt log', async () => {
  const { again, sentOffsets, laneCursor, takeWakes, attempts, rig, events } = await makeResend(0, 6, {
    delivery: { batchSize: 2 },
  });
  rig.answer = (request) => (offsetsOf(request).includes(2) ? answered(422) : ok);
  await again();
  expect(sentOffsets()).toEqual([
    [0, 1],
    [2, 3],
    [4, 5],
  ]);
  expect(await laneCursor()).toMatchObject({ committed: 6, deadLettered: 2 });
  expect(takeWakes()).toEqual([]);
  const log = await attempts.list('g1', { outcomes: attemptOutcomes, from: 0, limit: 10 });
  expect(log.attempts).toMatchObject([{ outcome: 'refusal', status: 422, from: 2, to: 4, endpointId: 'e1' }]);
  expect(events.some(({ kind }) => kind === 'dead-lettered')).toBe(false);
});

test('of a message that is acknowledged in part the rest is sent again', async () => {
  const { again, sentOffsets, laneCursor, rig } = await makeResend(0, 3);
  rig.answer = (request) =>
    offsetsOf(request).length === 3 ? answered(200, { body: '{"ack":{"offset":2}}' }) : ok;
  await again();
  expect(sentOffsets()).toEqual([[0, 1, 2], [2]]);
  expect(await laneCursor()).toMatchObject({ committed: 3 });
});

test('after an outage the same message is sent again, by a wake of its own, and deliveries go on meanwhile', async () => {
  const rigged = await makeResend(2, 7);
  const { again, settle, sent, sentOffsets, laneCursor, cursor, rig, append, deliver } = rigged;
  rig.answer = () => (sent.length <= 2 ? unreachable : ok);
  await again();
  expect(await laneCursor()).toMatchObject({ committed: 2, attempts: 1, pendingEnd: 7, leaseUntil: 0 });
  rig.answer = () => ok;
  append({ value: 'new' });
  await deliver();
  expect(await cursor()).toMatchObject({ committed: 11, attempts: 0 });
  rig.answer = () => (sent.length <= 3 ? unreachable : ok);
  await settle();
  expect(sentOffsets()).toEqual([[2, 3, 4, 5, 6], [10], [2, 3, 4, 5, 6], [2, 3, 4, 5, 6]]);
  expect(sent.map(({ headers }) => headers['webhook-attempt'])).toEqual(['1', '1', '2', '3']);
  expect(new Set([0, 2, 3].map((at) => sent[at]?.headers['webhook-id'])).size).toBe(1);
  expect(await laneCursor()).toMatchObject({ committed: 7, attempts: 0 });
});

test('an outage that lasts ends it, with what was sent, and nothing is queued any more', async () => {
  const { again, settle, sent, laneCursor, cursor, before, rig, takeWakes } = await makeResend(2, 7);
  rig.answer = () => unreachable;
  await again();
  await settle();
  expect(sent).toHaveLength(resendAttempts);
  expect(await laneCursor()).toMatchObject({
    committed: 2,
    attempts: resendAttempts,
    retryAt: 0,
    lastFailure: 'Connection refused.',
  });
  expect(takeWakes()).toEqual([]);
  rig.answer = () => ok;
  await again();
  expect(sent).toHaveLength(resendAttempts);
  expect(await cursor()).toEqual(before);
});

test('an endpoint that is gone ends it at once, and is not disabled by it', async () => {
  const { again, takeWakes, laneCursor, groups, rig } = await makeResend(2, 7);
  rig.answer = () => answered(410);
  await again();
  expect(await laneCursor()).toMatchObject({ committed: 2, attempts: resendAttempts, retryAt: 0 });
  expect(takeWakes()).toEqual([]);
  const found = await groups.get({ topicId: 't1', group: 'billing' });
  expect(found?.endpoints[0]?.status).toBe('enabled');
});

test('while the endpoint is disabled nothing is sent, and it goes on once it is enabled', async () => {
  const { again, settle, sentOffsets, groups, sent } = await makeResend(2, 4);
  const ref = { topicId: 't1', group: 'billing' };
  const change = async (status: 'enabled' | 'disabled') => {
    const endpoint = (await groups.get(ref))?.endpoints[0];
    if (endpoint !== undefined) await groups.updateEndpoint(ref, endpoint, { status });
  };
  await change('disabled');
  await again();
  expect(sent).toEqual([]);
  await change('enabled');
  expect(await settle()).toBe(1);
  expect(sentOffsets()).toEqual([[2, 3]]);
});

test('one that was replaced or ended sends nothing more', async () => {
  const { again, groups, sent, laneCursor } = await makeResend(2, 7);
  const ref = { topicId: 't1', group: 'billing' };
  const endpoint = (await groups.get(ref))?.endpoints[0];
  if (endpoint !== undefined) await groups.updateEndpoint(ref, endpoint, { resend: null });
  await again();
  expect(sent).toEqual([]);
  expect(await laneCursor()).toBeUndefined();
});

test('a run without time left hands over, and the next one goes on', async () => {
  const { again, settle, sentOffsets, laneCursor, rig } = await makeResend(0, 6, {
    delivery: { batchSize: 2 },
  });
  let leftMs = 120_000;
  rig.remainingMs = () => leftMs;
  rig.answer = () => {
    leftMs -= 31_000;
    return ok;
  };
  await again();
  expect(sentOffsets()).toEqual([[0, 1]]);
  expect(await laneCursor()).toMatchObject({ committed: 2, leaseUntil: 0 });
  leftMs = 120_000;
  rig.answer = () => ok;
  await settle();
  expect(sentOffsets()).toEqual([
    [0, 1],
    [2, 3],
    [4, 5],
  ]);
});

test('a run that dies while it sends is taken up when its lease is over, with the same message', async () => {
  const { again, sent, laneCursor, rig, clock } = await makeResend(0, 4);
  rig.answer = () => {
    throw new Error('The process died.');
  };
  await expect(again()).rejects.toMatchObject({ name: 'UnansweredError', leaseMs: expect.any(Number) });
  const held = await laneCursor();
  expect(held?.leaseUntil).toBeGreaterThan(clock.now());
  rig.answer = () => ok;
  // Another wake that comes meanwhile is not needed: the holder's comes back.
  await again();
  expect(sent).toHaveLength(1);
  rig.pass(60_000);
  await again();
  expect(sent.map(({ headers }) => headers['webhook-id'])).toEqual(['g1-0-0-4', 'g1-0-0-4']);
  expect(await laneCursor()).toMatchObject({ committed: 4, leaseUntil: 0 });
});

test('two wakes of one resend at once send each message once', async () => {
  const { again, sent, laneCursor } = await makeResend(0, 4);
  await Promise.all([again(), again()]);
  expect(sent).toHaveLength(1);
  expect(await laneCursor()).toMatchObject({ committed: 4 });
});

test('what the group’s filter leaves out is not sent', async () => {
  const { again, sentOffsets, laneCursor } = await makeResend(0, 6, { delivery: { filter: 'value > 3' } });
  await again();
  expect(sentOffsets().flat()).toEqual([4, 5]);
  expect(await laneCursor()).toMatchObject({ committed: 6 });
});

test.each([
  ['a retry', unreachable],
  ['more to send', ok],
])('its lease is let go only once a wake for %s is on the queue', async (_what, outcome) => {
  const { deps, rig, laneCursor, group, clock } = await makeResend(0, 8, { delivery: { batchSize: 2 } });
  let leftMs = 120_000;
  const webhooks = {
    post: async () => {
      leftMs -= 31_000;
      return outcome;
    },
  };
  const queue = {
    send: async () => {
      throw new Error('The queue is away.');
    },
  };
  const wake = { ...wakeFor(group, 0, 'continue').wake, lane };
  const run = { messageIds: ['m'] as const, remainingMs: () => leftMs };
  await expect(deliver({ ...deps, webhooks, queue }, wake, run)).rejects.toMatchObject({
    name: 'UnansweredError',
    leaseMs: expect.any(Number),
  });
  expect((await laneCursor())?.leaseUntil).toBeGreaterThan(clock.now());
  expect(await laneCursor()).toMatchObject({ attempts: 0, retryAt: 0 });
  // The message comes back when the lease is over, and nothing stands in its way.
  rig.pass(60_000);
  leftMs = 120_000;
  await deliver({ ...deps, webhooks: { post: async () => ok } }, wake, run);
  expect(await laneCursor()).toMatchObject({ committed: 8, leaseUntil: 0 });
});
