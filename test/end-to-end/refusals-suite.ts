import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually } from './client.ts';
import { type Delivery, type Reaction, Receiver } from './receiver.ts';
import { suiteBroker } from './suite-broker.ts';

const soon = {
  maxAttempts: 2,
  deadLetterAfterSeconds: 0,
  backoff: { initialSeconds: 0.1, maxSeconds: 0.1 },
};
const offsetsOf = ({ records }: Delivery): number[] => records.map(({ offset }) => offset);
const ascending = (one: number, other: number): number => one - other;

interface ShownPartition {
  readonly committed: number;
  readonly delayed?: number;
  readonly acknowledgedAhead?: number;
}

interface Shown {
  readonly partitions: readonly ShownPartition[];
  readonly deadLettered?: number;
  readonly redrive?: { readonly records: number; readonly left: number; readonly deadLettered: number };
}

/** What becomes of records that an endpoint refuses, and of a group whose endpoints are out, as whoever has an address and a key sees it. */
export const describeRefusals = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, what endpoints refuse`, () => {
    const broker = suiteBroker(start);
    let receiver: Receiver;
    beforeAll(async () => {
      receiver = await Receiver.startFrom(process.env);
    });
    afterAll(() => receiver.stop());

    const groupOf = async (delivery: object, records: readonly object[], partitions = 1) => {
      const topic = await broker.newTopic(partitions);
      await broker.admin.produce(topic, records);
      const path = `/v1/topics/${topic}/groups/audit`;
      await broker.admin.ok('PUT', path, {
        mode: 'push',
        start: 'earliest',
        delivery: { ...soon, ...delivery },
      });
      const shown = () => broker.admin.ok<Shown>('GET', path);
      const committed = async (): Promise<number> =>
        (await shown()).partitions.reduce((sum, partition) => sum + partition.committed, 0);
      const done = (records: number) =>
        eventually('all is done with', committed, (count) => count === records, 90_000);
      const endpoint = async (react: (delivery: Delivery) => Reaction) => {
        const hook = `/${randomUUID()}`;
        const url = receiver.url(hook);
        const { id, secret } = await broker.admin.ok<{ id: string; secret: string }>(
          'POST',
          `${path}/endpoints`,
          { url },
        );
        return { id, ...receiver.open(hook, secret, react) };
      };
      return { topic, path, shown, done, endpoint };
    };

    test.each([
      { ordering: 'partition', concurrency: 1 },
      { ordering: 'key', concurrency: 3 },
      { ordering: 'none', concurrency: 3 },
    ])(
      'a record that is refused for ever is the one dead letter, in the order $ordering, and comes again when it is redriven',
      async (settings) => {
        const records = Array.from({ length: 10 }, (_, value) => ({ key: `k${value % 3}`, value }));
        const group = await groupOf({ ...settings, batchSize: 4 }, records);
        let isMended = false;
        const { deliveries, unverified } = await group.endpoint((taken) =>
          !isMended && taken.records.some(({ value }) => value === 4) ? 422 : 204,
        );
        await group.done(10);
        expect(await group.shown()).toMatchObject({ deadLettered: 1 });
        const dead = `${group.topic}.audit.dead`;
        const { records: letters } = await broker.admin.fetch(dead, 0, 'offset=earliest');
        expect(letters).toMatchObject([
          {
            ...{ key: 'k1', value: 4 },
            headers: { 'millrace-dead-reason': 'refused', 'millrace-dead-offset': '4' },
          },
        ]);
        const taken = deliveries.filter((each) => !offsetsOf(each).includes(4)).flatMap(offsetsOf);
        expect([...new Set(taken)].sort(ascending)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
        isMended = true;
        const before = deliveries.length;
        const asked = await broker.admin.ok('POST', `${group.path}/redrive`);
        expect(asked).toMatchObject({ records: 1 });
        const { redrive } = await eventually(
          'the dead letter is taken',
          group.shown,
          (shown) => shown.redrive?.left === 0,
          90_000,
        );
        expect(redrive).toMatchObject({ records: 1, deadLettered: 0 });
        expect(deliveries.slice(before)).toMatchObject([
          { topic: dead, group: 'audit', records: [{ offset: 0, key: 'k1', value: 4 }] },
        ]);
        expect(unverified).toEqual([]);
        // It stays where it is, and is not given twice.
        expect(await broker.admin.ok('POST', `${group.path}/redrive`)).toMatchObject({ records: 0 });
      },
      120_000,
    );

    test.each([
      { ordering: 'key', heldUp: [1, 4, 7] },
      { ordering: 'none', heldUp: [1] },
    ])(
      'a record that is refused holds up no more than the order $ordering says, and the group shows what is ahead of it',
      async ({ ordering, heldUp }) => {
        const records = Array.from({ length: 9 }, (_, value) => ({ key: `k${value % 3}`, value }));
        const settings = { ordering, concurrency: 20, batchSize: 1, maxAttempts: null };
        const group = await groupOf(settings, records);
        let isMended = false;
        const { deliveries } = await group.endpoint(({ records: [first] }) =>
          first?.value === 1 && !isMended ? 422 : 204,
        );
        const ahead = 9 - heldUp.length - 1;
        const shown = await eventually(
          'all others are delivered, and it was refused',
          group.shown,
          ({ partitions: [only] }) => only?.acknowledgedAhead === ahead && only.delayed === heldUp.length,
          90_000,
        );
        expect(shown.partitions).toMatchObject([{ committed: 1, lag: 8, stuck: 0 }]);
        expect(shown).not.toHaveProperty('deadLettered');
        const sent = new Set(deliveries.flatMap(offsetsOf));
        expect([0, 1, 2, 3, 4, 5, 6, 7, 8].filter((offset) => !sent.has(offset))).toEqual(heldUp.slice(1));
        isMended = true;
        await group.done(9);
        const ofItsKey = deliveries.flatMap(offsetsOf).filter((offset) => heldUp.includes(offset));
        expect([...new Set(ofItsKey)]).toEqual(heldUp);
      },
      120_000,
    );

    test('a dead letter that is refused again is one more, and other records are delivered meanwhile', async () => {
      const group = await groupOf({}, [{ value: 0 }]);
      const { deliveries } = await group.endpoint(({ records: [first] }) => (first?.value === 0 ? 400 : 204));
      await group.done(1);
      await broker.admin.ok('POST', `${group.path}/redrive`);
      await broker.admin.produce(group.topic, [{ value: 1 }]);
      await group.done(2);
      await eventually(
        'it is refused again',
        group.shown,
        ({ redrive }) => redrive?.left === 0 && redrive.deadLettered === 1,
        90_000,
      );
      const dead = `${group.topic}.audit.dead`;
      const { records } = await broker.admin.fetch(dead, 0, 'offset=earliest');
      expect(records.map(({ value }) => value)).toEqual([0, 0]);
      expect(records[1]?.headers).toMatchObject({ 'millrace-dead-topic': dead, 'millrace-dead-offset': '0' });
      expect(deliveries.filter(({ records: [first] }) => first?.value === 1)).toHaveLength(1);
    }, 120_000);

    test('an endpoint that is out hands all of its partitions to the other, and gets them back', async () => {
      const records = (value: number) => Array.from({ length: 4 }, (_, partition) => ({ partition, value }));
      const group = await groupOf({ timeoutSeconds: 2 }, records(0), 4);
      let isDown = true;
      const first = await group.endpoint(() => (isDown ? 503 : 204));
      const second = await group.endpoint(() => 204);
      await group.done(4);
      const taken = new Set(second.deliveries.map(({ partition }) => partition));
      expect(taken.size).toBe(4);
      isDown = false;
      let round = 0;
      await eventually(
        'it is sent its own again',
        async () => {
          round += 1;
          const before = first.deliveries.length;
          await broker.admin.produce(group.topic, records(round));
          await group.done(4 * (round + 1));
          return first.deliveries.length - before;
        },
        (count) => count === 2,
        90_000,
      );
    }, 120_000);
  });
};
