import { describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { type Answer, eventually, type Record } from './client.ts';
import { suiteBroker } from './suite-broker.ts';

interface HandedOut extends Record {
  readonly topic?: string;
  readonly deliveries?: number;
}

interface Polled {
  readonly records: readonly HandedOut[];
  readonly assignment: readonly number[];
  readonly epochs: Readonly<{ [partition: string]: number }>;
}

/** Groups whose consumers come for their records, as whoever has an address and a key sees them. */
export const describeGroups = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, pulled from`, () => {
    const broker = suiteBroker(start);

    const newGroup = async (partitions: number, settings: object) => {
      const topic = await broker.newTopic(partitions);
      const path = `/v1/topics/${topic}/groups/workers`;
      await broker.admin.ok('PUT', path, { start: 'earliest', ...settings });
      const ask = (what: string, body: object): Promise<Answer> =>
        broker.admin.call('POST', `${path}/${what}`, body);
      const poll = (consumerId: string, more: object = {}): Promise<Polled> =>
        broker.admin.ok<Polled>('POST', `${path}/poll`, { consumerId, ...more });
      return { topic, path, ask, poll };
    };

    const values = ({ records }: Pick<Polled, 'records'>): unknown[] => records.map(({ value }) => value);

    test('consumers share the partitions, in order, and one has them all when the other leaves', async () => {
      const { topic, ask, poll } = await newGroup(4, { mode: 'pull' });
      const partitions = [0, 1, 2, 3];
      await broker.admin.produce(
        topic,
        partitions.map((partition) => ({ partition, value: partition })),
      );
      await poll('a', { maxRecords: 0 });
      await poll('b', { maxRecords: 0 });
      const shares = await eventually(
        'each has two partitions',
        () => Promise.all([poll('a', { maxRecords: 0 }), poll('b', { maxRecords: 0 })]),
        (polled) => polled.every(({ assignment }) => assignment.length === 2),
      );
      expect(shares.flatMap(({ assignment }) => assignment).sort()).toEqual(partitions);
      const first = await eventually(
        'a has its records',
        () => poll('a', { waitSeconds: 5 }),
        ({ records }) => records.length > 0,
      );
      expect(first.records.every(({ partition }) => shares[0]?.assignment.includes(partition))).toBe(true);
      const offsets = Object.fromEntries(
        first.records.map(({ partition, offset }) => [partition, offset + 1]),
      );
      expect(await ask('ack', { consumerId: 'a', offsets, epochs: first.epochs })).toMatchObject({
        status: 204,
      });
      expect(await ask('leave', { consumerId: 'a' })).toMatchObject({ status: 204 });
      const seen: unknown[] = values(first);
      let ack: object = {};
      while (seen.length < 4) {
        const polled = await poll('b', { waitSeconds: 10, ...ack });
        seen.push(...values(polled));
        const done = Object.fromEntries(
          polled.records.map(({ partition, offset }) => [partition, offset + 1]),
        );
        ack = { ack: { offsets: done } };
      }
      expect([...new Set(seen)].sort()).toEqual(partitions);
      expect(await ask('ack', { consumerId: 'a', offsets: { 0: 1 } })).toMatchObject({
        status: 409,
        body: { code: 'lease_lost' },
      });
    });

    test('a seek has everything handed out once more, and an acknowledgement from before it moves nothing', async () => {
      const { topic, path, ask, poll } = await newGroup(1, { mode: 'pull' });
      await broker.admin.produce(topic, [{ value: 1 }, { value: 2 }]);
      const before = await poll('a', { waitSeconds: 10 });
      expect(values(before)).toEqual([1, 2]);
      expect(await ask('ack', { consumerId: 'a', offsets: { 0: 2 } })).toMatchObject({ status: 204 });
      const plan = await broker.admin.ok('POST', `${path}/seek?dryRun=true`, { to: 'earliest' });
      expect(plan).toMatchObject({ partitions: [{ partition: 0, from: 2, to: 0, records: 2 }], records: 2 });
      await broker.admin.ok('POST', `${path}/seek`, { to: 'earliest' });
      const again = await eventually(
        'both come again',
        () => poll('a', { waitSeconds: 5 }),
        ({ records }) => records.length === 2,
      );
      expect(values(again)).toEqual([1, 2]);
      const stale = { consumerId: 'a', offsets: { 0: 2 }, epochs: before.epochs };
      expect(await ask('ack', stale)).toMatchObject({ status: 409, body: { code: 'lease_lost' } });
    });

    test('consumers share the records, and what nobody takes goes to the dead letters and comes back', async () => {
      const { topic, path, ask, poll } = await newGroup(1, { mode: 'shared', maxDeliveries: 2 });
      await broker.admin.produce(topic, [{ value: 'good' }, { value: 'bad' }]);
      const one = await poll('a', { waitSeconds: 10, maxRecords: 1 });
      const other = await poll('b', { waitSeconds: 10, maxRecords: 1 });
      expect([...values(one), ...values(other)]).toEqual(['good', 'bad']);
      const settled = (consumerId: string, record: HandedOut, outcome: string): Promise<Answer> => {
        const { partition, offset, topic: from } = record;
        const records = [{ partition, offset, outcome, ...(from !== undefined && { topic: from }) }];
        return ask('ack', { consumerId, records });
      };
      const [good, bad] = [one.records[0], other.records[0]];
      if (good === undefined || bad === undefined) throw new Error('There are no records.');
      expect(await settled('a', good, 'ack')).toMatchObject({ status: 204 });
      expect(await settled('b', bad, 'nack')).toMatchObject({ status: 204 });
      const second = await poll('a', { waitSeconds: 10 });
      expect(second.records).toMatchObject([{ value: 'bad', deliveries: 2 }]);
      expect(await settled('a', second.records[0] ?? bad, 'nack')).toMatchObject({ status: 204 });
      const dead = `${topic}.workers.dead`;
      const letters = await eventually(
        'there is a dead letter',
        () => broker.admin.fetch(dead, 0, 'offset=earliest'),
        ({ records }) => records.length === 1,
      );
      expect(letters.records).toMatchObject([{ value: 'bad', headers: { 'millrace-dead-deliveries': '2' } }]);
      expect(await broker.admin.ok('POST', `${path}/redrive`, {})).toMatchObject({ records: 1 });
      const redriven = await eventually(
        'it is handed out again',
        () => poll('a', { waitSeconds: 5 }),
        ({ records }) => records.length === 1,
      );
      expect(redriven.records).toMatchObject([{ value: 'bad', topic: dead, deliveries: 1 }]);
      expect(await settled('a', redriven.records[0] ?? bad, 'ack')).toMatchObject({ status: 204 });
      expect(await broker.admin.ok('GET', path)).toMatchObject({
        lag: 0,
        deadLettered: 1,
        redrive: { records: 1, done: 1, left: 0 },
      });
      await broker.admin.call('DELETE', `/v1/topics/${dead}`);
    });
  });
};
