import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashKey, keyIdOf } from '../../../lib/auth/keys.ts';
import { dynamoKeyStore } from '../../../lib/stores/dynamodb/api-keys.ts';
import { createStateClient } from '../../../lib/stores/dynamodb/table/client.ts';
import { tables } from '../../../lib/stores/dynamodb/table/tables.ts';
import type { KeyStore } from '../../../lib/stores/keys.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import { type EmbeddedService, startDynamodb } from '../../embedded/dynamodb.ts';
import { ensureTable } from '../../embedded/resources.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const root = new URL('../../..', import.meta.url).pathname;

let dynamodb: EmbeddedService;
let stored: KeyStore;

beforeAll(async () => {
  dynamodb = await startDynamodb();
  const client = createStateClient({ endpoint: dynamodb.endpoint, region: 'us-east-1', credentials });
  await ensureTable(client, systemClock, 'state', tables.state);
  stored = dynamoKeyStore({ client, table: 'state', clock: systemClock });
});

afterAll(() => dynamodb.stop());

/** Runs the command as `npm run keys` does, against the embedded tables. */
const keys = (...args: string[]) => keysWith({ AWS_REGION: 'us-east-1' }, ...args);

const keysWith = (
  variables: Record<string, string>,
  ...args: string[]
): Promise<{ code: number; out: string; said: string }> =>
  new Promise((resolve) => {
    const env = {
      PATH: process.env.PATH ?? '',
      AWS_ENDPOINT_URL: dynamodb.endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      // Not those of whoever runs this.
      AWS_CONFIG_FILE: join(root, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(root, 'none'),
      ...variables,
    };
    const options = { cwd: root, env };
    execFile(process.execPath, ['infra/keys/main.ts', ...args], options, (error, out, said) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, said }),
    );
  });

test('a key is shown once, stored as its hash alone, listed without itself, and gone when revoked', async () => {
  const grant = [
    '--name',
    'ci',
    '--scope',
    'produce',
    '--topic',
    'orders-*',
    '--expires',
    '2999-01-01T00:00:00Z',
  ];
  const created = await keys('create', '--table', 'state', ...grant);
  expect(created.code).toBe(0);
  const key = created.out.trim();
  expect(key).toMatch(/^mr_[\w-]{43}$/);
  expect(created.said).not.toContain(key);

  const keyId = keyIdOf(hashKey(key));
  const found = await stored.get(keyId);
  expect(found).toMatchObject({
    name: 'ci',
    hash: hashKey(key),
    scopes: ['produce'],
    topics: ['orders-*'],
    expiresAt: Date.parse('2999-01-01T00:00:00Z'),
  });
  expect(JSON.stringify(found)).not.toContain(key);

  const listed = await keys('list', '--table', 'state');
  expect(listed.out).toMatch(new RegExp(`^${keyId} +ci +produce +orders-\\*`));
  expect(listed.out).not.toContain(key);

  expect(await keys('revoke', keyId, '--table', 'state')).toMatchObject({ code: 0 });
  expect(await stored.get(keyId)).toBeUndefined();
  expect(await keys('revoke', keyId, '--table', 'state')).toMatchObject({ code: 1 });
});

test('a command line that is wrong is answered with the usage, and stores nothing', async () => {
  const { code, out, said } = await keys('create', '--table', 'state', '--name', 'ci');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(said).toContain('--scope: one or more of produce, consume, groups, admin');
  expect(said).toContain('Usage');
  expect(await stored.list()).toEqual([]);
});

test('a table that is not there is named as the reason', async () => {
  const { code, said } = await keys('list', '--table', 'nowhere');
  expect(code).toBe(1);
  expect(said).toContain('ResourceNotFoundException');
});

test('where nothing says a region, what could say it is named', async () => {
  const { code, said } = await keysWith({}, 'list', '--table', 'state');
  expect(code).toBe(1);
  for (const name of ['--region', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'CDK_DEFAULT_REGION', 'profile'])
    expect(said).toContain(name);
  expect(await keysWith({}, 'list', '--table', 'state', '--region', 'us-east-1')).toMatchObject({ code: 0 });
});
