import { expect, test } from 'vitest';
import { type Attempted, AttemptLog } from '../../../../lib/delivery/attempt-log/attempt-log.ts';
import { attemptOutcomes, type LoggedAttempt } from '../../../../lib/domain/delivery/attempts.ts';
import { deliveryDefaults, type PushGroup } from '../../../../lib/domain/groups/groups.ts';
import { MemoryAttemptStore } from '../../../../lib/stores/memory/attempts.ts';
import type { TelemetryEvent } from '../../../../lib/surroundings/telemetry.ts';
import { Scheduler, seededRandom } from '../../../simulation/scheduler.ts';

const group: PushGroup = {
  name: 'billing',
  groupId: 'g1',
  topic: 'orders',
  topicId: 't1',
  mode: 'push',
  start: 'earliest',
  startOffsets: [0],
  delivery: deliveryDefaults,
  createdAt: 0,
};
const other = { ...group, groupId: 'g2', name: 'audit' };

const failure: Attempted = {
  at: 5,
  partition: 0,
  endpointId: 'e1',
  messageId: 'g1-0-0-1',
  from: 0,
  to: 1,
  records: 1,
  attempt: 1,
  outcome: 'outage',
  ms: 3,
  reason: 'It did not answer within 15 s.',
  request: 'webhook-id: g1-0-0-1',
};
const success: Attempted = { ...failure, outcome: 'acknowledged' };

/** A log of which each write takes `writesMs`, or fails. */
const opened = ({ writesMs = 1, fails = () => false }: { writesMs?: number; fails?: () => boolean } = {}) => {
  const world = new Scheduler();
  const { clock } = world;
  const store = new MemoryAttemptStore();
  const events: TelemetryEvent[] = [];
  const log = new AttemptLog({
    attempts: {
      put: async (groupId, attempt) => {
        await clock.sleep(writesMs);
        if (fails()) throw new Error('The store is away.');
        await store.put(groupId, attempt);
      },
    },
    clock,
    random: seededRandom(1),
    telemetry: { record: (event) => events.push(event) },
  });
  const logged = async (groupId = 'g1'): Promise<readonly LoggedAttempt[]> =>
    (await store.list(groupId, { outcomes: attemptOutcomes, from: 0, limit: 10_000 })).attempts;
  const unlogged = (reason: string) =>
    events.filter((event) => event.kind === 'attempt-unlogged' && event.reason === reason).length;
  return { world, log, logged, unlogged, events };
};

test('an attempt that is noted is written once, and the run waits for that at its end', async () => {
  const { world, log, logged } = opened({ writesMs: 20 });
  log.note(group, failure);
  expect(await logged()).toEqual([]);
  let settled = false;
  const settling = log.settled(3000).then(() => {
    settled = true;
  });
  await world.run({ maxMs: 19 });
  expect(settled).toBe(false);
  await world.run({ maxMs: 1 });
  await settling;
  expect(await logged()).toEqual([{ ...failure, attemptId: expect.stringMatching(/^[0-9a-f]{20}$/) }]);
  await log.settled(3000);
});

test('a store that does not answer holds the end of a run up for no longer than it is given', async () => {
  const { world, log } = opened({ writesMs: 60_000 });
  log.note(group, failure);
  let settled = false;
  const settling = log.settled(3000).then(() => {
    settled = true;
  });
  await world.run({ maxMs: 2999 });
  expect(settled).toBe(false);
  await world.run({ maxMs: 1 });
  expect(settled).toBe(true);
  await settling;
});

test('no time is waited for where a run has none left', async () => {
  const { log } = opened({ writesMs: 60_000 });
  log.note(group, failure);
  await log.settled(-5);
});

test('of failures that come together few of a group are written, and the next one says how many were not', async () => {
  const { world, log, logged, unlogged } = opened();
  const noteMany = (times: number) => {
    for (let time = 0; time < times; time += 1) log.note(group, failure);
  };
  noteMany(70);
  log.note(other, failure);
  await world.run();
  expect(await logged()).toHaveLength(50);
  expect(await logged('g2')).toHaveLength(1);
  expect(unlogged('rate')).toBe(20);
  // Five a second from then on.
  for (let second = 0; second < 10; second += 1) {
    world.after(1000, () => noteMany(100));
    await world.run();
  }
  const all = await logged();
  expect(all.length).toBeGreaterThanOrEqual(50 + 9 * 5);
  expect(all.length).toBeLessThanOrEqual(50 + 11 * 5);
  const told = all.reduce((sum, { omitted = 0 }) => sum + omitted + 1, 0);
  expect(told).toBeGreaterThan(70 + 900);
  expect(told).toBeLessThanOrEqual(70 + 1000);
});

test('attempts that succeeded are not held to the rate of failures, nor do they count in it', async () => {
  const { world, log, logged } = opened();
  for (let time = 0; time < 90; time += 1) log.note(group, success);
  await world.run();
  log.note(group, failure);
  await world.run();
  expect(await logged()).toHaveLength(91);
});

test('no more than a hundred writes are under way at once, whatever is logged', async () => {
  const { world, log, logged, unlogged } = opened({ writesMs: 1000 });
  for (let time = 0; time < 120; time += 1) log.note(group, success);
  await world.run();
  expect(await logged()).toHaveLength(100);
  expect(unlogged('slow')).toBe(20);
  log.note(group, success);
  await world.run();
  expect((await logged()).filter(({ omitted }) => omitted !== undefined)).toMatchObject([{ omitted: 20 }]);
});

test('a write that fails fails nothing else, is told to telemetry, and counts in the next that succeeds', async () => {
  let isAway = true;
  const { world, log, logged, events } = opened({ fails: () => isAway });
  log.note(group, failure);
  await world.run();
  log.note(group, failure);
  await world.run();
  await log.settled(3000);
  expect(events).toEqual(
    [1, 2].map(() =>
      expect.objectContaining({ kind: 'attempt-unlogged', reason: 'failed', error: expect.any(Error) }),
    ),
  );
  isAway = false;
  log.note(group, failure);
  await world.run();
  expect(await logged()).toMatchObject([{ omitted: 2 }]);
});

test.each([
  [undefined, 0, 0],
  [0, 0, 0],
  [0.1, 60, 140],
  [1, 1000, 1000],
])('where the share of successes is %s, that many are sampled', (successes, least, most) => {
  const { log } = opened();
  const delivery = { ...deliveryDefaults, ...(successes !== undefined && { attemptLog: { successes } }) };
  const sampled = Array.from({ length: 1000 }, () => log.samples({ delivery })).filter(Boolean).length;
  expect(sampled).toBeGreaterThanOrEqual(least);
  expect(sampled).toBeLessThanOrEqual(most);
});
