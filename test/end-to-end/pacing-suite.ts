import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually } from './client.ts';
import { type Delivery, type Reaction, Receiver } from './receiver.ts';
import { suiteBroker } from './suite-broker.ts';

/** Endpoints that allow so many requests at once, or a second, as whoever has an address and a key sees them. */
export const describePacing = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, pacing endpoints`, () => {
    const broker = suiteBroker(start);
    let receiver: Receiver;
    beforeAll(async () => {
      receiver = await Receiver.startFrom(process.env);
    });
    afterAll(() => receiver.stop());

    interface Called {
      readonly settings: object;
      readonly react: () => Reaction;
      readonly answered?: () => void;
    }

    /** Twelve records in four partitions, each a request to an endpoint. What it was sent, once it has all of them. */
    const twelve = async ({ settings, react, answered }: Called): Promise<readonly Delivery[]> => {
      const topic = await broker.newTopic(4);
      const path = `/v1/topics/${topic}/groups/audit`;
      const records = Array.from({ length: 12 }, (_, value) => ({ partition: value % 4, value }));
      await broker.admin.produce(topic, records);
      await broker.admin.ok('PUT', path, { mode: 'push', start: 'earliest', delivery: { batchSize: 1 } });
      const hook = `/${randomUUID()}`;
      const endpoint = { url: receiver.url(hook), ...settings };
      const registered = await broker.admin.ok<{ id: string; secret: string }>(
        'POST',
        `${path}/endpoints`,
        endpoint,
      );
      const { deliveries, unverified } = receiver.open(hook, registered.secret, react, answered);
      expect(registered).toMatchObject(settings);
      await eventually(
        'all twelve arrive',
        () => new Set(deliveries.map(({ id }) => id)).size,
        (count) => count === 12,
        90_000,
      );
      expect(unverified).toEqual([]);
      const change = { maxConcurrentRequests: null, requestsPerSecond: null };
      const changed = await broker.admin.ok('PATCH', `${path}/endpoints/${registered.id}`, change);
      for (const setting of Object.keys(settings)) expect(changed).not.toHaveProperty(setting);
      return deliveries;
    };

    test('an endpoint has no more requests under way than it allows, whichever partitions they are of', async () => {
      let underWay = 0;
      let most = 0;
      const deliveries = await twelve({
        settings: { maxConcurrentRequests: 1 },
        react: () => {
          underWay += 1;
          most = Math.max(most, underWay);
          return { status: 204, afterMs: 100 };
        },
        answered: () => {
          underWay -= 1;
        },
      });
      expect(most).toBe(1);
      // Nothing was a failed attempt.
      expect(deliveries).toHaveLength(12);
    }, 120_000);

    test('an endpoint is called no more often than it allows', async () => {
      const deliveries = await twelve({ settings: { requestsPerSecond: 4 }, react: () => 204 });
      const at = deliveries.map(({ receivedAt }) => receivedAt);
      // Eleven quarters of a second, but for what may come late, and by the ways to here.
      expect(Math.max(...at) - Math.min(...at)).toBeGreaterThan(11 * 250 - 1000);
      expect(deliveries).toHaveLength(12);
    }, 120_000);
  });
};
