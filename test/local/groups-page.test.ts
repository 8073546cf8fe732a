import { expect, test } from 'vitest';
import { limits } from '../../lib/domain/limits.ts';
import { Client } from '../end-to-end/client.ts';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { pageOf, setFor, typed } from './typed-page.ts';

const { text: page, blocks } = pageOf('groups');

test('what the page about groups says to type works as it is written', async () => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder() });
  const admin = new Client(broker.url, broker.key);
  await admin.ok('PUT', '/v1/topics/orders', { partitions: 2 });
  await admin.ok('POST', '/v1/topics/orders/records', { records: [{ partition: 0, value: 1 }] });
  const answers: unknown[] = [];
  for (const command of blocks('sh')) answers.push(...(await typed(command, setFor(broker))));
  const [created, changed, paused, resumed, sought, redriven, ...others] = answers;
  expect(others).toEqual([]);
  expect(created).toMatchObject({ name: 'workers', ackTimeoutSeconds: 120, maxDeliveries: 5 });
  expect(changed).toMatchObject({ name: 'workers', ackTimeoutSeconds: 60, maxDeliveries: 5 });
  expect(paused).toMatchObject({ status: 'paused', pausedBy: { kind: 'request' } });
  expect(resumed).toMatchObject({ status: 'active' });
  expect(sought).toMatchObject({
    partitions: [{ partition: 0, from: 0, to: 0 }, { partition: 1 }],
    records: 0,
  });
  expect(redriven).toMatchObject({ records: 0 });
  const dead = await admin.ok('GET', '/v1/topics/orders.workers.dead');
  expect(dead).toMatchObject({ partitions: 2, retentionHours: null, archive: true });
});

test('the page about groups has the limits that there are', () => {
  const { sessionTimeoutSeconds, ackTimeoutSeconds, maxDeliveries, membersPerGroup, nameLength } = limits;
  for (const limit of [sessionTimeoutSeconds, ackTimeoutSeconds, maxDeliveries, membersPerGroup])
    expect(page).toContain(limit.toLocaleString('en'));
  expect(page).toContain(`may have ${nameLength - '..dead'.length} together`);
});
