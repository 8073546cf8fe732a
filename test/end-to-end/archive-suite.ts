import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually, type Record } from './client.ts';
import { DescribedClient as Client } from './described-client.ts';
import { type Delivery, Receiver } from './receiver.ts';

interface Partition {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly archivedThrough: number;
}

interface ArchivedTopic {
  readonly topic: string;
  readonly produced: readonly Pick<Record, 'key' | 'value'>[];
}

/** A sweep by schedule, and what it then sets going, on whatever AWS runs the broker. */
const sweptWithinMs = 240_000;

/** A value that does not become smaller, so that a few of them fill a segment of a mebibyte. */
const large = (): string => randomBytes(180_000).toString('base64');

/**
 * A topic whose records have been archived, as whoever uses it sees it. The broker sweeps at least once a minute, and seals
 * segments of a mebibyte. Webhooks go to this process, as in `describeBroker`.
 */
export const describeArchive = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, with an archive`, () => {
    let millrace: Broker;
    let admin: Client;
    let receiver: Receiver;
    /** One for each test: all are archived by the same sweep. */
    let archived: ArchivedTopic[] = [];
    const archivedTopic = (): ArchivedTopic => {
      const next = archived.pop();
      if (next === undefined) throw new Error('There are as many topics as tests.');
      return next;
    };
    const topics: string[] = [];

    beforeAll(async () => {
      millrace = await start();
      admin = new Client(millrace.url, millrace.key);
      receiver = await Receiver.startFrom(process.env);
      archived = await Promise.all([makeTopic(), makeTopic(), makeTopic()]);
    }, 300_000);

    afterAll(async () => {
      for (const topic of topics) await admin.call('DELETE', `/v1/topics/${topic}`);
      await receiver.stop();
      await millrace.stop();
    }, 120_000);

    const partitionOf = async (topic: string): Promise<Partition> => {
      const path = `/v1/topics/${topic}/partitions`;
      const [partition] = (await admin.ok<{ partitions: Partition[] }>('GET', path)).partitions;
      if (partition === undefined) throw new Error('There is no partition.');
      return partition;
    };

    /** A topic of one partition: a segment, and after it batches. */
    const makeTopic = async (): Promise<ArchivedTopic> => {
      const topic = `e2e-${randomUUID()}`;
      await admin.ok('PUT', `/v1/topics/${topic}`, { partitions: 1 });
      topics.push(topic);
      const produced: Pick<Record, 'key' | 'value'>[] = [];
      for (let number = 0; number < 9; number += 1) {
        const record = { key: `k${number}`, value: { number, text: large() } };
        await admin.produce(topic, [record]);
        produced.push(record);
      }
      const isArchived = ({ archivedThrough }: Partition): boolean => archivedThrough > 0;
      await eventually('a segment is archived', () => partitionOf(topic), isArchived, sweptWithinMs);
      return { topic, produced };
    };

    const readFrom = async (topic: string, first: number): Promise<Record[]> => {
      const records: Record[] = [];
      for (let offset = first; ; ) {
        const page = await admin.fetch(topic, 0, `offset=${offset}&limit=4`);
        if (page.records.length === 0) return records;
        records.push(...page.records);
        offset = page.nextOffset;
      }
    };

    test('a fetch goes through segments and batches as through one log', async () => {
      const { topic, produced } = archivedTopic();
      const more = [{ key: 'last', value: 'not archived' }];
      await admin.produce(topic, more);
      const { startOffset, endOffset, archivedThrough } = await partitionOf(topic);
      expect({ startOffset, endOffset }).toEqual({ startOffset: 0, endOffset: produced.length + 1 });
      expect(archivedThrough).toBeLessThan(endOffset);
      const records = await readFrom(topic, 0);
      expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: endOffset }, (_, at) => at));
      expect(records.map(({ key, value }) => ({ key, value }))).toEqual([...produced, ...more]);
      // From the middle of the segment, and from the border.
      for (const from of [archivedThrough - 2, archivedThrough])
        expect((await readFrom(topic, from)).map(({ offset }) => offset)[0]).toBe(from);
    }, 300_000);

    test('a webhook whose group begins at the earliest is called with what is archived, and goes on', async () => {
      const { topic, produced } = archivedTopic();
      const path = `/v1/topics/${topic}/groups/audit`;
      await admin.ok('PUT', path, { mode: 'push', start: 'earliest' });
      const hook = `/${randomUUID()}`;
      const { secret } = await admin.ok<{ secret: string }>('POST', `${path}/endpoints`, {
        url: receiver.url(hook),
      });
      const { deliveries, unverified } = receiver.open(hook, secret, () => 204);
      await admin.produce(topic, [{ key: 'last', value: 'not archived' }]);
      const countOf = (all: readonly Delivery[]): number =>
        all.reduce((sum, { records }) => sum + records.length, 0);
      const isWhole = (all: readonly Delivery[]): boolean => countOf(all) >= produced.length + 1;
      await eventually('all is delivered', () => deliveries, isWhole, 90_000);
      const values = deliveries.flatMap(({ records }) => records.map(({ value }) => value));
      expect(values).toEqual([...produced.map(({ value }) => value), 'not archived']);
      expect(unverified).toEqual([]);
    }, 300_000);

    test('the objects of a topic bear its name, and hold what is archived', async () => {
      const { topic } = archivedTopic();
      const objects = await millrace.objectsOf?.(topic);
      const { archivedThrough } = await partitionOf(topic);
      const range = [0, archivedThrough].map((offset) => String(offset).padStart(16, '0')).join('-');
      // Where nobody can look at them, that they are read is all that is seen of them.
      for (const object of objects ?? [])
        expect(object).toMatch(new RegExp(`^topic=${topic}/partition=0/${range}-\\w+\\.parquet$`));
      expect(objects?.length ?? 1).toBe(1);
    }, 300_000);
  });
};
