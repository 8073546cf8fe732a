import { expect, test } from 'vitest';
import { endpointDisabled, eventRecord, systemEventTypes } from '../../lib/domain/events/events.ts';
import { warningShares } from '../../lib/domain/events/standing.ts';
import { limits } from '../../lib/domain/limits.ts';
import { Client } from '../end-to-end/client.ts';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { pageOf, setFor, typed } from './typed-page.ts';

const { text: page, blocks } = pageOf('events');

test('what the page about events says to type works, and its webhook is told what it asks for', async () => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder() });
  const admin = new Client(broker.url, broker.key);
  const [script = '', ...others] = blocks('sh');
  expect(others).toEqual([]);
  const [topic, group, endpoint] = await typed(script, setFor(broker));
  expect(topic).toMatchObject({ partitions: 2, retentionHours: 168, archive: false });
  expect(group).toMatchObject({ status: 'active', topic: 'millrace.events' });
  expect(endpoint).toMatchObject({ status: 'enabled' });
  await admin.ok('PUT', '/v1/topics/orders', { partitions: 1 });
  await admin.ok('PUT', '/v1/topics/orders/groups/billing', { mode: 'push' });
  await admin.ok('POST', '/v1/topics/orders/groups/billing/pause');
  // Of both partitions together: the filter leaves pauses out, so that nothing waits.
  const status = () =>
    admin.ok<{ lag: number }>('GET', '/v1/topics/millrace.events/groups/alerts').then(({ lag }) => lag);
  await expect.poll(status, { timeout: 20_000 }).toBe(0);
});

test('the page about events has every type, each warning, and an event as it is', () => {
  for (const type of systemEventTypes) expect(page).toContain(`| \`${type}\``);
  expect(page).toContain(`\`share\` (${warningShares.join(' or ')})`);
  const days = limits.outageDisablesAfterMs / 86_400_000;
  expect(days).toBe(5);
  expect(page).toContain('five days after which it is disabled');
  const [example = '', ...others] = blocks('json');
  expect(others).toEqual([]);
  const { value: shown, ...rest } = JSON.parse(example) as { value: Record<string, string> };
  const disabledAt = Date.parse(shown['time'] ?? '');
  const endpointId = shown['endpoint'] ?? '';
  const endpoint = { endpointId, url: '', secrets: [], status: 'disabled', createdAt: 0 } as const;
  const group = { topic: 'orders', topicId: 't', name: 'billing', groupId: 'g' };
  const disabledReason = 'It answered 410 (Gone).';
  const record = eventRecord(endpointDisabled(group, { ...endpoint, disabledAt, disabledReason }));
  expect(rest).toEqual({ key: record.key, headers: JSON.parse(record.headersJson ?? '') });
  const value = JSON.parse(record.valueJson ?? '') as object;
  expect({ ...shown, id: '' }).toEqual({ ...value, id: '' });
});
