import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { suiteBroker } from './suite-broker.ts';

/** JSON under the name by which every gateway lets it through as bytes. */
const jsonAsBytes = 'application/vnd.millrace+json';

const compressed = {
  gzip: (text: string) => zlib.gzipSync(text),
  br: (text: string) => zlib.brotliCompressSync(text),
  zstd: (text: string) => zlib.zstdCompressSync(text),
};
const codings = ['gzip', 'br', 'zstd'] as const;

/** Compressed bodies, and how large they may be, as whoever has an address and a key sees it. */
export const describeBodies = (name: string, start: () => Promise<Broker>): void => {
  describe(`${name}, by compressed and by large bodies`, () => {
    const broker = suiteBroker(start);
    const { newTopic } = broker;

    const send = (topic: string, body: Buffer, headers: { readonly [name: string]: string }) =>
      broker.admin.call('POST', `/v1/topics/${topic}/records`, new Uint8Array(body), headers);

    const records = Array.from({ length: 200 }, (_, number) => ({ value: { number, text: 'Grüße 🌊' } }));

    test.each(codings)('what is produced with %s is fetched with it', async (coding) => {
      const topic = await newTopic();
      const body = compressed[coding](JSON.stringify({ records }));
      const headers = { 'content-type': jsonAsBytes, 'content-encoding': coding };
      expect(await send(topic, body, headers)).toMatchObject({ status: 200 });
      const path = `/v1/topics/${topic}/partitions/0/records?offset=0&limit=1000`;
      const answer = await broker.admin.call('GET', path, undefined, { 'accept-encoding': coding });
      expect(answer).toMatchObject({ status: 200, body: { records, endOffset: records.length } });
      expect(answer.headers.get('content-encoding')).toBe(coding);
      expect(answer.headers.get('vary')).toContain('accept-encoding');
      const plain = await broker.admin.call('GET', path, undefined, { 'accept-encoding': 'identity' });
      expect(plain.headers.get('content-encoding')).toBeNull();
      expect(plain.body).toEqual(answer.body);
    });

    test('lines of JSON are taken compressed too', async () => {
      const topic = await newTopic();
      const lines = records.map((record) => JSON.stringify(record)).join('\n');
      const headers = { 'content-type': 'application/x-ndjson', 'content-encoding': 'zstd' };
      expect(await send(topic, compressed.zstd(lines), headers)).toMatchObject({ status: 200 });
      expect((await broker.admin.fetch(topic, 0, 'offset=0&limit=1000')).records).toMatchObject(records);
    });

    test('a compressed body is refused where it is larger inside than a request may be, breaks off, or is unknown', async () => {
      const topic = await newTopic();
      const type = { 'content-type': jsonAsBytes };
      const bomb = compressed.gzip(' '.repeat(20_000_000));
      expect(await send(topic, bomb, { ...type, 'content-encoding': 'gzip' })).toMatchObject({
        status: 413,
        body: { code: 'too_large', limit: 'requestBytes' },
      });
      const half = compressed.gzip(JSON.stringify({ records })).subarray(0, 50);
      expect(await send(topic, half, { ...type, 'content-encoding': 'gzip' })).toMatchObject({
        status: 400,
        body: { code: 'invalid_request' },
      });
      const unknown = await send(topic, half, { ...type, 'content-encoding': 'deflate' });
      expect(unknown).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
      expect(unknown.headers.get('accept-encoding')).toContain('gzip');
      expect((await broker.admin.fetch(topic, 0, 'offset=latest')).endOffset).toBe(0);
    });

    test('the largest body of a type that goes through a gateway as base64 is taken, and one byte more is refused by Millrace', async () => {
      const topic = await newTopic();
      const type = { 'content-type': 'application/x-ndjson' };
      const largest = Buffer.alloc(4_669_515, `${JSON.stringify({ value: 'x'.repeat(980) })}\n`);
      largest.fill(' ', largest.lastIndexOf('\n'));
      expect(await send(topic, largest, type)).toMatchObject({ status: 200 });
      const { endOffset } = await broker.admin.fetch(topic, 0, 'offset=latest');
      const more = await send(topic, Buffer.concat([largest, Buffer.from(' ')]), type);
      expect(more).toMatchObject({ status: 413, body: { code: 'too_large', limit: 'eventBodyBytes' } });
      expect((await broker.admin.fetch(topic, 0, 'offset=latest')).endOffset).toBe(endOffset);
    });
  });
};
