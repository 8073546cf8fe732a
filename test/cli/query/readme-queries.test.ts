import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dataFolderArchive } from '../../../cli/query/data-folder.ts';
import { jsonFormat } from '../../../cli/query/formats/json.ts';
import { query } from '../../../cli/query/query.ts';
import { recordOf } from '../../harness/records.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { hour, openDataFolder } from './archived-folder.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
const statements = [...readme.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, statement = '']) => statement);

/** Two topics: orders of two customers over three hours, and one record that is nothing of these. */
const makeArchive = async (): Promise<string> => {
  const path = temporaryFolder();
  const folder = openDataFolder(path);
  const orders = await folder.makeTopic('orders');
  const order = (key: string, total: number, event: string) =>
    recordOf({ key, value: { total }, headers: { event } });
  await folder.append(orders, 0, [order('customer-7', 42, 'paid'), order('customer-7', 17, 'paid')]);
  await folder.append(orders, 1, [order('customer-8', 99, 'made'), { valueBase64: '/w==' }]);
  folder.pass(2 * hour);
  await folder.append(orders, 1, [order('customer-8', 100, 'paid')]);
  const mails = await folder.makeTopic('mails');
  await folder.append(mails, 0, [recordOf({ key: 'customer-7', value: 'not an object' })]);
  folder.pass(2 * hour);
  for (const topic of [orders, mails]) await folder.archive(topic);
  folder.close();
  return path;
};

test('the queries of the README answer what it says of them', async () => {
  const archive = dataFolderArchive(await makeArchive());
  const answers = statements.map(async (statement) => {
    let text = '';
    for await (const piece of query(archive, { statement, format: jsonFormat })) text += piece;
    return JSON.parse(text) as unknown;
  });
  const [first, third] = ['2026-01-01T00:00:00.000Z', '2026-01-01T02:00:00.000Z'];
  expect(await Promise.all(answers)).toEqual([
    [
      { topic: 'mails', hour: third, records: 1 },
      { topic: 'orders', hour: first, records: 4 },
      { topic: 'orders', hour: third, records: 1 },
    ],
    [
      { key: 'customer-7', latest: { total: 17 }, at: first },
      { key: 'customer-8', latest: { total: 100 }, at: third },
    ],
    [
      { partition: 0, offset: 0, timestamp: first, key: 'customer-7', value_json: { total: 42 } },
      { partition: 1, offset: 2, timestamp: third, key: 'customer-8', value_json: { total: 100 } },
    ],
  ]);
});
