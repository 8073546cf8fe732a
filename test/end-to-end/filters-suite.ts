import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually } from './client.ts';
import { Receiver } from './receiver.ts';
import { suiteBroker } from './suite-broker.ts';

interface Status {
  readonly lag: number;
}

/** Groups that are sent some records, and these in another form, as whoever has an address and a key sees them. */
export const describeFilters = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, filters`, () => {
    const broker = suiteBroker(start);
    let receiver: Receiver;
    beforeAll(async () => {
      receiver = await Receiver.startFrom(process.env);
    });
    afterAll(() => receiver.stop());

    const orders = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => ({
        partition: 0,
        key: `c${from + index}`,
        headers: { source: (from + index) % 2 === 0 ? 'shop' : 'returns' },
        value: { cents: (from + index) * 100, items: [{ sku: 'a' }, { sku: 'b' }] },
      }));

    /** A group that is called from the oldest record on. */
    const called = async (delivery: object) => {
      const topic = await broker.newTopic(1);
      const path = `/v1/topics/${topic}/groups/audit`;
      await broker.admin.ok('PUT', path, { mode: 'push', start: 'earliest', delivery });
      const hook = `/${randomUUID()}`;
      const endpoint = { url: receiver.url(hook) };
      const { secret } = await broker.admin.ok<{ secret: string }>('POST', `${path}/endpoints`, endpoint);
      const { deliveries, unverified } = receiver.open(hook, secret, () => 204);
      const records = () => deliveries.flatMap((delivery) => delivery.records);
      const caughtUp = () =>
        eventually(
          'all is acknowledged or left out',
          () => broker.admin.ok<Status>('GET', path),
          ({ lag }) => lag === 0,
          90_000,
        );
      return { topic, path, records, caughtUp, unverified };
    };

    test('leave records out, and the group has no lag for them', async () => {
      const { topic, path, records, caughtUp, unverified } = await called({
        filter: 'headers.source = "shop" and value.cents > 100',
      });
      await broker.admin.produce(topic, orders(0, 6));
      await caughtUp();
      expect(records().map(({ offset }) => offset)).toEqual([2, 4]);

      await broker.admin.produce(topic, orders(7, 8));
      await caughtUp();
      expect(records()).toHaveLength(2);
      expect(await broker.admin.ok('GET', path)).toMatchObject({
        filtered: 5,
        partitions: [{ committed: 7, filtered: 5 }],
      });

      await broker.admin.ok('PATCH', path, { delivery: { filter: null } });
      // A process may go on for seconds with the filter that it knows.
      const another = async () => {
        await broker.admin.produce(topic, orders(9, 10));
        return records();
      };
      await eventually('what nothing leaves out is sent', another, (all) => all.length > 2, 90_000);
      expect(records().at(-1)).toMatchObject({ key: 'c9' });
      expect(unverified).toEqual([]);
    });

    test('are no reason to lose a record: one that they cannot tell of is sent', async () => {
      const { topic, records, caughtUp } = await called({ filter: 'value.cents > 100' });
      await broker.admin.produce(topic, [{ value: { cents: 'many' } }, ...orders(0, 1)]);
      await caughtUp();
      expect(records().map(({ value }) => value)).toEqual([{ cents: 'many' }]);
    });

    test('stand beside a transform, whose result is sent as the value', async () => {
      const { topic, records, caughtUp, unverified } = await called({
        filter: 'value.cents > 0',
        transform: '{"order": key, "euros": value.cents / 100, "skus": value.items.sku}',
      });
      await broker.admin.produce(topic, orders(0, 2));
      await caughtUp();
      expect(records()).toMatchObject([
        {
          offset: 1,
          key: 'c1',
          headers: { source: 'returns' },
          value: { order: 'c1', euros: 1, skus: ['a', 'b'] },
        },
      ]);
      expect(unverified).toEqual([]);
    });

    test.each([
      [{ filter: 'value.cents >' }, 'delivery.filter'],
      [{ transform: '$now()' }, 'delivery.transform'],
    ])('are refused where they are none: %j', async (delivery, at) => {
      const topic = await broker.newTopic(1);
      const path = `/v1/topics/${topic}/groups/audit`;
      const { status, body } = await broker.admin.call('PUT', path, { mode: 'push', delivery });
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 'invalid_request', errors: [{ path: at }] });
    });
  });
};
