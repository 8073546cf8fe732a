import { expect, onTestFinished, test } from 'vitest';
import { startRuntime } from '../../lib/local/runtime.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { Client, eventually } from '../end-to-end/client.ts';
import { type Reaction, Receiver } from '../end-to-end/receiver.ts';
import { temporaryFolder } from './temporary-folder.ts';

const many = 1000;
/** What one group has of the broker's places, when it wants all that it can get. */
const share = 64;

const startWorld = async () => {
  const runtime = await startRuntime({ folder: temporaryFolder(), port: 0, telemetry: noTelemetry });
  onTestFinished(() => runtime.stop());
  const receiver = await Receiver.start();
  onTestFinished(() => receiver.stop());
  const client = new Client(runtime.url, runtime.adminKey);
  const subscribe = async (topic: string, partitions: number, reaction: Reaction, delivery: object) => {
    const group = `/v1/topics/${topic}/groups/g`;
    await client.ok('PUT', `/v1/topics/${topic}`, { partitions });
    await client.ok('PUT', group, { mode: 'push', start: 'earliest', delivery });
    const { secret } = await client.ok<{ secret: string }>('POST', `${group}/endpoints`, {
      url: receiver.url(`/${topic}`),
    });
    return receiver.open(`/${topic}`, secret, () => reaction).deliveries;
  };
  return { client, subscribe };
};

test.each([
  ['partition', {}],
  ['key', { ordering: 'key', concurrency: 4 }],
  ['none', { ordering: 'none', concurrency: 4 }],
])(
  'a group whose endpoint hangs with a thousand partitions, by %s, keeps its share of the places, and another is delivered meanwhile',
  async (_ordering, delivery) => {
    const { client, subscribe } = await startWorld();
    const hanging = await subscribe('wide', many, 'silence', { timeoutSeconds: 30, ...delivery });
    const healthy = await subscribe('orders', 4, 204, {});
    const everywhere = Array.from({ length: many }, (_, partition) => ({ partition, value: partition }));
    await client.produce('wide', everywhere);
    await eventually(
      'its share hangs',
      () => hanging.length,
      (count) => count === share,
    );
    for (let number = 0; number < 40; number += 1) {
      await client.produce('orders', [{ partition: number % 4, value: number }]);
      await eventually(
        `record ${number} is delivered`,
        () => healthy.flatMap(({ records }) => records).length,
        (count) => count === number + 1,
      );
    }
    // No request was given up in the meantime: what was delivered needed none of their places.
    expect(hanging).toHaveLength(share);
    expect(new Set(hanging.map(({ partition }) => partition)).size).toBe(share);
  },
);
