import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Client } from '../end-to-end/client.ts';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { pageOf, setFor, typed } from './typed-page.ts';

const { blocks } = pageOf('shapes');

test('what the page about shapes says to type works as it is written', async () => {
  const broker = await startBroker({ MILLRACE_DATA_DIR: temporaryFolder() });
  const admin = new Client(broker.url, broker.key);
  for (const topic of ['orders', 'images']) await admin.ok('PUT', `/v1/topics/${topic}`, { partitions: 1 });
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'orders.ndjson'), '{"key":"a","value":1}\n\n{"value":{"b":2}}\n');
  writeFileSync(join(folder, 'logo.png'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x00, 0xff]));
  const answers: unknown[] = [];
  for (const command of blocks('sh')) answers.push(...(await typed(command, setFor(broker), folder)));
  const [lines, event, image, ...others] = answers;
  expect(others).toEqual([]);
  expect(lines).toMatchObject({ results: [{ offset: 0 }, { offset: 1 }] });
  expect(event).toMatchObject({ results: [{ offset: 2 }] });
  expect(image).toMatchObject({ results: [{ offset: 0 }] });
  const { records } = await admin.fetch('orders', 0, 'offset=2');
  expect(records).toMatchObject([{ key: 'customer-7', value: { total: 42 }, headers: { ce_id: 'A-1' } }]);
  const [logo] = (await admin.fetch('images', 0, 'offset=0')).records;
  expect(logo).toMatchObject({
    key: 'logo',
    valueBase64: 'iVBORwD/',
    headers: { 'content-type': 'image/png' },
  });
});
