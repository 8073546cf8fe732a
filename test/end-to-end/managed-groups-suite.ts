import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually, type Record } from './client.ts';
import { Receiver } from './receiver.ts';
import { suiteBroker } from './suite-broker.ts';

interface Polled {
  readonly records: readonly Record[];
}

/** Groups that are managed while they run, as whoever has an address and a key sees them. */
export const describeManagedGroups = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, managing groups`, () => {
    const broker = suiteBroker(start);
    let receiver: Receiver;
    beforeAll(async () => {
      receiver = await Receiver.startFrom(process.env);
    });
    afterAll(() => receiver.stop());

    const three = [0, 1, 2].map((value) => ({ partition: 0, value }));
    const move = { partitions: [{ partition: 0, from: 3, to: 0, records: 3 }], records: 3 };

    test('one that is called goes on where it is moved to, as soon as it is resumed', async () => {
      const topic = await broker.newTopic();
      const path = `/v1/topics/${topic}/groups/audit`;
      await broker.admin.produce(topic, three);
      await broker.admin.ok('PUT', path, { mode: 'push', start: 'earliest' });
      const hook = `/${randomUUID()}`;
      const endpoint = { url: receiver.url(hook) };
      const { secret } = await broker.admin.ok<{ secret: string }>('POST', `${path}/endpoints`, endpoint);
      const { deliveries, unverified } = receiver.open(hook, secret, () => 204);
      const offsets = () => deliveries.flatMap(({ records }) => records.map(({ offset }) => offset));
      const isMovable = (moves: unknown) => JSON.stringify(moves) === JSON.stringify(move);
      const dryRun = () => broker.admin.ok('POST', `${path}/seek?dryRun=true`, { to: 'earliest' });
      await eventually('all is acknowledged', dryRun, isMovable, 90_000);
      expect(offsets()).toEqual([0, 1, 2]);

      expect(await broker.admin.ok('POST', `${path}/pause`)).toMatchObject({
        status: 'paused',
        pausedBy: { kind: 'request' },
      });
      expect(await broker.admin.ok('POST', `${path}/seek`, { to: 'earliest' })).toEqual(move);
      expect(await broker.admin.ok('POST', `${path}/resume`)).toMatchObject({ status: 'active' });
      await eventually('all is delivered again', offsets, (all) => all.length >= 6, 90_000);
      expect(offsets().slice(3)).toEqual([0, 1, 2]);
      expect(unverified).toEqual([]);
    });

    test.each(['pull', 'shared'])('a consumer of mode %s that waits hears of a seek', async (mode) => {
      const topic = await broker.newTopic();
      const path = `/v1/topics/${topic}/groups/workers`;
      await broker.admin.produce(topic, three);
      await broker.admin.ok('PUT', path, { mode, start: 'earliest' });
      const poll = (more: object = {}) =>
        broker.admin.ok<Polled>('POST', `${path}/poll`, { consumerId: 'a', ...more });
      const offsetsIn = ({ records }: Polled) => records.map(({ offset }) => offset);
      expect(offsetsIn(await poll())).toEqual([0, 1, 2]);
      const done = mode === 'pull' ? { offsets: { 0: 3 } } : { records: [{ partition: 0, from: 0, to: 3 }] };
      await broker.admin.ok('POST', `${path}/ack`, { consumerId: 'a', ...done });

      const waiting = poll({ waitSeconds: 20 });
      expect(await broker.admin.ok('POST', `${path}/seek`, { to: 'earliest' })).toEqual(move);
      expect(offsetsIn(await waiting)).toEqual([0, 1, 2]);
    });
  });
};
