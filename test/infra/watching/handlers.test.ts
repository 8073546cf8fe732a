import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FunctionName } from '../../../infra/constructs/bundling.ts';
import { taskToMessage } from '../../../lib/stores/sqs/archive-message.ts';
import { wakeToMessage } from '../../../lib/stores/sqs/wake-message.ts';
import { linesIn } from '../../unit/functions/emitted.ts';
import { httpEvent } from '../events.ts';
import { environmentsOf, synthesise } from '../template.ts';
import { alarmsOf } from './references.ts';
import { emittedIn, watchedBy } from './state.ts';

/*
 * The functions as they are composed, before an AWS that refuses everything for want of capacity: what each of them then
 * sends is what the alarms look at.
 */

const template = synthesise();
const environments = environmentsOf(template);
let aws: Server;

beforeAll(async () => {
  aws = createServer((request, response) => {
    request.resume();
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: 'ProvisionedThroughputExceededException', message: 'Slow down.' }));
  }).listen(0, '127.0.0.1');
  await once(aws, 'listening');
});

afterAll(() => {
  aws.close();
  aws.closeAllConnections();
});

const key = `mr_${'k'.repeat(43)}`;
const wake = { kind: 'append', topicId: 'T', groupId: 'G', group: 'billing', partition: 0 } as const;
const task = { topic: 'orders', topicId: 'T', partition: 0 };
const attributes = { ApproximateReceiveCount: '1' };
const dynamodb = { Keys: { pk: { S: 'T/0' }, sk: { N: '0' } }, SequenceNumber: '1' };
const records = { records: [{ value: 1 }] };

/** CloudFormation is told of what fails in the function that makes the keyring. */
type Watched = Exclude<FunctionName, 'keyring'>;

/** It has the form of a token, so that the key that it names is looked for. */
const forged = `${Buffer.from(JSON.stringify([1, '0'.repeat(16), 't', 'g', 'g', 0, 0, 1, 1, 1])).toString('base64url')}.x`;

type Handler = (event: never, context: never) => Promise<unknown>;

const functions: Readonly<
  Record<Watched, { readonly load: () => Promise<{ handler: Handler }>; readonly event: object }>
> = {
  produce: {
    load: () => import('../../../functions/produce/handler.ts'),
    event: httpEvent('POST', '/v1/topics/orders/records', { key, body: records }),
  },
  consume: {
    load: () => import('../../../functions/consume/handler.ts'),
    event: httpEvent('GET', '/v1/topics/orders/partitions', { key }),
  },
  pull: {
    load: () => import('../../../functions/pull/handler.ts'),
    event: httpEvent('POST', '/v1/topics/orders/groups/workers/poll', { key, body: { consumerId: 'a' } }),
  },
  acks: {
    load: () => import('../../../functions/acks/handler.ts'),
    event: httpEvent('POST', `/v1/acks/${forged}`),
  },
  admin: {
    load: () => import('../../../functions/admin/handler.ts'),
    event: httpEvent('GET', '/v1/topics', { key }),
  },
  'on-append': {
    load: () => import('../../../functions/on-append/handler.ts'),
    event: { Records: [{ eventID: 'e', eventName: 'INSERT', dynamodb }] },
  },
  deliver: {
    load: () => import('../../../functions/deliver/handler.ts'),
    event: { Records: [{ messageId: 'm', receiptHandle: 'r', body: wakeToMessage(wake), attributes }] },
  },
  describe: {
    load: () => import('../../../functions/describe/handler.ts'),
    event: httpEvent('GET', '/v1/openapi.json'),
  },
  sweep: { load: () => import('../../../functions/sweep/handler.ts'), event: {} },
  archive: {
    load: () => import('../../../functions/archive/handler.ts'),
    event: { Records: [{ messageId: 'm', receiptHandle: 'r', body: taskToMessage(task), attributes }] },
  },
};

/** What the function answers or throws, and the names of the alarms that look at what it sends. */
const run = async (name: Watched): Promise<{ outcome: unknown; alarms: string[] }> => {
  const { load, event } = functions[name];
  const environment = {
    ...environments.get(name),
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  let outcome: unknown;
  const lines = await linesIn(environment, async () => {
    const { handler } = await load();
    // A sweep has no time then for more than finding out where it was.
    const context = { getRemainingTimeInMillis: () => 14_000 };
    outcome = await handler(event as never, context as never).catch((error: unknown) => error);
  });
  const emitted = emittedIn(lines);
  const alarms = [...alarmsOf(template)].filter(([, alarm]) => watchedBy(alarm, emitted).length > 0);
  return { outcome, alarms: alarms.map(([alarm]) => alarm).toSorted() };
};

it.each(['produce', 'consume', 'pull', 'admin'] as const)(
  '%s counts that it is throttled, and answers 503',
  async (name) => {
    const { outcome, alarms } = await run(name);
    expect(outcome).toMatchObject({ statusCode: 503 });
    expect(alarms).toEqual(['StoreThrottles']);
  },
);

it.each(['deliver', 'on-append', 'archive'] as const)(
  '%s counts that, and that it failed, which to Lambda it did not',
  async (name) => {
    const { outcome, alarms } = await run(name);
    const itemIdentifier = name === 'on-append' ? '1' : 'm';
    expect(outcome).toEqual({ batchItemFailures: [{ itemIdentifier }] });
    expect(alarms).toEqual(['Faults', 'StoreThrottles']);
  },
);

it('sweep counts that, and throws, which Lambda counts', async () => {
  const { outcome, alarms } = await run('sweep');
  expect(outcome).toBeInstanceOf(Error);
  expect(alarms).toEqual(['StoreThrottles']);
});
