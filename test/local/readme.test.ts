import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../end-to-end/client.ts';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const root = new URL('../../', import.meta.url).pathname;
const readme = readFileSync(`${root}README.md`, 'utf8');
const blocks = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, block = '']) => block,
  );

/** The line that sets what the others use. */
const headers = /^ {4}(AUTH=.*)$/m.exec(readme)?.[1] ?? '';

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
};

/** The JSON documents that curl wrote one after the other. */
const answersOf = (output: string): readonly unknown[] =>
  output
    .replaceAll('}{', '}\n{')
    .split('\n')
    // Of npm, which says what it runs.
    .filter((line) => line !== '' && !line.startsWith('> '))
    .map((line) => JSON.parse(line));

test('what the README says to type works as it is written', async () => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder() });
  const port = String(await freePort());
  const backup = temporaryFolder();
  const env = { ...process.env, MILLRACE: broker.url, MILLRACE_URL: broker.url, KEY: broker.key };
  const run = async (block = ''): Promise<readonly unknown[]> => {
    const script = `${headers}\n${block.replaceAll('9000', port).replaceAll('backup', backup)}`;
    return answersOf((await promisify(execFile)('sh', ['-ec', script], { cwd: root, env })).stdout);
  };
  const [produce, fetch, sendAgain, erase, ...more] = blocks('sh');
  const [pull, share, subscribe, progress, failed, keys, transfer, ...others] = more;
  expect(others).toEqual([]);

  expect(await run(produce)).toMatchObject([{ name: 'orders' }, { results: [{ partition: 3, offset: 0 }] }]);
  expect(await run(fetch)).toMatchObject([{ records: [{ value: { total: 42 } }], nextOffset: 1 }]);
  expect(await run(pull)).toMatchObject([
    { name: 'workers', mode: 'pull' },
    { records: [{ partition: 3, offset: 0, value: { total: 42 } }], assignment: [0, 1, 2, 3] },
    { records: [] },
  ]);
  expect(await run(share)).toMatchObject([
    { name: 'pickers', mode: 'shared' },
    { records: [{ partition: 3, offset: 0, value: { total: 42 }, deliveries: 1 }] },
  ]);
  expect(await run(keys)).toMatchObject([{ name: 'billing', key: expect.stringMatching(/^mr_/) }]);
  const [group, endpoint] = await run(subscribe);
  expect(group).toMatchObject({ name: 'billing' });
  const { secret } = endpoint as { secret: string };

  const receiver = spawn(process.execPath, ['--input-type=module', '-'], {
    cwd: root,
    env: { ...process.env, WEBHOOK_SECRET: secret },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void receiver.kill('SIGKILL'));
  let printed = '';
  receiver.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  receiver.stdin.end(blocks('js')[0]?.replaceAll('9000', port));
  await eventually(
    'the receiver prints the record',
    () => printed,
    (text) => text.includes('{ total: 42 }'),
  );
  const [state] = await eventually(
    'the group has no lag',
    () => run(progress),
    ([answer]) => (answer as { partitions: { lag: number }[] }).partitions.every(({ lag }) => lag === 0),
  );
  expect(state).toMatchObject({ name: 'billing', status: 'active' });
  // It was called before its receiver was there.
  expect(await run(failed)).toMatchObject([
    { attempts: expect.arrayContaining([expect.objectContaining({ attempt: 1, outcome: 'outage' })]) },
  ]);
  expect(await run(transfer)).toMatchObject([{ name: 'copy' }]);
  const copied = blocks('sh')[1]?.replaceAll('orders', 'copy');
  expect(await run(copied)).toMatchObject([{ records: [{ key: 'customer-7', value: { total: 42 } }] }]);
  const written = { results: [{ partition: 3, offset: 1 }] };
  expect(await run(sendAgain)).toMatchObject([written]);
  expect(await run(sendAgain)).toMatchObject([written]);
  // The record is in no segment yet.
  expect(await run(erase)).toMatchObject([{ status: 'running' }]);
});
