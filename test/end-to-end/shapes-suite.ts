import { randomUUID } from 'node:crypto';
import { CloudEvent, HTTP } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { suiteBroker } from './suite-broker.ts';

/** The shapes in which records may come and go, as whoever has an address and a key sees them. */
export const describeShapes = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, in every shape`, () => {
    const broker = suiteBroker(start);
    const { newTopic } = broker;

    const send = (topic: string, body: unknown, headers: { readonly [name: string]: string }) =>
      broker.admin.call('POST', `/v1/topics/${topic}/records`, body, headers);

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
          const page = await broker.admin.fetch(topic, 0, `offset=${from}&limit=1000`);
          numbers.push(...page.records.map(({ value }) => (value as { number: number }).number));
          from = page.nextOffset;
        }
        expect(numbers).toEqual(lines.map((_, number) => number));
      });

      test('a file that is sent again with its Idempotency-Key is there once', async () => {
        const topic = await newTopic(2);
        const lines = Array.from({ length: 2500 }, (_, value) => JSON.stringify({ value })).join('\n');
        const headers = { ...type, 'idempotency-key': randomUUID() };
        const first = await send(topic, lines, headers);
        expect(first).toMatchObject({ status: 200, body: { records: 2500 } });
        const second = await send(topic, lines, headers);
        expect(second).toMatchObject({ status: 200, body: first.body });
        expect(second.headers.get('idempotency-replayed')).toBe('true');
        const path = `/v1/topics/${topic}/partitions`;
        const { partitions } = await broker.admin.ok<{ partitions: readonly { endOffset: number }[] }>(
          'GET',
          path,
        );
        expect(partitions.reduce((sum, { endOffset }) => sum + endOffset, 0)).toBe(2500);
      });

      test('a fault names its line, and nothing is written', async () => {
        const topic = await newTopic();
        const answer = await send(topic, '{"value":1}\n{"value":\n', type);
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
        expect(answer.body).toMatchObject({ errors: [{ path: 'line 2.value' }] });
        expect((await broker.admin.fetch(topic, 0, 'offset=latest')).endOffset).toBe(0);
      });
    });

    /** All of the one partition, in another shape than JSON. */
    const fetchAs = (topic: string, accept: string) =>
      broker.admin.call('GET', `/v1/topics/${topic}/partitions/0/records?offset=0`, undefined, { accept });

    test('what is fetched as lines can be sent as it is', async () => {
      const topic = await newTopic();
      const records = [
        { key: 'k', value: { text: 'Grüße 🌊' }, headers: { h: '1' } },
        { valueBase64: 'AAE=' },
      ];
      await broker.admin.produce(topic, records);
      const answer = await fetchAs(topic, 'application/x-ndjson');
      expect(answer.headers.get('content-type')).toContain('application/x-ndjson');
      expect(answer.headers.get('millrace-next-offset')).toBe('2');
      const sent = await send(topic, String(answer.body), { 'content-type': 'application/x-ndjson' });
      expect(sent).toMatchObject({ status: 200, body: { results: [{ offset: 2 }, { offset: 3 }] } });
      expect((await broker.admin.fetch(topic, 0, 'offset=2')).records).toMatchObject(records);
    });

    describe('CloudEvents', () => {
      const batch = 'application/cloudevents-batch+json';
      const event = new CloudEvent({
        id: 'A-1',
        source: '/orders',
        type: 'com.example.paid',
        time: '2024-05-01T12:00:00.000Z',
        datacontenttype: 'application/json',
        partitionkey: 'customer-7',
        sequence: 7,
        data: { total: 42, text: 'Grüße 🌊' },
      });

      test('in every mode are fetched as they were', async () => {
        const topic = await newTopic();
        const all = ['structured', 'binary', 'batched'].map((id) => event.cloneWith({ id }));
        const [structured, binary, batched] = all as [typeof event, typeof event, typeof event];
        const json = { 'content-type': 'application/cloudevents+json' };
        expect(await send(topic, HTTP.structured(structured).body, json)).toMatchObject({ status: 200 });
        const { headers, body } = HTTP.binary(binary);
        const heads = Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, `${String(value)}`]),
        );
        expect(await send(topic, body, heads)).toMatchObject({ status: 200 });
        expect(await send(topic, JSON.stringify([batched]), { 'content-type': batch })).toMatchObject({
          status: 200,
        });
        const answer = await fetchAs(topic, batch);
        const [first, second, third] = answer.body as readonly object[];
        expect([first, third]).toEqual([structured, batched].map((one) => one.toJSON()));
        // Headers know nothing but text.
        expect(second).toEqual({ ...binary.toJSON(), sequence: '7' });
        for (const one of [first, second, third]) expect(new CloudEvent({ ...one }).validate()).toBe(true);
        const { records } = await broker.admin.fetch(topic, 0, 'offset=0&limit=1');
        expect(records).toMatchObject([
          { key: 'customer-7', value: event.data, headers: { ce_type: event.type } },
        ]);
      });

      test('that lack something are refused with what it is', async () => {
        const topic = await newTopic();
        const heads = {
          'ce-specversion': '1.0',
          'ce-id': '1',
          'ce-source': '/a',
          'content-type': 'text/plain',
        };
        const answer = await send(topic, 'x', heads);
        expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'ce-type' }] } });
      });
    });

    describe('any other content type', () => {
      test('is kept byte for byte, with its type', async () => {
        const topic = await newTopic();
        const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
        const path = `/v1/topics/${topic}/records?key=logo`;
        expect(await broker.admin.call('POST', path, bytes, { 'content-type': 'image/png' })).toMatchObject({
          status: 200,
        });
        const { records } = await broker.admin.fetch(topic, 0, 'offset=0');
        expect(records).toMatchObject([{ key: 'logo', headers: { 'content-type': 'image/png' } }]);
        expect(Buffer.from(records[0]?.valueBase64 ?? '', 'base64')).toEqual(Buffer.from(bytes));
      });

      test('is refused where JSON was meant and its type forgotten', async () => {
        const topic = await newTopic();
        const form = { 'content-type': 'application/x-www-form-urlencoded' };
        const answer = await send(topic, '{"records":[{"value":1}]}', form);
        expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
      });
    });

    test('a fetch in a shape that there is not is answered with those that there are', async () => {
      const answer = await fetchAs(await newTopic(), 'text/html');
      expect(answer).toMatchObject({ status: 406, body: { code: 'not_acceptable' } });
      expect(answer.body).toHaveProperty('available');
    });
  });
};
