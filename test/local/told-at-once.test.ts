import { expect, onTestFinished, test } from 'vitest';
import { startRuntime } from '../../lib/local/runtime.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { Client, eventually } from '../end-to-end/client.ts';
import { Receiver } from '../end-to-end/receiver.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('what is appended after an endpoint was registered is sent at once, though its topic had nobody to call', async () => {
  const runtime = await startRuntime({ folder: temporaryFolder(), port: 0, telemetry: noTelemetry });
  onTestFinished(() => runtime.stop());
  const receiver = await Receiver.start();
  onTestFinished(() => receiver.stop());
  const client = new Client(runtime.url, runtime.adminKey);
  const group = '/v1/topics/orders/groups/billing';
  await client.ok('PUT', '/v1/topics/orders', { partitions: 1 });
  await client.ok('PUT', group, { mode: 'push', start: 'latest' });
  for (let value = 0; value < 3; value += 1) {
    await client.produce('orders', [{ value }]);
    const { id, secret } = await client.ok<{ id: string; secret: string }>('POST', `${group}/endpoints`, {
      url: receiver.url(`/hook-${value}`),
    });
    const hook = receiver.open(`/hook-${value}`, secret, () => 204);
    const received = () => hook.deliveries.flatMap((delivery) => delivery.records).length;
    const receive = (count: number) => eventually('its delivery', received, (records) => records >= count);
    // What it lagged behind, so that nothing but its own wake brings what comes now.
    await receive(1);
    const producedAt = Date.now();
    await client.produce('orders', [{ value: 'new' }]);
    await receive(2);
    expect((hook.deliveries.at(-1)?.receivedAt ?? 0) - producedAt).toBeLessThan(2500);
    await client.call('DELETE', `${group}/endpoints/${id}`);
  }
});
