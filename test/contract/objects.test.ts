import { afterAll, beforeAll } from 'vitest';
import { fileObjectStore } from '../../lib/stores/files/objects.ts';
import { MemoryObjectStore } from '../../lib/stores/memory/objects.ts';
import { createArchiveClient } from '../../lib/stores/s3/client.ts';
import { s3ObjectStore } from '../../lib/stores/s3/objects.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import type { EmbeddedService } from '../embedded/dynamodb.ts';
import { ensureBucket } from '../embedded/resources.ts';
import { startSqsAndS3 } from '../embedded/sqs-s3.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { describeObjectStore } from './suites/object-store.ts';

describeObjectStore({
  name: 'memory',
  ordersByBytes: true,
  open: async () => new MemoryObjectStore(systemClock),
});

describeObjectStore({
  name: 'files',
  ordersByBytes: true,
  open: async () => fileObjectStore(temporaryFolder()),
});

let server: EmbeddedService;
let buckets = 0;
beforeAll(async () => {
  server = await startSqsAndS3();
});
afterAll(() => server.stop());

describeObjectStore({
  name: 'S3 (fauxqs)',
  ordersByBytes: false,
  open: async () => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = createArchiveClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });
    buckets += 1;
    const bucket = `archive-${buckets}`;
    await ensureBucket(client, bucket);
    return s3ObjectStore({ client, bucket, clock: systemClock });
  },
});
