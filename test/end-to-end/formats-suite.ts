import { createHmac, randomUUID } from 'node:crypto';
import { CloudEvent, HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually, type Record } from './client.ts';
import { Receiver, type Taken } from './receiver.ts';
import { suiteBroker } from './suite-broker.ts';

const event = new CloudEvent({
  id: 'A-1',
  source: '/orders',
  type: 'com.example.paid',
  time: '2024-05-01T12:00:00.000Z',
  datacontenttype: 'application/json',
  partitionkey: 'Kundin 7 🌊',
  data: { total: 42, text: 'Grüße' },
});
const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const backoff = { initialSeconds: 0.1, maxSeconds: 0.1 };

/** Every byte of a request is signed, text or not: what `standardwebhooks` says of text holds for bytes that are none. */
const requireSigned = (secret: string, { headers, body }: Taken): void => {
  const isText = Buffer.from(body.toString()).equals(body);
  if (isText) new Webhook(secret).verify(body, headers, { jsonParse: false });
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = createHmac('sha256', key).update(
    `${headers['webhook-id']}.${headers['webhook-timestamp']}.`,
  );
  expect(headers['webhook-signature']).toBe(`v1,${signed.update(body).digest('base64')}`);
};

/** What the SDK of CloudEvents reads, which leaves the decoding of headers to whoever calls it. */
const readBySdk = ({ headers, body }: Taken): readonly unknown[] => {
  const decoded = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      name.startsWith('ce-') ? decodeURIComponent(value) : value,
    ]),
  );
  const isText = /json|text/.test(headers['content-type'] ?? '');
  const read = HTTP.toEvent({ headers: decoded, body: isText ? body.toString() : body });
  return [read].flat().map((each) => JSON.parse(JSON.stringify(each)) as unknown);
};

