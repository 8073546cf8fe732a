import type { DynamoDBStreamEvent, SQSEvent, SQSRecord } from 'aws-lambda';
import { expect, test } from 'vitest';
import { createQueueConsumer } from '../../functions/deliver/queue-events.ts';
import { createStreamConsumer } from '../../functions/on-append/stream-events.ts';
import { deliver } from '../../lib/delivery/deliver.ts';
import { onAppend } from '../../lib/delivery/on-append.ts';
import { Pacing } from '../../lib/delivery/pacing/pacing.ts';
import { partitionKey } from '../../lib/domain/records/records.ts';
import { noSystemEvents } from '../../lib/events/system-events.ts';
import { Receivers } from '../../lib/groups/receivers.ts';
import { Appender } from '../../lib/log/append/appender.ts';
import { RunReader } from '../../lib/log/read/run.ts';
import { OpenedEndpoints } from '../../lib/secrets/endpoint-secrets.ts';
import { MemoryBatchStore } from '../../lib/stores/memory/batches.ts';
import { memoryExpressions } from '../../lib/stores/memory/expressions.ts';
import { wakeToMessage } from '../../lib/stores/sqs/wake-message.ts';
import type { WebhookAnswer, WebhookRequest } from '../../lib/stores/webhooks.ts';
import type { Telemetry } from '../../lib/surroundings/telemetry.ts';
import { type Line, writtenBy } from '../unit/functions/emitted.ts';
import { adminKey, call, newWorld, type World } from './world.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const content = 'confidential-content';
const token = 'token-of-the-receiver';

/** A broker of memory stores whose functions are run by hand, and what each of them logs. */
const newBroker = async () => {
  const logs = { produce: [] as string[], 'on-append': [] as string[], deliver: [] as string[] };
  let telemetry: Telemetry = { record: () => undefined };
  /** Whatever records now does so as the function `service`. */
  const as = async <Result>(service: keyof typeof logs, run: () => Promise<Result>): Promise<Result> => {
    const result: Result[] = [];
    const lines = await writtenBy(service, async (its) => {
      telemetry = its;
      result.push(await run());
    });
    logs[service].push(...lines);
    return result[0] as Result;
  };
  const relayed: Telemetry = { record: (event) => telemetry.record(event) };
  let batches = new MemoryBatchStore({ now: () => 0, monotonic: () => 0 });
  const world = await newWorld(({ clock, random }) => {
    batches = new MemoryBatchStore(clock);
    return { appender: new Appender({ batches, clock, random, telemetry: relayed }), telemetry: relayed };
  });
  return { world, batches, logs, as, telemetry: relayed };
};

const subscribed = async (world: World): Promise<void> => {
  for (const [line, json] of [
    ['PUT /v1/topics/orders', { partitions: 1 }],
    ['PUT /v1/topics/orders/groups/billing', { mode: 'push', start: 'earliest' }],
    [
      'POST /v1/topics/orders/groups/billing/endpoints',
      { url: 'https://hooks.example.com/in', headers: { authorization: token } },
    ],
  ] as const)
    expect((await call(world, line, { json })).status).toBe(201);
};

const streamEvent = (pk: string): DynamoDBStreamEvent => ({
  Records: [{ eventName: 'INSERT', dynamodb: { Keys: { pk: { S: pk }, sk: { N: '0' } } } }],
});

const queueEvent = (world: World): SQSEvent => ({
  Records: world.stores.wakes
    .receive()
    .map(({ wake, receipt }) => ({ messageId: receipt, body: wakeToMessage(wake) }) as SQSRecord),
});

