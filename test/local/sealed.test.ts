import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRuntime } from '../../lib/local/runtime.ts';
import { Database } from '../../lib/stores/sqlite/database.ts';
import { sqliteStores } from '../../lib/stores/sqlite/stores.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { temporaryFolder } from './temporary-folder.ts';

const token = 'Bearer a-token-of-the-receiver';
const received: { headers: Record<string, string>; body: string }[] = [];
let waiting: PromiseWithResolvers<void> | undefined;
const receiver = createServer((request, response) => {
  void json(request).then((body) => {
    received.push({ headers: request.headers as Record<string, string>, body: JSON.stringify(body) });
    response.writeHead(204).end();
    waiting?.resolve();
  });
});
let url: string;

beforeAll(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
});
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
});

const start = (folder: string) => startRuntime({ folder, port: 0, telemetry: noTelemetry });
type Runtime = Awaited<ReturnType<typeof start>>;

const call = async (runtime: Runtime, request: string, body: object): Promise<Record<string, unknown>> => {
  const [method = '', path = ''] = request.split(' ');
  const answer = await fetch(`${runtime.url}/v1/topics/orders${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${runtime.adminKey}`, 'content-type': 'application/json' },
  });
  expect(answer.ok, request).toBe(true);
  return (await answer.json()) as Record<string, unknown>;
};

const produceAndReceive = async (runtime: Runtime): Promise<(typeof received)[number] | undefined> => {
  waiting = Promise.withResolvers();
  await call(runtime, 'POST /records', { records: [{ value: 1 }] });
  await waiting.promise;
  return received.at(-1);
};

/** The database and what lies beside it, as bytes. */
const databaseOf = (folder: string): string =>
  readdirSync(folder)
    .filter((name) => name.startsWith('millrace.db'))
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join();

test('no file of the database holds a secret or a header of an endpoint, which is called with both', async () => {
  const folder = temporaryFolder();
  const runtime = await start(folder);
  await call(runtime, 'PUT ', { partitions: 1 });
  await call(runtime, 'PUT /groups/billing', { mode: 'push', start: 'earliest' });
  const endpoint = { url, headers: { authorization: token } };
  const { secret } = await call(runtime, 'POST /groups/billing/endpoints', endpoint);
  const sent = await produceAndReceive(runtime);
  expect(sent?.headers['authorization']).toBe(token);
  new Webhook(String(secret)).verify(sent?.body ?? '', sent?.headers ?? {});
  expect(databaseOf(folder)).toContain('sealed:1:');
  await runtime.stop();
  for (const hidden of [token, String(secret).slice(6)]) expect(databaseOf(folder)).not.toContain(hidden);
});

test('what an older version stored in plain is sealed by the sweep of the first start, and called as before', async () => {
  const folder = temporaryFolder();
  const first = await start(folder);
  await call(first, 'PUT ', { partitions: 1 });
  await call(first, 'PUT /groups/billing', { mode: 'push', start: 'earliest' });
  await first.stop();
  const secret = `whsec_${Buffer.from('a secret of 24 bytes ok!').toString('base64')}`;
  const database = new Database(join(folder, 'millrace.db'));
  const stores = sqliteStores(database, { clock });
  const { topicId = '' } = (await stores.topics.get('orders')) ?? {};
  const ref = { topicId, group: 'billing' };
  const plain = { url, headers: { authorization: token }, secrets: [secret] };
  await stores.groups.putEndpoint(ref, { endpointId: 'e', status: 'enabled', createdAt: 0, ...plain });
  database.close();

  const runtime = await start(folder);
  const sent = await produceAndReceive(runtime);
  expect(sent?.headers['authorization']).toBe(token);
  new Webhook(secret).verify(sent?.body ?? '', sent?.headers ?? {});
  await runtime.stop();
  const again = new Database(join(folder, 'millrace.db'));
  const [endpoint] = (await sqliteStores(again, { clock }).groups.get(ref))?.endpoints ?? [];
  again.close();
  expect(JSON.stringify(endpoint)).not.toContain(secret.slice(6));
  expect(endpoint).toMatchObject({
    secrets: [expect.stringMatching(/^sealed:1:/)],
    headers: { authorization: expect.stringMatching(/^sealed:1:/) },
  });
});
