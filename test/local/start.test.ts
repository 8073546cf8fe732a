import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { Client } from '../end-to-end/client.ts';
import { failedStart, startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const shell = promisify(execFile);

test('the lines of the banner work when they are pasted into a shell', async () => {
  const folder = temporaryFolder();
  const broker = await startBroker({ MILLRACE_DATA_DIR: folder });
  const lines = broker.output().match(/^curl .*$/gm) ?? [];
  expect(lines).toHaveLength(3);
  const answers = [];
  for (const line of lines) answers.push(JSON.parse((await shell('sh', ['-c', line])).stdout));
  expect(answers).toMatchObject([
    { name: 'orders', partitions: 4 },
    { results: [{ offset: 0 }] },
    { records: [{ key: 'customer-7', value: { total: 42 } }] },
  ]);
  expect(broker.output()).toContain(readFileSync(join(folder, 'admin-key'), 'utf8').trim());
  expect(statSync(folder).mode & 0o077).toBe(0);
});

test('a root key from the environment is not repeated, and replaces the one before it', async () => {
  const folder = temporaryFolder();
  const first = await startBroker({ MILLRACE_DATA_DIR: folder, MILLRACE_ADMIN_KEY: "one-root-key-'$HOME`" });
  await new Client(first.url, first.key).ok('GET', '/v1/topics');
  expect(first.output()).not.toContain(first.key);
  const pasted = first.output().match(/^curl -X PUT .*$/m)?.[0] ?? '';
  const env = { ...process.env, MILLRACE_ADMIN_KEY: first.key };
  expect(JSON.parse((await shell('sh', ['-c', pasted], { env })).stdout)).toMatchObject({ name: 'orders' });
  expect(await first.end('SIGTERM')).toBe(0);

  const second = await startBroker({ MILLRACE_DATA_DIR: folder, MILLRACE_ADMIN_KEY: 'another-root-key' });
  expect((await new Client(second.url, first.key).call('GET', '/v1/topics')).status).toBe(401);
  const { topics } = await new Client(second.url, second.key).ok<{ topics: unknown[] }>('GET', '/v1/topics');
  expect(topics).toHaveLength(1);
});

test('a port that is taken is said to be, with what to do', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const { code, errors } = await failedStart({ MILLRACE_DATA_DIR: temporaryFolder(), PORT: String(port) });
  expect(code).toBe(1);
  expect(errors).toBe(
    `The port ${port} at 127.0.0.1 is taken by another program. Choose another with PORT (0 takes a free one).\n`,
  );
});

test('the broker listens at the address that HOST names, and at no other', async () => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder(), HOST: '127.0.0.2' });
  expect(broker.url).toMatch(/^http:\/\/127\.0\.0\.2:\d+$/);
  await new Client(broker.url, broker.key).ok('GET', '/v1/topics');
  await expect(fetch(broker.url.replace('127.0.0.2', '127.0.0.1'))).rejects.toThrow();
  const everywhere = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder(), HOST: '0.0.0.0' });
  expect(everywhere.url).toContain('127.0.0.1');
  await new Client(everywhere.url.replace('127.0.0.1', '127.0.0.2'), everywhere.key).ok('GET', '/v1/topics');
});

test.each([
  ['192.0.2.1', /^192\.0\.2\.1 is no address of this machine\. Choose one that is with HOST/],
  ['my-machine', /HOST .* must be an IP address/],
])('a HOST that cannot be listened at is refused with what to do: %s', async (host, words) => {
  const { code, errors } = await failedStart({ MILLRACE_DATA_DIR: temporaryFolder(), HOST: host });
  expect(code).toBe(1);
  expect(errors).toMatch(words);
});

test('a data folder that another broker has is refused, with what to do', async () => {
  const folder = temporaryFolder();
  const broker = await startBroker({ MILLRACE_DATA_DIR: folder });
  const { code, errors } = await failedStart({ MILLRACE_DATA_DIR: folder });
  expect(code).toBe(1);
  expect(errors).toContain(`in use by process ${broker.process.pid}`);
  expect(errors).toContain('MILLRACE_DATA_DIR');
});

test('names in the environment cannot write to the terminal what they like', async () => {
  const folder = `${temporaryFolder()}/a\u001b[31m\nb`;
  const broker = await startBroker({ MILLRACE_DATA_DIR: folder });
  expect(broker.output()).toMatch(/^Data: .*a\ufffd\[31m\ufffdb$/m);
  expect(broker.output()).not.toContain('\u001b');
  const { errors } = await failedStart({ MILLRACE_DATA_DIR: folder });
  expect(errors).toMatch(/^The data folder .*a\ufffd\[31m\ufffdb is in use by .*\n$/);
  const misnamed = await failedStart({ 'MILLRACE_\u001b[31m\nX': '1', MILLRACE_DATA_DIR: folder });
  expect(misnamed.errors).toMatch(/^MILLRACE_\ufffd\[31m\ufffdX is not a setting of Millrace\. .*\n$/);
});

test('what clients of Millrace and of AWS find in the environment says nothing to the broker', async () => {
  const broker = await startBroker({
    MILLRACE_DATA_DIR: temporaryFolder(),
    MILLRACE_URL: 'https://elsewhere.example',
    MILLRACE_KEY: 'mr_of-elsewhere',
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_USE_DUALSTACK_ENDPOINT: 'true',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
  });
  await new Client(broker.url, broker.key).ok('GET', '/v1/topics');
});

test('a data folder that cannot be made ends the start with its name and the reason', async () => {
  const { code, errors } = await failedStart({ MILLRACE_DATA_DIR: '/proc/x' });
  expect(code).toBe(1);
  expect(errors).toBe(
    'The data folder /proc/x cannot be used: nothing can be made there (ENOENT). Choose another with MILLRACE_DATA_DIR.\n',
  );
});

test('words on the command line, which would say nothing, are refused with what to do', async () => {
  const start = new URL('../../lib/local/start.mjs', import.meta.url).pathname;
  const env = { ...process.env, MILLRACE_DATA_DIR: temporaryFolder(), PORT: '0' };
  await expect(shell(process.execPath, [start, '--port', '8081'], { env })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^npm start takes no --port: .*PORT=8081 npm start.*\n$/),
  });
});

test('a Node that is too old to read the broker is told what to do in one sentence', async () => {
  const old =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })";
  const start = new URL('../../lib/local/start.mjs', import.meta.url).pathname;
  const started = shell(process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(old)}`,
    start,
  ]);
  await expect(started).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^Millrace needs Node [\d.]+ or later to run, and this is 20\.20\.2: run npm ci.*\n$/,
    ),
  });
});

test('a setting that is wrong or unknown is refused by its name, all of them at once', async () => {
  const { code, errors } = await failedStart({
    MILLRACE_DATA_DIR: temporaryFolder(),
    MILLRACE_SWEEP_SECONDS: 'often',
    MILLRACE_DATADIR: '/tmp',
  });
  expect(code).toBe(1);
  expect(errors).toMatch(/MILLRACE_SWEEP_SECONDS .* must be a whole number/);
  expect(errors).toContain('MILLRACE_DATADIR is not a setting');
  expect(errors).not.toContain('at ');
});
