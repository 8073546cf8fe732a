import { afterAll, beforeAll, expect, test } from 'vitest';
import { parquetSegments } from '../../../lib/archive/parquet/parquet-segments.ts';
import { dynamoStateStores } from '../../../lib/stores/dynamodb/stores.ts';
import { createArchiveClient } from '../../../lib/stores/s3/client.ts';
import { s3ObjectStore } from '../../../lib/stores/s3/objects.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import { ensureBucket } from '../../embedded/resources.ts';
import { startSqsAndS3 } from '../../embedded/sqs-s3.ts';
import { embeddedTables, type TestTables } from '../../embedded/tables.ts';
import { recordOf } from '../../harness/records.ts';
import { archive } from '../../harness/segments-by-hand.ts';
import { type Gatekeeper, startGatekeeper } from '../../infra/gatekeeper.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { inLog } from '../../unit/archive/parquet/hard-records.ts';
import { type Ended, run } from '../command.ts';

const started = new AsyncDisposableStack();
const bucket = 'archive';
let tables: TestTables;
let gatekeeper: Gatekeeper;

/**
 * The rights that docs/archive.md names, on keys that a query has to do with. `s3:ListBucket` is for S3 to say that an object is
 * not there, and no request of its own.
 */
const named = {
  'dynamodb:Query': /^(topic|topic\/.*|segments\/.*)$/,
  's3:GetObject': /^\w+\/topic=/,
};

const isNamed = (action: string, resource: string, leadingKeys: readonly string[] = []): boolean => {
  const on = Object.hasOwn(named, action) ? named[action as keyof typeof named] : undefined;
  return (
    on !== undefined && (action.startsWith('s3:') ? [resource] : leadingKeys).every((key) => on.test(key))
  );
};

beforeAll(async () => {
  tables = started.use(await embeddedTables());
  const s3 = await startSqsAndS3();
  started.defer(() => s3.stop());
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = createArchiveClient({ endpoint: s3.endpoint, region: 'us-east-1', credentials });
  started.defer(() => client.destroy());
  await ensureBucket(client, bucket);
  await ensureBucket(client, 'another');
  const stores = {
    ...dynamoStateStores(tables.state),
    objects: s3ObjectStore({ client, bucket, clock: systemClock }),
  };
  const topic = { name: 'orders', topicId: 'orders-1', createdAt: 0, partitions: 4, retentionHours: null };
  await stores.topics.create({ ...topic, archive: true });
  const records = inLog([recordOf({ key: 'a', value: 1 }), recordOf({ key: 'b', value: 2 })]);
  const at = { topicId: 'orders-1', partition: 3 };
  await archive(stores, parquetSegments, at, { start: 0, end: 2, records });
  gatekeeper = started.use(
    await startGatekeeper({
      dynamodb: tables.endpoint,
      sqs: s3.endpoint,
      s3: s3.endpoint,
      resourceOf: (name) => name,
      allows: (caller, { action, resource, leadingKeys }) =>
        caller === 'reader' && isNamed(action, resource, leadingKeys),
    }),
  );
});

afterAll(() => started.disposeAsync());

const statement = 'select partition, "offset", key, value_json from orders order by "offset"';

/** Runs the command as somebody whose access key says who they are. */
const queryAs = (
  caller: string | undefined,
  args: readonly string[] = ['--bucket', bucket, '--table', tables.state.table, statement],
): Promise<Ended> =>
  run('query', ['--format', 'json', ...args], {
    environment: {
      HOME: temporaryFolder(),
      AWS_ENDPOINT_URL: gatekeeper.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: caller ?? '',
      AWS_SECRET_ACCESS_KEY: caller === undefined ? '' : 'none',
    },
  });

test('npm run query needs no other rights than the documentation names', async () => {
  const { code, stdout, stderr } = await queryAs('reader');
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'Fetching 1 segments, 0.0 MiB.\n' });
  expect(JSON.parse(stdout)).toEqual([
    { partition: 3, offset: 0, key: 'a', value_json: 1 },
    { partition: 3, offset: 1, key: 'b', value_json: 2 },
  ]);
  expect(gatekeeper.refused).toEqual([]);
});

test.each([
  ['who has no rights', 'nobody', [], 'The rights are in'],
  ['who has no credentials', undefined, [], 'Give AWS credentials'],
  ['whose table is none', 'reader', ['--table', 'none'], 'Is it the right name'],
  ['whose bucket is none', 'reader', ['--bucket', 'none'], 'Is it the right name'],
  ['whose bucket is of another broker', 'reader', ['--bucket', 'another'], 'those of one broker?'],
  ['who names a stack too', 'reader', ['--stack', 's'], 'not both'],
])('tells %s what to do', async (_who, caller, changes, said) => {
  const options = {
    '--bucket': bucket,
    '--table': tables.state.table,
    [changes[0] ?? '--rows']: changes[1] ?? '9',
  };
  const { code, stdout, stderr } = await queryAs(caller, [...Object.entries(options).flat(), statement]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(said);
  expect(stderr).not.toMatch(/^ +at /m);
});