test('one call is followed by one id from its answer to the webhook, which gets its traceparent', async () => {
  const { world, batches, logs, as, telemetry } = await newBroker();
  await subscribed(world);
  const answer = await as('produce', () =>
    call(world, 'POST /v1/topics/orders/records', {
      json: { records: [{ key: 'k', value: content }] },
      headers: { traceparent },
    }),
  );
  expect(answer.status).toBe(200);
  const topicId = (await world.stores.topics.get('orders'))?.topicId ?? '';
  const pk = partitionKey({ topicId, partition: 0 });

  const { groups, wakes: queue } = world.stores;
  const receivers = new Receivers({ ...world.stores, clock: world.clock });
  const consumeStream = createStreamConsumer({
    onAppend: (changed) => onAppend({ receivers, queue }, changed),
    telemetry,
  });
  await as('on-append', () => consumeStream(streamEvent(pk)));

  const answers: WebhookAnswer[] = [
    { kind: 'answered', status: 500 },
    { kind: 'answered', status: 204 },
  ];
  const received: WebhookRequest[] = [];
  const webhooks = {
    post: async (request: WebhookRequest): Promise<WebhookAnswer> => {
      received.push(request);
      return answers.shift() ?? { kind: 'unreachable', reason: 'No more answers.' };
    },
  };
  const deps = {
    ...world.stores,
    queue,
    secrets: world.deps.secrets,
    appender: world.deps.appender,
    directory: world.deps.directory,
    systemEvents: noSystemEvents,
    runs: new RunReader({ batches, partitions: world.stores.partitions, clock: world.clock }),
    webhooks,
    expressions: memoryExpressions(),
    pacing: new Pacing({ ...world.stores, clock: world.clock, random: world.deps.random }),
    telemetry,
    clock: world.clock,
    random: world.deps.random,
  };
  const consumeQueue = createQueueConsumer({
    deliver: (wake, run) => deliver(deps, wake, run),
    receipts: world.stores.wakes,
    telemetry,
  });
  for (let runs = 0; answers.length > 0 && runs < 5; runs += 1) {
    // A retry that is due soon its run waits for.
    const result = await world.clock.until(
      as('deliver', () => consumeQueue(queueEvent(world), { getRemainingTimeInMillis: () => 60_000 })),
    );
    expect(result).toEqual({ batchItemFailures: [] });
    world.clock.advance(60_000);
  }

  expect(received.map(({ headers }) => headers['traceparent'])).toEqual([traceparent, traceparent]);
  const requestId = answer.headers.get('x-request-id');
  const linesWithId = (lines: readonly string[]): Line[] =>
    lines.map((line) => JSON.parse(line) as Line).filter((line) => line['requestId'] === requestId);
  expect(linesWithId(logs.produce)).toMatchObject([{ RecordsProduced: 1, service: 'produce' }]);
  expect(linesWithId(logs.deliver)).toMatchObject([
    { message: 'delivery attempt failed', status: 500, traceparent },
    { message: 'delivered', status: 204, traceparent },
  ]);
  const all = Object.values(logs).flat().join('\n');
  const stored = (await groups.list(topicId))[0]?.endpoints[0];
  const [secret = ''] = stored
    ? (await new OpenedEndpoints().of(deps.secrets, { topicId, name: 'billing' }, stored)).secrets
    : [];
  expect(secret).toMatch(/^whsec_/);
  for (const hidden of [adminKey, content, token, secret, 'hooks.example.com'])
    expect(all).not.toContain(hidden);
});

test('a call whose append is refused has its id in the log', async () => {
  const { world, batches, logs, as } = await newBroker();
  await subscribed(world);
  batches.putIfAbsent = () => Promise.reject(new Error(`No answer to ${content}`));
  batches.range = () => Promise.reject(new Error('No answer'));
  const answer = await as('produce', () =>
    world.clock.until(
      call(world, 'POST /v1/topics/orders/records', { json: { records: [{ value: content }] } }),
    ),
  );
  expect(answer.status).toBe(504);
  const lines = logs.produce.map((line) => JSON.parse(line) as Line);
  expect(lines.find(({ message }) => message === 'append refused')).toMatchObject({
    level: 'WARN',
    reason: 'unknown',
    requestId: answer.headers.get('x-request-id'),
  });
  expect(logs.produce.join('\n')).not.toContain(content);
});
