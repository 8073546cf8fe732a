import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Broker } from './broker.ts';
import { Client } from './client.ts';

/** The shapes in which records may come and go, as whoever has an address and a key sees them. */
export const describeShapes = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, in every shape`, () => {
    let millrace: Broker;
    let admin: Client;

    beforeAll(async () => {
      millrace = await start();
      admin = new Client(millrace.url, millrace.key);
    }, 120_000);
    afterAll(() => millrace.stop(), 120_000);

    const newTopic = async (partitions = 1): Promise<string> => {
      const topic = `e2e-${randomUUID()}`;
      await admin.ok('PUT', `/v1/topics/${topic}`, { partitions });
      onTestFinished(() => admin.call('DELETE', `/v1/topics/${topic}`).then(() => undefined));
      return topic;
    };

    const send = (topic: string, body: string, headers: { readonly [name: string]: string }) =>
      admin.call('POST', `/v1/topics/${topic}/records`, body, headers);

    describe('lines of JSON', () => {
      const type = { 'content-type': 'application/x-ndjson' };

      test('a file of them is in the log in its order, whatever number of appends it takes', async () => {
        const topic = await newTopic();
        const lines = Array.from({ length: 2500 }, (_, number) =>
          JSON.stringify({ key: 'k', value: { number } }),
        );
        const answer = await send(topic, `${lines.join('\r\n')}\r\n`, type);
        expect(answer).toMatchObject({ status: 200, body: { records: 2500 } });
        const numbers = [];
        for (let from = 0; from < 2500; ) {
          const page = await admin.fetch(topic, 0, `offset=${from}&limit=1000`);
          numbers.push(...page.records.map(({ value }) => (value as { number: number }).number));
          from = page.nextOffset;
        }
        expect(numbers).toEqual(lines.map((_, number) => number));
      });

      test('a fault names its line, and nothing is written', async () => {
        const topic = await newTopic();
        const answer = await send(topic, '{"value":1}\n{"value":\n', type);
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
        expect(answer.body).toMatchObject({ errors: [{ path: 'line 2.value' }] });
        expect((await admin.fetch(topic, 0, 'offset=latest')).endOffset).toBe(0);
      });
    });
  });
};
