import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildsOf, bundle, type FunctionName, functionNames } from '../../infra/constructs/bundling.ts';
import { newKey, storedKey } from '../../lib/auth/keys.ts';
import { batchEnd } from '../../lib/domain/records/batches.ts';
import { encodeRecords } from '../../lib/domain/records/encoding.ts';
import { dynamoBatchStore } from '../../lib/stores/dynamodb/batches.ts';
import { dynamoStateStores } from '../../lib/stores/dynamodb/stores.ts';
import { createStateClient } from '../../lib/stores/dynamodb/table/client.ts';
import { createArchiveClient } from '../../lib/stores/s3/client.ts';
import { createParameterClient } from '../../lib/stores/ssm/client.ts';
import { ssmKeyringStore } from '../../lib/stores/ssm/keyrings.ts';
import { systemRandom } from '../../lib/stores/system/random.ts';
import { anyTime } from '../contract/windows.ts';
import type { EmbeddedService } from '../embedded/dynamodb.ts';
import { Parameters, startParameters } from '../embedded/parameters.ts';
import { embeddedQueue, type TestQueue } from '../embedded/queue.ts';
import { ensureBucket } from '../embedded/resources.ts';
import { startSqsAndS3 } from '../embedded/sqs-s3.ts';
import { embeddedTables, type TestTables } from '../embedded/tables.ts';
import { recordOf } from '../harness/records.ts';
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
let sqsAndS3: EmbeddedService;
let queue: TestQueue;
let tasks: TestQueue;
const bucket = 'archive';
const keyring = '/millrace/millrace-production/keyring';
const parameters = new Parameters();
let gatekeeper: Gatekeeper;
let receiver: Server;
let received = 0;
let receiverStatus = 204;
/** That came with the last message that had one. */
let ackToken = '';
let functions: Record<FunctionName, FunctionThread>;
const key = newKey(systemRandom);
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const keyringResource =
  'arn:AWS::Partition:ssm:AWS::Region:AWS::AccountId:parameter/millrace/millrace-production/keyring';
