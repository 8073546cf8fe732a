import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { Client, eventually } from '../end-to-end/client.ts';
import { freePort } from '../harness/processes.ts';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { pageOf, setFor, typed } from './typed-page.ts';

const { blocks } = pageOf('formats');

/** The program of the page, and what it has printed up to now. */
const receiver = (port: number, secret: string): (() => string) => {
  const child = spawn(process.execPath, ['--input-type=module', '-'], {
    env: { ...process.env, WEBHOOK_SECRET: secret },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  const [program = ''] = blocks('js');
  child.stdin.end(program.replaceAll('9000', String(port)));
  return () => printed;
};

test('what the page about formats says to type works, and its receiver verifies bytes', async () => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder() });
  const [script = '', ...others] = blocks('sh');
  expect(others).toEqual([]);
  const [, made, refused] = await typed(script, setFor(broker));
  expect(made).toMatchObject({ delivery: { format: 'raw', batchSize: 1 } });
  expect(refused).toMatchObject({ errors: [{ path: 'delivery.batchSize' }] });

  const admin = new Client(broker.url, broker.key);
  const group = '/v1/topics/images/groups/thumbnails';
  const port = await freePort();
  const registered = { url: `http://127.0.0.1:${port}/` };
  const { secret } = await admin.ok<{ secret: string }>('POST', `${group}/endpoints`, registered);
  const printed = receiver(port, secret);
  const image = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const path = '/v1/topics/images/records?key=gr%C3%BCn%20logo';
  expect((await admin.call('POST', path, image, { 'content-type': 'image/png' })).status).toBe(200);
  await eventually(
    'the receiver has printed what it was sent',
    printed,
    (text) => text === '0 grün logo image/png 256\n',
  );
  const caughtUp = () => admin.ok<{ lag: number }>('GET', group);
  await eventually('all is acknowledged', caughtUp, ({ lag }) => lag === 0);
});
