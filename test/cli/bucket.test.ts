import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bucketArchive } from '../../cli/query/bucket.ts';
import { jsonFormat } from '../../cli/query/formats/json.ts';
import { query } from '../../cli/query/query.ts';
import type { TopicFiles } from '../../cli/query/views.ts';
import { parquetSegments } from '../../lib/archive/parquet/parquet-segments.ts';
import { memoryStores } from '../../lib/stores/memory/stores.ts';
import { recordOf } from '../harness/records.ts';
import { archive as archiveRecords, storeSegment } from '../harness/segments-by-hand.ts';
import { inLog } from '../unit/archive/parquet/hard-records.ts';

const at = { topicId: 'orders-1', partition: 3 };

/** Two topics; of the one there is an object that the manifest does not name. */
const makeStores = async () => {
  const stores = memoryStores({ clock: { now: () => 0, monotonic: () => 0 } });
  for (const name of ['orders', 'mails'])
    await stores.topics.create({
      name,
      topicId: `${name}-1`,
      createdAt: 0,
      partitions: 4,
      retentionHours: null,
      archive: true,
    });
  const records = inLog([recordOf({ value: 1 }), recordOf({ value: 2 })]);
  await archiveRecords(stores, parquetSegments, at, { start: 0, end: 2, records });
  await storeSegment(stores, parquetSegments, at, { start: 0, end: 2, records, attempt: 'orphan' });
  return stores;
};

test('a bucket is read as its manifest says, of the topics that the statement names', async () => {
  const stores = await makeStores();
  const fetched: number[] = [];
  const bucket = bucketArchive({ ...stores, onFetch: ({ segments }) => void fetched.push(segments) });
  let opened: readonly TopicFiles[] = [];
  const watched: typeof bucket = {
    ...bucket,
    open: async (isNamed) => {
      opened = await bucket.open(isNamed);
      return opened;
    },
  };
  const ask = async (statement: string): Promise<unknown> => {
    let text = '';
    for await (const piece of query(watched, { statement, format: jsonFormat })) text += piece;
    return JSON.parse(text);
  };
  const rows = [
    { topic: 'orders', partition: 3, value_json: 1 },
    { topic: 'orders', partition: 3, value_json: 2 },
  ];
  expect(await ask('select topic, partition, value_json from "Orders" order by "offset"')).toEqual(rows);
  expect(await ask('select topic, partition, value_json from records order by "offset"')).toEqual(rows);
  expect(await ask('select * from mails')).toEqual([]);
  expect(fetched).toEqual([1, 1, 0]);

  await ask('select * from orders');
  const files = opened.flatMap(({ partitions }) => partitions.flatMap((partition) => partition.files));
  expect(files.map((file) => existsSync(file))).toEqual([true]);
  await bucket.close();
  expect(files.map((file) => existsSync(file))).toEqual([false]);
});