/** Each form in which a group is sent its records, at a receiver that knows no more of it than the documentation says. */
export const describeFormats = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, formats`, () => {
    const broker = suiteBroker(start);
    let receiver: Receiver;
    beforeAll(async () => {
      receiver = await Receiver.startFrom(process.env);
    });
    afterAll(() => receiver.stop());

    const produce = async (topic: string): Promise<void> => {
      const path = `/v1/topics/${topic}/records`;
      const events = { 'content-type': 'application/cloudevents+json' };
      expect((await broker.admin.call('POST', path, JSON.stringify(event), events)).status).toBe(200);
      const image = { 'content-type': 'image/png' };
      expect((await broker.admin.call('POST', `${path}?key=logo`, bytes, image)).status).toBe(200);
      const plain = { key: 'ü', value: { a: 1 }, headers: { trace: 'x', Authorization: 'forged' } };
      await broker.admin.produce(topic, [plain, { key: 'gone', valueBase64: '' }]);
    };

    /** What a group of the settings `delivery` is sent of these records, when all is acknowledged. */
    const taken = async (
      delivery: object,
      answer: (request: Taken, before: number) => { status: number; body?: unknown },
    ) => {
      const topic = await broker.newTopic(1);
      await produce(topic);
      const path = `/v1/topics/${topic}/groups/audit`;
      await broker.admin.ok('PUT', path, {
        mode: 'push',
        start: 'earliest',
        delivery: { backoff, ...delivery },
      });
      const hook = `/${randomUUID()}`;
      const requests: Taken[] = [];
      receiver.take(hook, (request) => answer(request, requests.push(request) - 1));
      const endpoint = { url: receiver.url(hook), headers: { Authorization: 'Bearer ours' } };
      const { secret } = await broker.admin.ok<{ secret: string }>('POST', `${path}/endpoints`, endpoint);
      const status = () => broker.admin.ok<{ lag: number }>('GET', path);
      await eventually('all is acknowledged', status, ({ lag }) => lag === 0, 90_000);
      for (const request of requests) {
        requireSigned(secret, request);
        expect(request.headers).toMatchObject({ authorization: 'Bearer ours' });
      }
      return { topic, requests };
    };

    /** The first request is refused for now, and so comes twice. */
    const onceBusy = (_request: Taken, before: number) => ({ status: before === 0 ? 503 : 204 });
    const ofTwoAttempts = (requests: readonly Taken[]): readonly Taken[] => {
      const [first, second, ...others] = requests;
      const attempts = requests.map(({ headers }) => headers['webhook-attempt']);
      expect(attempts).toEqual(['1', '2', ...others.map(() => '1')]);
      expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
      expect(second?.body).toEqual(first?.body);
      expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(requests.length - 1);
      return requests.slice(1);
    };

    const wrapped = (topic: string, offset: number) => ({
      specversion: '1.0',
      id: `${topic}/0/${offset}`,
      source: `/v1/topics/${topic}`,
      type: 'millrace.record',
      time: expect.any(String),
    });
    const expected = (topic: string) => [
      event.toJSON(),
      {
        ...wrapped(topic, 1),
        partitionkey: 'logo',
        datacontenttype: 'image/png',
        data_base64: bytes.toString('base64'),
      },
      {
        ...wrapped(topic, 2),
        partitionkey: 'ü',
        trace: 'x',
        datacontenttype: 'application/json',
        data: { a: 1 },
      },
      { ...wrapped(topic, 3), partitionkey: 'gone', datacontenttype: 'application/octet-stream' },
    ];

    test('the envelope of Standard Webhooks', async () => {
      const { topic, requests } = await taken({}, onceBusy);
      const [request, ...others] = ofTwoAttempts(requests);
      expect(others).toEqual([]);
      const { type, data } = JSON.parse(String(request?.body)) as {
        type: string;
        data: { records: readonly Record[] };
      };
      expect(type).toBe('topic.records');
      expect(data).toMatchObject({ topic, group: 'audit', partition: 0 });
      const { records } = await broker.admin.fetch(topic, 0, 'offset=0');
      expect(data.records).toEqual(records);
    }, 120_000);

    test('CloudEvents in batches', async () => {
      const { topic, requests } = await taken({ format: 'cloudevents-batch' }, onceBusy);
      const [request, ...others] = ofTwoAttempts(requests) as readonly [Taken, ...Taken[]];
      expect(others).toEqual([]);
      expect(request.headers).toMatchObject({
        'millrace-topic': topic,
        'millrace-partition': '0',
        'millrace-offsets': '0-3',
      });
      const events = JSON.parse(request.body.toString()) as readonly unknown[];
      expect(events).toEqual(expected(topic));
      expect(readBySdk(request)).toHaveLength(4);
    }, 120_000);

    test('CloudEvents one by one, in structured mode', async () => {
      const { topic, requests } = await taken({ format: 'cloudevents-structured' }, onceBusy);
      const events = ofTwoAttempts(requests).map(({ body }) => JSON.parse(body.toString()) as unknown);
      expect(events).toEqual(expected(topic));
      expect(readBySdk(requests[0] as Taken)).toEqual([event.toJSON()]);
    }, 120_000);

    test('CloudEvents one by one, in binary mode', async () => {
      const { topic, requests } = await taken({ format: 'cloudevents-binary' }, onceBusy);
      const each = ofTwoAttempts(requests);
      expect(each.map(({ body }) => body.length)).toEqual([
        Buffer.byteLength(JSON.stringify(event.data)),
        256,
        7,
        0,
      ]);
      expect(each.slice(0, 3).flatMap(readBySdk)).toEqual(expected(topic).slice(0, 3));
      expect(each[3]?.headers).toMatchObject({
        'ce-id': `${topic}/0/3`,
        'ce-partitionkey': 'gone',
        'content-type': 'application/octet-stream',
        'millrace-offset': '3',
      });
    }, 120_000);

    test('values as they were appended', async () => {
      const { topic, requests } = await taken({ format: 'raw' }, onceBusy);
      const [first, image, json, tombstone] = ofTwoAttempts(requests);
      expect(first?.body.toString()).toBe(JSON.stringify(event.data));
      expect(first?.headers).toMatchObject({ 'content-type': 'application/json', ce_type: event.type });
      expect(decodeURIComponent(first?.headers['millrace-key'] ?? '')).toBe('Kundin 7 🌊');
      expect(image?.body).toEqual(bytes);
      expect(image?.headers).toMatchObject({
        'content-type': 'image/png',
        'millrace-topic': topic,
        'millrace-group': 'audit',
        'millrace-partition': '0',
        'millrace-offset': '1',
        'millrace-key': 'logo',
        'millrace-timestamp': expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      });
      expect(json?.body.toString()).toBe('{"a":1}');
      expect(json?.headers).toMatchObject({
        'content-type': 'application/json',
        trace: 'x',
        'millrace-key': '%C3%BC',
      });
      expect(tombstone?.body).toHaveLength(0);
      expect(tombstone?.headers).toMatchObject({ 'millrace-key': 'gone', 'content-length': '0' });
    }, 120_000);

    test('an answer that names the records which it refuses has the others acknowledged', async () => {
      const settings = { maxAttempts: 1, deadLetterAfterSeconds: 0 };
      const { topic, requests } = await taken(settings, ({ body }) => {
        const { data } = JSON.parse(body.toString()) as { data: { records: readonly Record[] } };
        const failed = data.records.map(({ offset }) => offset).filter((offset) => offset === 1);
        return { status: 200, body: { ok: true, ack: { failed } } };
      });
      expect(requests.map(({ headers }) => headers['webhook-id']?.split('-').slice(-2))).toEqual([
        ['0', '4'],
        ['1', '2'],
        ['2', '4'],
      ]);
      const dead = await broker.admin.ok<{ partitions: readonly { partition: number; endOffset: number }[] }>(
        'GET',
        `/v1/topics/${topic}.audit.dead/partitions`,
      );
      expect(dead.partitions.map(({ endOffset }) => endOffset)).toEqual([1]);
      const { records } = await broker.admin.fetch(`${topic}.audit.dead`, 0, 'offset=0');
      expect(records).toMatchObject([{ key: 'logo', valueBase64: bytes.toString('base64') }]);
    }, 120_000);
  });
};
