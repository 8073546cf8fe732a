import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually } from './client.ts';
import { type Delivery, Receiver } from './receiver.ts';
import { suiteBroker } from './suite-broker.ts';

const backoff = { initialSeconds: 0.1, maxSeconds: 0.1 };
const offsetsOf = ({ records }: Delivery): number[] => records.map(({ offset }) => offset);
const tokenOf = ({ headers }: Delivery): string => String(headers['webhook-ack-token']);

/** Messages that an endpoint takes, and that somebody behind it acknowledges by the tokens that came with them. */
export const describeAcks = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, acknowledgement by token`, () => {
    const broker = suiteBroker(start);
    let receiver: Receiver;
    beforeAll(async () => {
      receiver = await Receiver.startFrom(process.env);
    });
    afterAll(() => receiver.stop());

    const say = async (delivery: Delivery, body?: object): Promise<number> => {
      const { status } = await broker.anybody.call('POST', `/v1/acks/${tokenOf(delivery)}`, body);
      return status;
    };

    /** Records of one partition, and a group that is sent them. @param onTaken what comes of each message that the endpoint took. */
    const begin = async (
      settings: object,
      records: readonly object[],
      onTaken: (delivery: Delivery, before: number) => void,
    ) => {
      const topic = await broker.newTopic(1);
      await broker.admin.produce(topic, records);
      const path = `/v1/topics/${topic}/groups/audit`;
      const delivery = { ack: 'explicit', backoff, ...settings };
      await broker.admin.ok('PUT', path, { mode: 'push', start: 'earliest', delivery });
      const hook = `/${randomUUID()}`;
      const { secret } = await broker.admin.ok<{ secret: string }>('POST', `${path}/endpoints`, {
        url: receiver.url(hook),
      });
      let count = 0;
      const opened = receiver.open(hook, secret, (taken) => {
        const before = count++;
        setImmediate(() => onTaken(taken, before));
        return 202;
      });
      const committed = async (): Promise<number> => {
        const group = await broker.admin.ok<{ partitions: { committed: number }[] }>('GET', path);
        return group.partitions[0]?.committed ?? 0;
      };
      const done = (end: number) =>
        eventually('all is acknowledged', committed, (offset) => offset === end, 90_000);
      return { ...opened, done };
    };

    test.each([
      { ordering: 'partition', concurrency: 1 },
      { ordering: 'key', concurrency: 3 },
      { ordering: 'none', concurrency: 3 },
    ])(
      'what the endpoint took is acknowledged by whoever has its token, in the order $ordering',
      async (settings) => {
        const records = Array.from({ length: 12 }, (_, value) => ({ key: `k${value % 4}`, value }));
        const failures: unknown[] = [];
        const { deliveries, unverified, done } = await begin(
          { ...settings, batchSize: 2 },
          records,
          (taken) => {
            say(taken).then(
              (status) => status === 204 || failures.push(status),
              (error: unknown) => failures.push(error),
            );
          },
        );
        await done(12);
        expect({ unverified, failures }).toEqual({ unverified: [], failures: [] });
        const offsets = deliveries.flatMap(offsetsOf);
        expect([...offsets].sort((one, other) => one - other)).toEqual([...records.keys()]);
        const inOrder = (of: readonly number[]) => expect(of).toEqual([...of].sort((a, b) => a - b));
        if (settings.ordering === 'partition') inOrder(offsets);
        if (settings.ordering === 'key')
          for (const key of [0, 1, 2, 3]) inOrder(offsets.filter((offset) => offset % 4 === key));
        // It is not with its consumer any more; that it was acknowledged is as true as before.
        const [first] = deliveries;
        if (first === undefined) throw new Error('There was a delivery.');
        expect([await say(first), await say(first, { outcome: 'nack' })]).toEqual([204, 409]);
      },
      120_000,
    );

    test('what is refused, failed or not spoken of is sent again, and nothing else is', async () => {
      const records = [{ value: 0 }, { value: 1 }, { value: 2 }, { value: 3 }];
      const said = [
        // Nothing, until it is over.
        async () => 204,
        (taken: Delivery) => say(taken, { outcome: 'nack' }),
        (taken: Delivery) => say(taken, { outcome: 'ack', failed: [1] }),
      ];
      const { deliveries, done } = await begin({ ackTimeoutSeconds: 2 }, records, (taken, before) => {
        void (said[before] ?? ((each: Delivery) => say(each)))(taken);
      });
      await done(4);
      const [first, second, third, ...rest] = deliveries;
      expect([first, second, third].map((each) => each && offsetsOf(each))).toEqual(
        Array.from({ length: 3 }, () => [0, 1, 2, 3]),
      );
      expect(new Set([first?.id, second?.id, third?.id]).size).toBe(1);
      expect([first, second, third].map((each) => each?.headers['webhook-attempt'])).toEqual(['1', '2', '3']);
      expect(rest.flatMap(offsetsOf)).toEqual([1, 2, 3]);
    }, 120_000);

    test('a token that is not quite the one that was sent is refused', async () => {
      let flipped: number | undefined;
      const { done } = await begin({}, [{ value: 0 }], (taken) => {
        const token = tokenOf(taken);
        const other = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
        void broker.anybody
          .call('POST', `/v1/acks/${other}`)
          .then(({ status }) => {
            flipped = status;
          })
          .then(() => say(taken));
      });
      await done(1);
      expect(flipped).toBe(403);
    }, 120_000);
  });
};
