import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildOptions, bundle, type FunctionName, functionNames } from '../../infra/constructs/bundling.ts';
import { newKey, storedKey } from '../../lib/auth/keys.ts';
import { createStateClient } from '../../lib/stores/dynamodb/client.ts';
import { dynamoStateStores } from '../../lib/stores/dynamodb/stores.ts';
import { systemRandom } from '../../lib/stores/system/random.ts';
import { embeddedQueue, type TestQueue } from '../embedded/queue.ts';
import { embeddedTables, type TestTables } from '../embedded/tables.ts';
import { httpEvent } from './events.ts';
import { FunctionThread } from './function-thread.ts';
import { type Gatekeeper, startGatekeeper } from './gatekeeper.ts';
import { allows, roleOf } from './policies.ts';
import { environmentsOf, synthesise } from './template.ts';

/*
 * Nothing that stands in for AWS here checks rights. So the functions' own bundles go through a day's work with a
 * gatekeeper before their tables and queue, which lets pass what the roles of the stack allow and nothing else.
 */

/** Everything that was started so far: what failed to start does not keep the rest alive. */
const started = new AsyncDisposableStack();
let folder: string;
let tables: TestTables;
let queue: TestQueue;
let gatekeeper: Gatekeeper;
let receiver: Server;
let received = 0;
let receiverStatus = 204;
let functions: Record<FunctionName, FunctionThread>;
const key = newKey(systemRandom);
const isFunction = (name: string): name is FunctionName => functionNames.includes(name as FunctionName);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-rights-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  await Promise.all(functionNames.map((name) => build(buildOptions(name, folder))));
  tables = started.use(await embeddedTables());
  queue = started.use(await embeddedQueue());
  const template = synthesise();
  const keeper = await startGatekeeper({
    dynamodb: tables.endpoint,
    sqs: new URL(queue.queueUrl).origin,
    resourceOf: (name) => {
      if (name === tables.log.table) return 'StorageLog.Arn';
      return name === tables.state.table ? 'StorageState.Arn' : 'WakeQueueWakes.Arn';
    },
    allows: (caller, request) => isFunction(caller) && allows(roleOf(template, caller), request),
  });
  gatekeeper = started.use(keeper);
  receiver = createServer((request, response) => {
    received += 1;
    request.resume();
    response.writeHead(receiverStatus).end();
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  started.defer(() => {
    receiver.closeAllConnections();
    receiver.close();
  });
  const environments = environmentsOf(template);
  const start = (name: FunctionName): FunctionThread => {
    const { MILLRACE_LOG_TABLE, MILLRACE_STATE_TABLE, MILLRACE_WAKE_QUEUE_URL, ...others } =
      environments.get(name) ?? {};
    const thread = new FunctionThread(join(folder, name, bundle.outputFile), {
      ...others,
      ...(MILLRACE_LOG_TABLE !== undefined && { MILLRACE_LOG_TABLE: tables.log.table }),
      ...(MILLRACE_STATE_TABLE !== undefined && { MILLRACE_STATE_TABLE: tables.state.table }),
      ...(MILLRACE_WAKE_QUEUE_URL !== undefined && {
        MILLRACE_WAKE_QUEUE_URL: new URL(new URL(queue.queueUrl).pathname, gatekeeper.endpoint).href,
      }),
      AWS_ENDPOINT_URL: gatekeeper.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: name,
      AWS_SECRET_ACCESS_KEY: 'none',
    });
    started.defer(() => thread.stop());
    return thread;
  };
  functions = Object.fromEntries(functionNames.map((name) => [name, start(name)])) as typeof functions;
});

afterAll(() => started.disposeAsync());

/** A request to the function that its route belongs to, and its answer's status and body. */
const call = async (
  name: 'produce' | 'consume' | 'admin',
  request: string,
  options: { query?: string; body?: unknown } = {},
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const [method = '', path = ''] = request.split(' ');
  const event = httpEvent(method, `/v1${path}`, { key, ...options });
  const answer = await functions[name].invoke<{ statusCode: number; body: string }>(event);
  return { status: answer.statusCode, body: answer.body === '' ? {} : JSON.parse(answer.body) };
};

/** Everything that is on the queue, answered by deliver. */
const deliverAll = async (): Promise<void> => {
  for (let bodies = await queue.take(); bodies.length > 0; bodies = await queue.take()) {
    const Records = bodies.map((body, index) => ({ messageId: `m${index}`, body }));
    expect(await functions.deliver.invoke({ Records })).toEqual({ batchItemFailures: [] });
  }
};

