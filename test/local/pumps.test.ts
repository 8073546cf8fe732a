import type { DynamoDBStreamEvent, SQSEvent } from 'aws-lambda';
import { expect, onTestFinished, test } from 'vitest';
import type { Wake } from '../../lib/domain/delivery/wakes.ts';
import { NotSentError, OutcomeUnknownError, ThrottledError } from '../../lib/domain/errors.ts';
import { announceWrites } from '../../lib/local/pumps/announced-batches.ts';
import { type QueueHandler, QueuePump } from '../../lib/local/pumps/queue-pump.ts';
import { StreamPump } from '../../lib/local/pumps/stream-pump.ts';
import { SweepTimer } from '../../lib/local/pumps/sweep-timer.ts';
import type { BatchStore } from '../../lib/stores/batches.ts';
import { Database } from '../../lib/stores/sqlite/database.ts';
import { SqliteWakeQueue } from '../../lib/stores/sqlite/wake-queue.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { anyTime } from '../contract/windows.ts';
import { eventually } from '../end-to-end/client.ts';

const deps = { clock: systemClock, telemetry: noTelemetry };
/** Pauses that cost the test nothing. */
const hasty = { ...deps, clock: { ...systemClock, sleep: () => systemClock.sleep(1) } };
const at = (partition: number) => ({ topicId: 'topic', partition });
const keysOf = (event: DynamoDBStreamEvent) => event.Records.map(({ dynamodb }) => dynamodb?.Keys);
const keys = (partition: number, base: number) => ({
  pk: { S: `topic/${partition}` },
  sk: { N: String(base) },
});

test('writes come to the stream handler in order, those that wait together in one event', async () => {
  const events: DynamoDBStreamEvent[] = [];
  const pump = new StreamPump(async (event) => {
    events.push(event);
    return { batchItemFailures: [] };
  }, deps);
  pump.announce(at(0), 0);
  pump.announce(at(1), 0);
  await pump.drained();
  pump.announce(at(0), 5);
  await pump.drained();
  expect(events.map(keysOf)).toEqual([[keys(0, 0), keys(1, 0)], [keys(0, 5)]]);
  expect(events[0]?.Records[0]).toMatchObject({
    eventName: 'INSERT',
    eventSource: 'aws:dynamodb',
    dynamodb: { StreamViewType: 'KEYS_ONLY' },
  });
});

test('a stream event that fails comes again until it succeeds, from its first failure on', async () => {
  const seen: unknown[] = [];
  const pump = new StreamPump(async (event) => {
    seen.push(keysOf(event));
    if (seen.length === 1) throw new Error('the queue is down');
    const second = event.Records[1]?.dynamodb?.SequenceNumber;
    return { batchItemFailures: seen.length === 2 ? [{ itemIdentifier: second ?? '' }] : [] };
  }, hasty);
  for (const base of [0, 1, 2]) pump.announce(at(0), base);
  await pump.drained();
  const [first, second, third] = [keys(0, 0), keys(0, 1), keys(0, 2)];
  expect(seen).toEqual([
    [first, second, third],
    [first, second, third],
    [second, third],
  ]);
});

test('every put is announced that may have been stored, and no other', async () => {
  const outcomes: readonly (() => Promise<never> | Promise<{ kind: 'stored' | 'taken' }>)[] = [
    async () => ({ kind: 'stored' }),
    async () => ({ kind: 'taken' }),
    () => Promise.reject(new OutcomeUnknownError('no answer')),
    () => Promise.reject(new Error('the connection broke')),
    () => Promise.reject(new NotSentError('too old')),
    () => Promise.reject(new ThrottledError('too much')),
  ];
  const announced: number[] = [];
  const putIfAbsent: BatchStore['putIfAbsent'] = (_at, { base }) => outcomes[base]?.() ?? Promise.reject();
  const store = announceWrites({ putIfAbsent } as BatchStore, (_at, base) => announced.push(base));
  for (const base of outcomes.keys()) {
    const batch = {
      base,
      count: 1,
      data: new Uint8Array(),
      writeId: new Uint8Array(),
      appendedAt: 0,
      bytesBefore: 0,
    };
    await store.putIfAbsent(at(0), batch, anyTime).catch(() => undefined);
  }
  expect(announced).toEqual([0, 1, 2, 3]);
});

/** A wake of these tests is known by a text, whose first word is its group. */
const wakeOf = (text: string): Wake => ({
  kind: 'append',
  topicId: 't',
  groupId: text.split(' ')[0] ?? '',
  group: 'g',
  partition: 0,
  requestId: text,
});
const textOf = (body: string): string => (JSON.parse(body) as Wake).requestId ?? '';
const groupOf = (body: string): string => (JSON.parse(body) as Wake).groupId;

const wakeQueue = (visibilityMs: number, clock: Clock = systemClock) => {
  const database = new Database(':memory:');
  onTestFinished(() => database.close());
  const queue = new SqliteWakeQueue(database, { clock, visibilityMs });
  return { queue, send: (text: string) => queue.send([{ wake: wakeOf(text) }]) };
};

/** A queue of one second's visibility with a pump on it, and what the handler was given. */
const pumped = async (
  handle: (body: string, count: number, remainingMs: () => number) => Promise<boolean>,
  options: { places?: number; clock?: Clock } = {},
) => {
  const { queue, send } = wakeQueue(1000);
  const counts = new Map<string, number>();
  const handler: QueueHandler = async (event: SQSEvent, context) => {
    const [record] = event.Records;
    const body = textOf(record?.body ?? '');
    counts.set(body, (counts.get(body) ?? 0) + 1);
    const left = () => context.getRemainingTimeInMillis();
    const handled = await handle(body, counts.get(body) ?? 0, left);
    return { batchItemFailures: handled ? [] : [{ itemIdentifier: record?.messageId ?? '' }] };
  };
  const { places = 10, clock = systemClock } = options;
  const pump = new QueuePump(
    queue,
    handler,
    { places, timeoutMs: 60_000, heldMs: 40_000, groupOf },
    { ...deps, clock },
  );
  pump.start();
  onTestFinished(() => pump.stop(100));
  return { pump, counts, send };
};

