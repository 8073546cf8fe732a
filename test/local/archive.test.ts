import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../../lib/domain/limits.ts';
import { encodeRecords } from '../../lib/domain/records/encoding.ts';
import { startRuntime } from '../../lib/local/runtime.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { layout1 } from '../contract/layouts/layout-1.ts';
import { Client, eventually } from '../end-to-end/client.ts';
import { recordOf } from '../harness/records.ts';
import { startBroker } from './broker-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

interface Partitions {
  readonly partitions: readonly { readonly archivedThrough: number }[];
}

const archivedThrough = (client: Client, end: number) =>
  eventually(
    'the records are archived',
    () => client.ok<Partitions>('GET', '/v1/topics/orders/partitions'),
    ({ partitions }) => partitions[0]?.archivedThrough === end,
  );

/** Page by page: a fetch gives what one look into the archive has. */
const valuesIn = async (client: Client): Promise<unknown[]> => {
  const values: unknown[] = [];
  for (let offset = 0; ; ) {
    const page = await client.fetch('orders', 0, `offset=${offset}`);
    if (page.records.length === 0) return values;
    values.push(...page.records.map(({ value }) => value));
    offset = page.nextOffset;
  }
};

const objectsIn = (folder: string): string[] =>
  readdirSync(join(folder, 'segments'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.parquet'),
  );

const batchesIn = (folder: string): unknown[] => {
  const database = new DatabaseSync(join(folder, 'millrace.db'), { readOnly: true });
  const rows = database.prepare('SELECT base FROM batches ORDER BY base').all();
  database.close();
  return rows.map(({ base }) => base);
};

test('a broker archives as its settings say, and whoever is started on its folder after kill -9 reads it', async () => {
  const folder = temporaryFolder();
  const broker = await startBroker({
    MILLRACE_DATA_DIR: folder,
    MILLRACE_SWEEP_SECONDS: '1',
    MILLRACE_SEGMENT_MAX_AGE_SECONDS: '1',
    MILLRACE_TRIM_MIN_AGE_SECONDS: '1',
  });
  const client = new Client(broker.url, broker.key);
  await client.ok('PUT', '/v1/topics/orders', { partitions: 1 });
  for (const value of ['a', 'b', 'c']) await client.produce('orders', [{ value }]);
  await archivedThrough(client, 3);
  // The last one stays, so that the log goes on there.
  await eventually(
    'the batches are deleted',
    () => batchesIn(folder),
    ({ length }) => length === 1,
  );
  expect(batchesIn(folder)).toEqual([2]);
  await broker.end('SIGKILL');

  const objects = objectsIn(folder);
  expect(objects.length).toBeGreaterThan(0);
  for (const object of objects) expect(statSync(join(folder, 'segments', object)).mode & 0o777).toBe(0o600);
  const next = await startBroker({ MILLRACE_DATA_DIR: folder });
  const again = new Client(next.url, broker.key);
  await again.produce('orders', [{ value: 'd' }]);
  expect(await valuesIn(again)).toEqual(['a', 'b', 'c', 'd']);
});

test('what was erased is not shown any more as soon as the erasure is done', async () => {
  const runtime = await startRuntime({
    folder: temporaryFolder(),
    port: 0,
    telemetry: noTelemetry,
    sweepMs: 300,
    archive: { segmentMaxAgeMs: 1, trimMinAgeMs: 0 },
  });
  onTestFinished(() => runtime.stop());
  const client = new Client(runtime.url, runtime.adminKey);
  await client.ok('PUT', '/v1/topics/orders', { partitions: 1 });
  await client.produce('orders', [
    { key: 'a', value: 'a' },
    { key: 'b', value: 'b' },
  ]);
  await client.produce('orders', [{ value: 'c' }]);
  await archivedThrough(client, 3);
  // From here on the reader knows the segment.
  expect(await valuesIn(client)).toEqual(['a', 'b', 'c']);
  const path = '/v1/topics/orders/records?key=a&waitSeconds=20';
  expect(await client.ok('DELETE', path)).toMatchObject({ status: 'done', erased: 1 });
  expect(await valuesIn(client)).toEqual(['b', 'c']);
});

test('a data folder of the version before there was an archive opens and archives', async () => {
  const folder = temporaryFolder();
  const longAgo = Date.now() - 2 * limits.trimMinAgeMs;
  const older = new DatabaseSync(join(folder, 'millrace.db'));
  older.exec(layout1);
  const settings = { partitions: 1, retentionHours: null, archive: true, createdAt: longAgo, version: 1 };
  const topic = JSON.stringify({ name: 'orders', topicId: 't', ...settings });
  older.prepare('INSERT INTO topics (name, topic) VALUES (?, ?)').run('orders', topic);
  older.exec("INSERT INTO logs VALUES (1, 't', 0)");
  const insert = older.prepare(
    `INSERT INTO batches (log, base, count, write_id, appended_at, bytes_before, data)
     VALUES (1, ?, 1, x'0000000000000000', ?, ?, ?)`,
  );
  let bytesBefore = 0;
  for (const [base, value] of ['a', 'b', 'c'].entries()) {
    const data = encodeRecords([recordOf({ value })]);
    insert.run(base, longAgo + base, bytesBefore, data);
    bytesBefore += data.length;
  }
  older.close();

  const runtime = await startRuntime({ folder, port: 0, telemetry: noTelemetry });
  onTestFinished(() => runtime.stop());
  const client = new Client(runtime.url, runtime.adminKey);
  await archivedThrough(client, 3);
  expect(await valuesIn(client)).toEqual(['a', 'b', 'c']);
  expect(objectsIn(folder)).toHaveLength(1);
});
