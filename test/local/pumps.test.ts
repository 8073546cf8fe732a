import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBStreamEvent, SQSEvent } from 'aws-lambda';
import { expect, onTestFinished, test } from 'vitest';
import { NotSentError, OutcomeUnknownError, ThrottledError } from '../../lib/domain/errors.ts';
import { announceWrites } from '../../lib/local/announced-batches.ts';
import { startSqsAndS3 } from '../../lib/local/embedded-sqs-s3.ts';
import { type QueueHandler, QueuePump } from '../../lib/local/queue-pump.ts';
import { ensureQueue } from '../../lib/local/resources.ts';
import { StreamPump } from '../../lib/local/stream-pump.ts';
import { SweepTimer } from '../../lib/local/sweep-timer.ts';
import type { BatchStore } from '../../lib/stores/batches.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { noTelemetry } from '../../lib/stores/telemetry.ts';
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

/** A queue of one second's visibility with a pump on it, and what the handler was given. */
const pumped = async (handle: (body: string, count: number) => Promise<boolean>, concurrency = 10) => {
  const sqs = await startSqsAndS3();
  const anyone = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const client = new SQSClient({ ...anyone, endpoint: sqs.endpoint });
  const queueUrl = await ensureQueue(client, sqs.endpoint, 'wakes', 1);
  const counts = new Map<string, number>();
  const handler: QueueHandler = async (event: SQSEvent) => {
    const [record] = event.Records;
    const body = record?.body ?? '';
    counts.set(body, (counts.get(body) ?? 0) + 1);
    const handled = await handle(body, counts.get(body) ?? 0);
    return { batchItemFailures: handled ? [] : [{ itemIdentifier: record?.messageId ?? '' }] };
  };
  const pump = new QueuePump(client, handler, { queueUrl, concurrency, timeoutMs: 60_000 }, deps);
  pump.start();
  onTestFinished(async () => {
    await pump.stop(100);
    client.destroy();
    await sqs.stop();
  });
  const send = (body: string) =>
    client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
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

test('one message that takes long keeps no other waiting, up to the number of invocations', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const started: string[] = [];
  let [running, most] = [0, 0];
  const { counts, send } = await pumped(async (body) => {
    started.push(body);
    running += 1;
    most = Math.max(most, running);
    if (body.startsWith('slow')) await held;
    running -= 1;
    return true;
  }, 2);
  await send('slow 1');
  await eventually(
    'it has begun',
    () => started.length,
    (length) => length === 1,
  );
  await send('quick');
  await eventually(
    'the quick one is handled',
    () => counts.get('quick'),
    (count) => count === 1,
  );
  await send('slow 2');
  await eventually(
    'both run',
    () => started.length,
    (length) => length === 3,
  );
  for (const body of ['waits', 'waits too']) await send(body);
  release();
  await eventually(
    'a place is free again',
    () => counts.size,
    (size) => size === 5,
  );
  expect(most).toBe(2);
});

test('an ending pump tells what is under way that time is up, and waits for it', async () => {
  let left: number | undefined;
  const sqs = await startSqsAndS3();
  const anyone = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const client = new SQSClient({ ...anyone, endpoint: sqs.endpoint });
  onTestFinished(async () => {
    client.destroy();
    await sqs.stop();
  });
  const queueUrl = await ensureQueue(client, sqs.endpoint, 'wakes', 60);
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
  const pump = new QueuePump(client, handler, { queueUrl, concurrency: 1, timeoutMs: 60_000 }, deps);
  pump.start();
  await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'work' }));
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