test('a message that was handled does not come again, and one that was not does', async () => {
  const { counts, send } = await pumped(async (body, count) => {
    if (body === 'throws' && count === 1) throw new Error('the store is down');
    return body !== 'fails' || count === 3;
  });
  for (const body of ['fine', 'throws', 'fails']) await send(body);
  await eventually(
    'the failures come again',
    () => counts.get('fails'),
    (count) => count === 3,
  );
  await eventually(
    'so does what threw',
    () => counts.get('throws'),
    (count) => count === 2,
  );
  expect(counts.get('fine')).toBe(1);
});

test('a group whose messages take long has half of the places, and no other waits behind it', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let [slow, most] = [0, 0];
  const { counts, send } = await pumped(
    async (body) => {
      if (!body.startsWith('slow')) return true;
      slow += 1;
      most = Math.max(most, slow);
      await held;
      slow -= 1;
      return true;
    },
    { places: 8 },
  );
  for (let count = 0; count < 30; count += 1) await send(`slow ${count}`);
  await eventually(
    'its share runs',
    () => slow,
    (running) => running === 4,
  );
  for (let count = 0; count < 10; count += 1) await send(`quick ${count}`);
  const quick = () => [...counts.keys()].filter((body) => body.startsWith('quick')).length;
  await eventually('the others are handled', quick, (handled) => handled === 10);
  expect([slow, most]).toEqual([4, 4]);
  release();
  await eventually(
    'the rest has its turn',
    () => counts.size,
    (size) => size === 40,
  );
});

test('a message that waited for too long is not run, and comes again', async () => {
  let skewMs = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skewMs };
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const left = new Map<string, number>();
  const { counts, send } = await pumped(
    async (body, _count, remainingMs) => {
      left.set(body, remainingMs());
      if (body === 'slow 0') await held;
      return true;
    },
    { places: 2, clock },
  );
  await send('slow 0');
  await eventually(
    'the first runs',
    () => counts.size,
    (size) => size === 1,
  );
  await send('slow 1');
  await send('quick');
  await eventually(
    'what came after it is taken',
    () => counts.get('quick'),
    (count) => count === 1,
  );
  expect([...counts.keys()]).toEqual(['slow 0', 'quick']);
  skewMs = 21_000;
  release();
  await eventually(
    'it comes again',
    () => counts.get('slow 1'),
    (count) => count === 1,
  );
  expect(left.get('slow 0')).toBeLessThanOrEqual(40_000);
  expect(left.get('slow 1')).toBeGreaterThan(19_000);
});

test('an ending pump tells what is under way that time is up, and waits for it', async () => {
  let left: number | undefined;
  const { queue, send } = wakeQueue(60_000);
  let [begun, over] = [false, false];
  const handler: QueueHandler = async (_event, context) => {
    begun = true;
    await eventually(
      'time is up',
      () => context.getRemainingTimeInMillis(),
      (ms) => ms <= 5000,
    );
    left = context.getRemainingTimeInMillis();
    over = true;
    return { batchItemFailures: [] };
  };
  const options = { places: 1, timeoutMs: 60_000, heldMs: 60_000, groupOf };
  const pump = new QueuePump(queue, handler, options, deps);
  pump.start();
  await send('work');
  await eventually('it has begun', () => begun, Boolean);
  await pump.stop(5000);
  expect(over).toBe(true);
  expect(left).toBeLessThanOrEqual(5000);
});

test('a sweep that fails is repeated soon, and not only at its next time', async () => {
  let sweeps = 0;
  const timer = new SweepTimer(
    async () => {
      sweeps += 1;
      if (sweeps < 3) throw new Error('the store is down');
    },
    3_600_000,
    {
      ...deps,
      clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms > 1000 ? ms : 1, signal) },
    },
  );
  timer.start();
  await eventually(
    'it succeeds',
    () => sweeps,
    (count) => count === 3,
  );
  await timer.stop();
  expect(sweeps).toBe(3);
});

test('an ending pump gives what waits back to the queue, for the next start', async () => {
  const { queue, send } = wakeQueue(3_600_000);
  const seen: string[] = [];
  const handler: QueueHandler = async ({ Records: [record] }, context) => {
    seen.push(textOf(record?.body ?? ''));
    await eventually(
      'time is up',
      () => context.getRemainingTimeInMillis(),
      (ms) => ms <= 1000,
    );
    return { batchItemFailures: [] };
  };
  const options = { places: 2, timeoutMs: 60_000, heldMs: 60_000, groupOf };
  const pump = new QueuePump(queue, handler, options, deps);
  pump.start();
  for (let count = 0; count < 15; count += 1) await send(`slow ${count}`);
  await send('quick');
  await eventually(
    'all are taken',
    () => seen.length,
    (length) => length === 2,
  );
  await pump.stop(1000);
  const back = new Set<string>();
  const receive = async () => {
    for (const { body } of await queue.receive(10, AbortSignal.timeout(100))) back.add(textOf(body));
    return back.size;
  };
  await eventually('all are there', receive, (size) => size === 14);
  expect([...back].filter((text) => seen.includes(text))).toEqual([]);
});
