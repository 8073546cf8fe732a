import { expect, test } from 'vitest';
import { dataFolderArchive } from '../../../cli/query/data-folder.ts';
import { jsonFormat } from '../../../cli/query/formats/json.ts';
import { query } from '../../../cli/query/query.ts';
import { Client, eventually } from '../../end-to-end/client.ts';
import { startBroker } from '../../local/broker-process.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { done } from '../against-broker.ts';
import { run } from '../command.ts';

test('what a running broker has archived can be asked, and exported with what is live', async () => {
  const folder = temporaryFolder();
  const broker = await startBroker({
    MILLRACE_DATA_DIR: folder,
    MILLRACE_SWEEP_SECONDS: '1',
    MILLRACE_SEGMENT_MAX_AGE_SECONDS: '1',
    MILLRACE_TRIM_MIN_AGE_SECONDS: '0',
  });
  const client = new Client(broker.url, broker.key);
  await client.ok('PUT', '/v1/topics/orders', { partitions: 1 });
  await client.produce('orders', [{ key: 'a', value: { total: 1 }, headers: { event: 'paid' } }]);
  await client.produce('orders', [{ key: 'b', value: { total: 2 } }]);
  const statement = 'select key, value_json, headers from orders order by "offset"';
  const ask = async (): Promise<unknown> => {
    let text = '';
    for await (const piece of query(dataFolderArchive(folder), { statement, format: jsonFormat }))
      text += piece;
    return JSON.parse(text);
  };
  const rows = await eventually('both are archived', ask, (said) => (said as unknown[]).length === 2);
  expect(rows).toEqual([
    { key: 'a', value_json: { total: 1 }, headers: { event: 'paid' } },
    { key: 'b', value_json: { total: 2 }, headers: null },
  ]);

  await client.produce('orders', [{ key: 'c', value: { total: 3 } }]);
  const out = temporaryFolder();
  const environment = { MILLRACE_URL: broker.url, MILLRACE_KEY: broker.key };
  expect(await done(run('export', ['orders', '--out', out], { environment }))).toContain(
    'Exported 3 records',
  );
  expect(await broker.end('SIGTERM')).toBe(0);
});