const appended = (topicId: string, partitions: number): object => ({
  Records: Array.from({ length: partitions }, (_, partition) => ({
    eventID: String(partition),
    eventName: 'INSERT',
    dynamodb: {
      Keys: { pk: { S: `${topicId}/${partition}` }, sk: { N: '0' } },
      SequenceNumber: String(partition),
    },
  })),
});

it('every function has the rights to all that it does', async () => {
  const stores = dynamoStateStores(tables.state);
  await stores.keys.put(storedKey(key, { name: 'root', scopes: ['admin'] }, Date.now()));

  expect((await call('admin', 'PUT /topics/orders', { body: { partitions: 2 } })).status).toBe(201);
  expect((await call('admin', 'PATCH /topics/orders', { body: { retentionHours: 24 } })).status).toBe(200);
  expect((await call('admin', 'GET /topics')).status).toBe(200);
  const group = { mode: 'push', start: 'earliest' };
  expect((await call('admin', 'PUT /topics/orders/groups/billing', { body: group })).status).toBe(201);
  const { port } = receiver.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const registered = await call('admin', 'POST /topics/orders/groups/billing/endpoints', { body: { url } });
  expect(registered.status).toBe(201);
  const made = await call('admin', 'POST /keys', { body: { name: 'ci', scopes: ['produce'] } });
  expect(made.status).toBe(201);
  expect((await call('admin', 'GET /keys')).status).toBe(200);
  expect((await call('admin', `DELETE /keys/${String(made.body['id'])}`)).status).toBe(204);

  const records = [0, 1].flatMap((partition) => [{ value: 1, partition }]);
  expect((await call('produce', 'POST /topics/orders/records', { body: { records } })).status).toBe(200);
  expect((await call('consume', 'GET /topics/orders/partitions')).status).toBe(200);
  for (const query of ['offset=earliest', 'offset=latest', 'timestamp=2024-01-01T00:00:00Z']) {
    const fetched = await call('consume', 'GET /topics/orders/partitions/0/records', { query });
    expect(fetched.status, query).toBe(200);
  }

  const topic = await stores.topics.get('orders');
  const topicId = topic?.topicId ?? '';
  expect(await functions['on-append'].invoke(appended(topicId, 2))).toEqual({ batchItemFailures: [] });
  await deliverAll();
  expect(received).toBe(2);
  expect((await call('admin', 'GET /topics/orders/groups/billing')).status).toBe(200);

  // The sweep finds what no stream event told of, and the endpoint is gone.
  receiverStatus = 410;
  expect((await call('produce', 'POST /topics/orders/records', { body: { records } })).status).toBe(200);
  await functions.sweep.invoke({});
  await deliverAll();
  expect((await stores.groups.get({ topicId, group: 'billing' }))?.endpoints[0]?.status).toBe('disabled');

  // What was deleted long ago is taken apart; what is deleted now is closed.
  const longAgo = Date.now() - 86_400_000;
  const gone = { name: 'gone', partitions: 1, requestedAt: longAgo, closedAt: longAgo };
  await stores.removals.put({ kind: 'topic', id: topicId, ...gone, partitions: 2 });
  await functions.sweep.invoke({});
  expect(await stores.groups.list(topicId)).toEqual([]);
  expect((await call('admin', 'PUT /topics/orders/groups/audit', { body: group })).status).toBe(201);
  expect((await call('admin', 'DELETE /topics/orders/groups/audit')).status).toBe(204);
  expect((await call('admin', 'DELETE /topics/orders')).status).toBe(204);
  await functions.sweep.invoke({});
  expect(await stores.topics.get('orders')).toBeUndefined();

  expect(gatekeeper.refused).toEqual([]);
});

it('a function that reached for more would be refused', async () => {
  const before = gatekeeper.refused.length;
  const client = createStateClient({
    endpoint: gatekeeper.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'produce', secretAccessKey: 'none' },
  });
  const reaching = dynamoStateStores({ ...tables.state, client });
  await expect(reaching.groups.list('T')).rejects.toThrow();
  await expect(reaching.keys.put(storedKey(key, { name: 'x', scopes: [] }, 0))).rejects.toThrow();
  client.destroy();
  expect(gatekeeper.refused.slice(before)).toEqual([
    'produce: dynamodb:Query on StorageState.Arn (topic/T)',
    'produce: dynamodb:PutItem on StorageState.Arn (key)',
  ]);
});
