import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../../lib/domain/limits.ts';
import { defaultAttempts } from '../../lib/http/schemas/attempts.ts';
import { Client, eventually } from '../end-to-end/client.ts';
import { Receiver } from '../end-to-end/receiver.ts';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { pageOf, setFor, typed } from './typed-page.ts';

const { text: page, blocks } = pageOf('attempts');

test('what the page about attempts says to type works as it is written', async () => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder() });
  const receiver = await Receiver.start();
  onTestFinished(() => receiver.stop());
  const admin = new Client(broker.url, broker.key);
  await admin.ok('PUT', '/v1/topics/orders', { partitions: 1 });
  const records = Array.from({ length: 100 }, (_, value) => ({ partition: 0, value }));
  await admin.ok('POST', '/v1/topics/orders/records', { records });
  const group = '/v1/topics/orders/groups/billing';
  await admin.ok('PUT', group, { mode: 'push', start: 'earliest' });
  // Of an endpoint that nobody has opened the first attempt is answered 404.
  const { id } = await admin.ok<{ id: string }>('POST', `${group}/endpoints`, { url: receiver.url('/hook') });
  const attempts = () => admin.ok<{ attempts: readonly object[] }>('GET', `${group}/attempts`);
  await eventually('an attempt is logged', attempts, (found) => found.attempts.length > 0);

  const answers: unknown[] = [];
  for (const command of blocks('sh'))
    answers.push(...(await typed(command, { ...setFor(broker), ENDPOINT: id })));
  const [listed, resent, ...others] = answers;
  expect(others).toEqual([]);
  const failed = expect.objectContaining({ outcome: 'refusal', status: 404, endpoint: id });
  expect(listed).toMatchObject({ attempts: expect.arrayContaining([failed]) });
  expect(resent).toMatchObject({ status: 'running', records: 60 });
  const change = /`(\{"delivery": .*?\})`/.exec(page)?.[1] ?? '';
  expect(await admin.ok('PATCH', group, JSON.parse(change))).toMatchObject(JSON.parse(change));
});

test('the page about attempts has the limits that there are', () => {
  expect(page).toContain(`(${defaultAttempts}; ${limits.listAttempts} at most)`);
  expect(page).toContain(`an outcome ${limits.attemptsLookedAt.toLocaleString('en')} attempts at most`);
  expect(limits.attemptKeptMs).toBe(7 * 86_400_000);
});
