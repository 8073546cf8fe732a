import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually } from './client.ts';
import { Receiver } from './receiver.ts';
import { suiteBroker } from './suite-broker.ts';

interface SystemEvent {
  readonly id: string;
  readonly type: string;
  readonly topic: string;
  readonly group: string;
}

const events = '/v1/topics/millrace.events';

/** What Millrace tells of groups, as whoever has a webhook for it sees it. */
export const describeSystemEvents = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, telling what happens to groups`, () => {
    const broker = suiteBroker(start);
    let receiver: Receiver;
    beforeAll(async () => {
      receiver = await Receiver.startFrom(process.env);
    });
    afterAll(() => receiver.stop());

    /** A webhook for events from now on. Gives those about a topic, live, in the order in which they came. */
    const watch = async () => {
      await broker.admin.ok('PUT', events);
      const path = `${events}/groups/watch-${randomUUID()}`;
      await broker.admin.ok('PUT', path, { mode: 'push', start: 'latest' });
      onTestFinished(() => broker.admin.call('DELETE', path).then(() => undefined));
      const hook = `/${randomUUID()}`;
      const endpoint = { url: receiver.url(hook) };
      const { secret } = await broker.admin.ok<{ secret: string }>('POST', `${path}/endpoints`, endpoint);
      const { deliveries, unverified } = receiver.open(hook, secret, () => 204);
      const of = (topic: string) =>
        deliveries
          .flatMap(({ records }) => records)
          .filter(({ value }) => (value as SystemEvent).topic === topic);
      return { of, unverified };
    };

    test('a webhook hears that the endpoint of another group is gone, and that its group is paused', async () => {
      const { of, unverified } = await watch();
      const topic = await broker.newTopic();
      const path = `/v1/topics/${topic}/groups/audit`;
      await broker.admin.ok('PUT', path, { mode: 'push', start: 'earliest' });
      const hook = `/${randomUUID()}`;
      const { id, secret } = await broker.admin.ok<{ id: string; secret: string }>(
        'POST',
        `${path}/endpoints`,
        { url: receiver.url(hook) },
      );
      const gone = receiver.open(hook, secret, () => 410);
      await broker.admin.produce(topic, [{ partition: 0, value: 1 }]);
      await eventually(
        'both are told',
        () => of(topic),
        (all) => all.length >= 2,
        90_000,
      );
      const said = { topic, group: 'audit', endpoint: id, reason: 'It answered 410 (Gone).' };
      expect(of(topic)).toMatchObject([
        {
          key: `${topic}/audit`,
          headers: { 'millrace-event': 'endpoint.disabled' },
          value: { type: 'endpoint.disabled', by: 'failures', ...said },
        },
        {
          key: `${topic}/audit`,
          headers: { 'millrace-event': 'group.paused' },
          value: { type: 'group.paused', by: 'endpoint', ...said },
        },
      ]);
      expect(gone.deliveries).toHaveLength(1);

      // It goes on where it stopped.
      await broker.admin.ok('PATCH', `${path}/endpoints/${id}`, { status: 'enabled' });
      await eventually(
        'it is called again',
        () => gone.deliveries,
        (all) => all.length >= 2,
        90_000,
      );
      await eventually(
        'all is told',
        () => of(topic),
        (all) => all.length >= 6,
        90_000,
      );
      expect(of(topic).map(({ value }) => (value as SystemEvent).type)).toEqual([
        'endpoint.disabled',
        'group.paused',
        'endpoint.enabled',
        'group.resumed',
        'endpoint.disabled',
        'group.paused',
      ]);
      expect(unverified).toEqual([]);
    });

    test('it hears of pauses by requests and of dead letters, and nobody else tells it anything', async () => {
      const { of } = await watch();
      const topic = await broker.newTopic();
      const path = `/v1/topics/${topic}/groups/workers`;
      await broker.admin.ok('PUT', path, { mode: 'shared', start: 'earliest', maxDeliveries: 1 });
      onTestFinished(() =>
        broker.admin.call('DELETE', `/v1/topics/${topic}.workers.dead`).then(() => undefined),
      );
      await broker.admin.ok('POST', `${path}/pause`);
      await broker.admin.ok('POST', `${path}/resume`);
      await broker.admin.produce(topic, [{ partition: 0, value: 'poison' }]);
      const poll = () => broker.admin.ok('POST', `${path}/poll`, { consumerId: 'a', waitSeconds: 1 });
      await poll();
      const records = [{ partition: 0, offset: 0, outcome: 'nack' }];
      await broker.admin.ok('POST', `${path}/ack`, { consumerId: 'a', records });
      await poll();
      await eventually(
        'all is told',
        () => of(topic),
        (all) => all.length >= 3,
        90_000,
      );
      expect(of(topic).map(({ value }) => value)).toMatchObject([
        { type: 'group.paused', by: 'request' },
        { type: 'group.resumed', by: 'request' },
        { type: 'record.dead_lettered', offset: 0, reason: 'nack', deadTopic: `${topic}.workers.dead` },
      ]);
      const forged = { records: [{ value: { topic } }] };
      expect(await broker.admin.call('POST', `${events}/records`, forged)).toMatchObject({ status: 403 });
    });
  });
};
