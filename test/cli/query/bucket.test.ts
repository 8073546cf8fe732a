import { existsSync, readdirSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { bucketArchive } from '../../../cli/query/bucket.ts';
import { jsonFormat } from '../../../cli/query/formats/json.ts';
import { query } from '../../../cli/query/query.ts';
import type { TopicFiles } from '../../../cli/query/views.ts';
import { parquetSegments } from '../../../lib/archive/parquet/parquet-segments.ts';
import { memoryStores } from '../../../lib/stores/memory/stores.ts';
import { ObjectMissingError, type ObjectStore } from '../../../lib/stores/objects.ts';
import { recordOf } from '../../harness/records.ts';
import { archive as archiveRecords, storeSegment } from '../../harness/segments-by-hand.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { inLog } from '../../unit/archive/parquet/hard-records.ts';

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

/** A bucket from which an object that the manifest named is gone when it is asked for: `times` times. */
const whereCompactionWas = async (times: number) => {
  const stores = await makeStores();
  const [first] = await stores.segments.list(at, { from: 0, limit: 1 });
  let left = times;
  const read: ObjectStore['read'] = async (...asked) => {
    left -= 1;
    if (left >= 0) throw new ObjectMissingError(first?.object ?? '');
    return stores.objects.read(...asked);
  };
  return bucketArchive({ ...stores, objects: { read } });
};

test('an object that compaction has just taken away is looked for in the manifest anew, and not for ever', async () => {
  const archive = await whereCompactionWas(2);
  expect((await archive.open(() => true)).flatMap(({ partitions }) => partitions)).toHaveLength(1);
  await archive.close();
  const never = await whereCompactionWas(Number.POSITIVE_INFINITY);
  await expect(never.open(() => true)).rejects.toThrow('those of one broker?');
  await never.close();
});

test('who closes it while it is copied ends the copy, and leaves nothing behind', async () => {
  const asked = Promise.withResolvers<void>();
  const objects: Pick<ObjectStore, 'read'> = {
    read: (_object, _range, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
        asked.resolve();
      }),
  };
  const folder = temporaryFolder();
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const archive = bucketArchive({ ...(await makeStores()), objects });
  const opening = archive.open(() => true);
  await asked.promise;
  expect(readdirSync(folder)).toHaveLength(1);
  await Promise.all([expect(opening).rejects.toThrow(), archive.close()]);
  expect(readdirSync(folder)).toEqual([]);
});
