import { expect, onTestFinished, test } from 'vitest';
import { startRuntime } from '../../lib/local/runtime.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { openEmbeddedStores } from '../embedded/stores.ts';
import { Client } from '../end-to-end/client.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('long polls cost the store a request or two each, however long they wait, and end with the record', async () => {
  let requests = 0;
  const runtime = await startRuntime({
    folder: temporaryFolder(),
    port: 0,
    telemetry: noTelemetry,
    openStores: (_folder, clock) =>
      openEmbeddedStores({
        clock,
        // What had no answer in time, as on a busy machine, is asked again by the client.
        onRequest: ({ units }) => {
          if (units !== undefined) requests += 1;
        },
      }),
  });
  onTestFinished(() => runtime.stop());
  const client = new Client(runtime.url, runtime.adminKey);
  await client.ok('PUT', '/v1/topics/orders', { partitions: 64 });
  requests = 0;
  const partitions = Array.from({ length: 64 }, (_, partition) => partition);
  const polls = (query: string) => partitions.map((partition) => client.fetch('orders', partition, query));

  const ended = await Promise.all(polls('offset=0&waitSeconds=2'));
  expect(ended.flatMap(({ records }) => records)).toEqual([]);
  // Where it begins, where it ends, a look at once and one at the end: as they were they looked seven times more.
  expect(requests).toBeLessThanOrEqual(64 * 4 + 8);

  const waiting = polls('offset=0&waitSeconds=20');
  const [first] = await client.produce(
    'orders',
    partitions.map((partition) => ({ partition, value: partition })),
  );
  expect(first?.offset).toBe(0);
  expect((await Promise.all(waiting)).map(({ records }) => records[0]?.value)).toEqual(partitions);
});