const isFunction = (name: string): name is FunctionName => functionNames.includes(name as FunctionName);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-rights-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  await Promise.all(functionNames.flatMap((name) => buildsOf(name, folder)).map((options) => build(options)));
  tables = started.use(await embeddedTables());
  sqsAndS3 = await startSqsAndS3();
  started.defer(() => sqsAndS3.stop());
  queue = started.use(await embeddedQueue('wakes', sqsAndS3));
  tasks = started.use(await embeddedQueue('tasks', sqsAndS3));
  const archive = createArchiveClient({ endpoint: sqsAndS3.endpoint, region: 'us-east-1', credentials });
  started.defer(() => archive.destroy());
  await ensureBucket(archive, bucket);
  const parameterStore = await startParameters(parameters);
  started.defer(() => parameterStore.stop());
  const template = synthesise();
  const keeper = await startGatekeeper({
    dynamodb: tables.endpoint,
    sqs: sqsAndS3.endpoint,
    s3: sqsAndS3.endpoint,
    ssm: parameterStore.endpoint,
    resourceOf: (name) => {
      if (name === keyring) return keyringResource;
      if (name === bucket) return 'StorageArchive.Arn';
      if (name === tables.log.table) return 'StorageLog.Arn';
      if (name === tables.state.table) return 'StorageState.Arn';
      return name.endsWith('/tasks') ? 'ArchiveQueueTasks.Arn' : 'WakeQueueWakes.Arn';
    },
    allows: (caller, request) => isFunction(caller) && allows(roleOf(template, caller), request),
  });
  gatekeeper = started.use(keeper);
  receiver = createServer((request, response) => {
    received += 1;
    ackToken = String(request.headers['webhook-ack-token'] ?? ackToken);
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
  const urlOf = ({ queueUrl }: TestQueue): string =>
    new URL(new URL(queueUrl).pathname, gatekeeper.endpoint).href;
  const resources = {
    MILLRACE_LOG_TABLE: tables.log.table,
    MILLRACE_STATE_TABLE: tables.state.table,
    MILLRACE_WAKE_QUEUE_URL: urlOf(queue),
    MILLRACE_ARCHIVE_QUEUE_URL: urlOf(tasks),
    MILLRACE_ARCHIVE_BUCKET: bucket,
  };
  const start = (name: FunctionName): FunctionThread => {
    const given = environments.get(name) ?? {};
    // What CloudFormation fills in.
    const made = Object.fromEntries(Object.entries(resources).filter(([variable]) => variable in given));
    const thread = new FunctionThread(join(folder, name, bundle.outputFile), {
      ...given,
      ...made,
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
  name: 'produce' | 'consume' | 'pull' | 'acks' | 'admin',
  request: string,
  options: { query?: string; body?: unknown } = {},
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const [method = '', path = ''] = request.split(' ');
  const event = httpEvent(method, `/v1${path}`, { key, ...options });
  const answer = await functions[name].invoke<{ statusCode: number; body: string }>(event);
  return { status: answer.statusCode, body: answer.body === '' ? {} : JSON.parse(answer.body) };
};

/** What a consumer of a group of that topic asks. */
const ask = (verb: string, body: object, at = 'orders/groups/workers') =>
  call('pull', `POST /topics/${at}/${verb}`, { body: { consumerId: 'a', ...body } });

/** Everything that is on the queue, answered by deliver. */
const deliverAll = async (): Promise<void> => {
  for (let bodies = await queue.take(); bodies.length > 0; bodies = await queue.take()) {
    const Records = bodies.map((body, index) => ({ messageId: `m${index}`, body }));
    expect(await functions.deliver.invoke({ Records })).toEqual({ batchItemFailures: [] });
  }
};

/** What was told of groups. */
const toldTypes = async (): Promise<unknown[]> => {
  const events = '/topics/millrace.events/partitions';
  const partitions = await call('consume', `GET ${events}`);
  const types: unknown[] = [];
  for (const { partition } of partitions.body['partitions'] as readonly { partition: number }[]) {
    const { body } = await call('consume', `GET ${events}/${partition}/records`, {
      query: 'offset=earliest',
    });
    types.push(...(body['records'] as readonly { value: { type: string } }[]).map(({ value }) => value.type));
  }
  return types;
};

/** A sweep, and every task that it sends, done by archive. */
const archiveAll = async (): Promise<number> => {
  await functions.sweep.invoke({});
  const bodies = await tasks.take();
  const Records = bodies.map((body, index) => ({ messageId: `m${index}`, body }));
  expect(await functions.archive.invoke({ Records })).toEqual({ batchItemFailures: [] });
  return bodies.length;
};

/** What the deletion of a topic leaves, as if it had been a day ago. */
const deletedLongAgo = async (topicId: string, partitions: number): Promise<void> => {
  const batches = dynamoBatchStore(tables.log);
  const longAgo = Date.now() - 86_400_000;
  for (let partition = 0; partition < partitions; partition += 1) {
    const at = { topicId, partition };
    const last = await batches.last(at);
    const base = last === undefined ? 0 : batchEnd(last);
    const closing = { base, count: 0, data: new Uint8Array(), writeId: new Uint8Array(8), bytesBefore: 0 };
    await batches.putIfAbsent(at, { ...closing, appendedAt: longAgo }, anyTime);
  }
  const removal = { kind: 'topic', id: topicId, name: 'gone', partitions } as const;
  await dynamoStateStores(tables.state).removals.put({ ...removal, requestedAt: longAgo, closedAt: longAgo });
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

/** What CloudFormation asks for, and what it is answered. */
const resourceEvent = async (RequestType: string, more: object = {}): Promise<Record<string, unknown>> => {
  const answered = Promise.withResolvers<Record<string, unknown>>();
  const server = createServer((request, response) => {
    json(request).then((body) => answered.resolve(body as Record<string, unknown>), answered.reject);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ResponseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const ResourceProperties = { Kept: 'no' };
  await functions.keyring.invoke({ RequestType, ResponseURL, ResourceProperties, ...more });
  server.close();
  return answered.promise;
};

it('the keyring is made and deleted with the rights that its function has, which cannot read or replace it', async () => {
  const made = await resourceEvent('Create');
  expect(made).toMatchObject({ Status: 'SUCCESS' });
  expect(parameters.versions.get(keyring)).toHaveLength(1);
  const { PhysicalResourceId } = made;
  expect(await resourceEvent('Delete', { PhysicalResourceId })).toMatchObject({ Status: 'SUCCESS' });
  expect(parameters.versions.has(keyring)).toBe(false);
  expect(gatekeeper.refused).toEqual([]);

  await resourceEvent('Create');
  const before = gatekeeper.refused.length;
  const client = createParameterClient({
    endpoint: gatekeeper.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'keyring', secretAccessKey: 'none' },
  });
  const store = ssmKeyringStore({ client, name: keyring });
  await expect(store.read()).rejects.toThrow();
  const replacing = new PutParameterCommand({ Name: keyring, Value: 'x', Overwrite: true });
  await expect(client.send(replacing)).rejects.toThrow();
  client.destroy();
  expect(gatekeeper.refused.splice(before)).toEqual([
    `keyring: ssm:GetParameter on ${keyringResource} ()`,
    `keyring: ssm:PutParameter on ${keyringResource} ()`,
  ]);
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

  const schema = { type: 'integer', $defs: { day: { type: 'string', format: 'date' } } };
  expect((await call('admin', 'PUT /topics/orders/schema', { body: { schema } })).status).toBe(201);
  expect((await call('admin', 'GET /topics/orders/schema/versions/1')).status).toBe(200);
  const wrong = { records: [{ value: 'one' }] };
  expect(await call('produce', 'POST /topics/orders/records', { body: wrong })).toMatchObject({
    status: 422,
    body: { code: 'schema_mismatch' },
  });
  const records = [0, 1].flatMap((partition) => [{ value: 1, partition }]);
  expect((await call('produce', 'POST /topics/orders/records', { body: { records } })).status).toBe(200);
  expect((await call('consume', 'GET /topics/orders/partitions')).status).toBe(200);
  for (const query of ['offset=earliest', 'offset=latest', 'timestamp=2024-01-01T00:00:00Z']) {
    const fetched = await call('consume', 'GET /topics/orders/partitions/0/records', { query });
    expect(fetched.status, query).toBe(200);
  }

  const topic = await stores.topics.get('orders');
  const topicId = topic?.topicId ?? '';
  const workers = { mode: 'pull', start: 'earliest' };
  expect((await call('admin', 'PUT /topics/orders/groups/workers', { body: workers })).status).toBe(201);
  expect((await ask('poll', {})).body['records']).toHaveLength(2);
  expect((await ask('nack', { offsets: { 0: 0 } })).status).toBe(204);
  expect((await ask('poll', { ack: { offsets: { 1: 1 } } })).body['records']).toHaveLength(1);
  expect((await ask('ack', { offsets: { 0: 1 } })).status).toBe(204);
  // What comes next is asked for by its key.
  expect((await ask('poll', {})).body['records']).toEqual([]);
  expect(gatekeeper.used).toContain('pull: dynamodb:BatchGetItem on StorageLog.Arn');
  expect((await ask('leave', {})).status).toBe(204);

  // Of a shared group, a record that is refused for the last time goes to the dead letters.
  const shared = { mode: 'shared', start: 'earliest', maxDeliveries: 1 };
  expect((await call('admin', 'PUT /topics/orders/groups/jobs', { body: shared })).status).toBe(201);
  const jobs = 'orders/groups/jobs';
  expect((await ask('poll', {}, jobs)).body['records']).toHaveLength(2);
  const outcomes = [0, 1].map((partition) => ({ partition, offset: 0, outcome: partition ? 'ack' : 'nack' }));
  expect((await ask('ack', { records: outcomes }, jobs)).status).toBe(204);
  const query = 'offset=0';
  const dead = await call('consume', 'GET /topics/orders.jobs.dead/partitions/0/records', { query });
  expect(dead.body['records']).toMatchObject([{ value: 1, headers: { 'millrace-dead-reason': 'nack' } }]);
  expect(gatekeeper.used).toContain('pull: dynamodb:PutItem on StorageLog.Arn');

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

  // Who disables it tells so, and the next sweep once more, which is no news.
  const inOrder = ['record.dead_lettered', 'endpoint.disabled', 'group.paused'];
  expect((await toldTypes()).toSorted()).toEqual(inOrder.toSorted());
  await functions.sweep.invoke({});
  expect(await toldTypes()).toHaveLength(inOrder.length);
  for (const name of ['deliver', 'sweep'])
    expect(gatekeeper.used).toContain(`${name}: dynamodb:PutItem on StorageState.Arn`);
  // A topic that is not there they would make, as pull did here.
  for (const name of ['deliver', 'pull', 'sweep'] as const) {
    const action = 'dynamodb:PutItem';
    const request = { action, resource: 'StorageState.Arn', leadingKeys: ['topic'] };
    expect(allows(roleOf(synthesise(), name), request)).toBe(true);
  }

  // What was deleted long ago is taken apart; what is deleted now is closed.
  await deletedLongAgo(topicId, 2);
  await functions.sweep.invoke({});
  expect(await stores.groups.list(topicId)).toEqual([]);
  expect((await call('admin', 'PUT /topics/orders/groups/audit', { body: group })).status).toBe(201);
  expect((await call('admin', 'DELETE /topics/orders/groups/audit')).status).toBe(204);
  expect((await call('admin', 'DELETE /topics/orders')).status).toBe(204);
  await functions.sweep.invoke({});
  expect(await stores.topics.get('orders')).toBeUndefined();

  expect(gatekeeper.refused).toEqual([]);
});

it('a message is acknowledged by its token with the rights that the functions have', async () => {
  expect((await call('admin', 'PUT /topics/tasks', { body: { partitions: 1 } })).status).toBe(201);
  const group = { mode: 'push', start: 'earliest', delivery: { ack: 'explicit', batchSize: 1 } };
  expect((await call('admin', 'PUT /topics/tasks/groups/late', { body: group })).status).toBe(201);
  const records = [{ value: 0 }, { value: 1 }];
  expect((await call('produce', 'POST /topics/tasks/records', { body: { records } })).status).toBe(200);
  receiverStatus = 202;
  const { port } = receiver.address() as AddressInfo;
  const body = { url: `http://127.0.0.1:${port}/tasks` };
  expect((await call('admin', 'POST /topics/tasks/groups/late/endpoints', { body })).status).toBe(201);
  for (const _record of records) {
    ackToken = '';
    await deliverAll();
    expect((await call('acks', `POST /acks/${ackToken}`, { body: { outcome: 'extend' } })).status).toBe(204);
    expect((await call('acks', `POST /acks/${ackToken}`)).status).toBe(204);
  }
  const shown = await call('admin', 'GET /topics/tasks/groups/late');
  expect(shown.body['partitions']).toMatchObject([{ committed: 2 }]);
  for (const used of ['dynamodb:PutItem on StorageState.Arn', 'sqs:SendMessage on WakeQueueWakes.Arn'])
    expect(gatekeeper.used).toContain(`acks: ${used}`);
  expect(gatekeeper.refused).toEqual([]);
});

it('a partition is archived, read from there and removed with the rights that the functions have', async () => {
  const stores = dynamoStateStores(tables.state);
  const batches = dynamoBatchStore(tables.log);
  expect((await call('admin', 'PUT /topics/old', { body: { partitions: 1 } })).status).toBe(201);
  const topicId = (await stores.topics.get('old'))?.topicId ?? '';
  const at = { topicId, partition: 0 };
  const twoHoursAgo = Date.now() - 2 * 3_600_000;
  for (const base of [0, 1]) {
    const data = encodeRecords([recordOf({ key: base === 0 ? 'k' : 'l', value: base })]);
    const bytesBefore = base === 0 ? 0 : data.length;
    const batch = { base, count: 1, data, bytesBefore, writeId: new Uint8Array(8), appendedAt: twoHoursAgo };
    expect(await batches.putIfAbsent(at, batch, anyTime)).toEqual({ kind: 'stored' });
  }
  expect(await archiveAll()).toBe(1);
  expect((await stores.partitions.get(at)).archivedThrough).toBe(2);
  expect((await batches.range(at, { from: 0, limit: 9, consistent: true })).batches).toHaveLength(1);

  const fetched = await call('consume', 'GET /topics/old/partitions/0/records', { query: 'offset=0' });
  expect(fetched.body['records']).toMatchObject([
    { offset: 0, value: 0 },
    { offset: 1, value: 1 },
  ]);
  const group = { mode: 'pull', start: 'earliest' };
  expect((await call('admin', 'PUT /topics/old/groups/workers', { body: group })).status).toBe(201);
  const polled = await ask('poll', {}, 'old/groups/workers');
  expect(polled.body['records']).toMatchObject([{ value: 0 }, { value: 1 }]);

  expect((await call('admin', 'DELETE /topics/old/records', { query: 'key=k' })).status).toBe(202);
  expect(await archiveAll()).toBeGreaterThan(0);

  await deletedLongAgo(topicId, 1);
  await functions.sweep.invoke({});
  expect(await stores.segments.list(at, { from: 0, limit: 9 })).toEqual([]);
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
