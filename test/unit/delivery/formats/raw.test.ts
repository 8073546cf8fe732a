import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyText } from '../../../harness/body-text.ts';
import type { GivenRecord } from '../../../harness/records.ts';
import { appendedAt, composed, logged } from './composed.ts';

const sent = (record: GivenRecord) => composed('raw', logged(record));

describe('a raw request', () => {
  it('is the bytes of the value, with the content type that they came with', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const valueBase64 = bytes.toString('base64');
    const { body, headers } = sent({ valueBase64, headers: { 'Content-Type': 'image/png' } });
    expect(Buffer.from(body as Uint8Array)).toEqual(bytes);
    expect(headers['content-type']).toBe('image/png');
    expect(sent({ valueBase64 }).headers['content-type']).toBe('application/octet-stream');
  });

  it('is the JSON that was appended, digit by digit, or the text that it is of another type', () => {
    const [record] = logged({ value: 0 });
    const exact = { ...record, valueJson: '{"id": 12345678901234567890}' } as typeof record & object;
    const message = composed('raw', [exact]);
    expect(message.body).toBe('{"id": 12345678901234567890}');
    expect(message.headers['content-type']).toBe('application/json');
    const text = (type: string, value: unknown) => {
      const { body, headers } = sent({ value, headers: { 'content-type': type } });
      return [body, headers['content-type']];
    };
    expect(text('text/plain; charset=utf-8', 'grüezi')).toEqual(['grüezi', 'text/plain; charset=utf-8']);
    expect(text('application/vnd.a+json', 'a')).toEqual(['"a"', 'application/vnd.a+json']);
    expect(text('text/csv', { a: 1 })).toEqual(['{"a":1}', 'application/json']);
    expect(text('no type', 'a')).toEqual(['"a"', 'application/json']);
  });

  it('of a record without a value has no body, and says no content type but its own', () => {
    const { body, headers } = sent({ key: 'k', valueBase64: '' });
    expect(body).toHaveLength(0);
    expect(headers).not.toHaveProperty('content-type');
    expect(headers['millrace-key']).toBe('k');
    expect(sent({ valueBase64: '', headers: { 'content-type': 'a/b' } }).headers['content-type']).toBe('a/b');
    expect(bodyText(sent({ key: 'k', value: null }))).toBe('null');
  });

  it('says in headers where the record is from, when it is of, and its key', () => {
    const timestamp = Date.UTC(2024, 4, 1);
    const place = {
      'millrace-topic': 'orders',
      'millrace-group': 'billing',
      'millrace-partition': '3',
      'millrace-offset': '40',
    };
    expect(sent({ value: 1 }).headers).toEqual({
      'content-type': 'application/json',
      ...place,
      'millrace-timestamp': new Date(appendedAt).toISOString(),
    });
    expect(sent({ value: 1, timestamp, key: '' }).headers).toEqual({
      'content-type': 'application/json',
      ...place,
      'millrace-timestamp': '2024-05-01T00:00:00.000Z',
      'millrace-appended-at': new Date(appendedAt).toISOString(),
      'millrace-key': '',
    });
  });

  it('has the headers of the record, by names in lower case, the first of those that are the same then', () => {
    const headers = { 'X-Trace': 'a b', 'x-trace': 'c', ce_id: '"1"', note: ' 10% für 🌊\u0007 ' };
    expect(sent({ value: 1, headers }).recordHeaders).toEqual({
      'x-trace': 'a b',
      ce_id: '"1"',
      note: '%2010%25 f%C3%BCr %F0%9F%8C%8A%07%20',
    });
  });

  it.each([
    [
      'what belongs to the connection',
      [
        'Connection',
        'Host',
        'Keep-Alive',
        'TE',
        'Trailer',
        'Transfer-Encoding',
        'Upgrade',
        'Expect',
        'HTTP2-Settings',
        'Proxy-Authorization',
        'proxy-connection',
      ],
    ],
    [
      'what says what the body is',
      ['Content-Type', 'Content-Length', 'Content-Encoding', 'Content-Range', 'content-md5'],
    ],
    [
      'what is ours',
      [
        'Webhook-Id',
        'webhook-signature',
        'webhook-attempt',
        'Millrace-Offset',
        'millrace-key',
        'millrace-ce-types',
        'traceparent',
        'User-Agent',
        'Accept-Encoding',
      ],
    ],
    [
      'what says who calls',
      [
        'Authorization',
        'Cookie',
        'Forwarded',
        'X-Forwarded-For',
        'X-Forwarded-Host',
        'X-Real-IP',
        'X-HTTP-Method-Override',
      ],
    ],
    ['what asks for another answer', ['If-Match', 'If-None-Match', 'Range', 'Accept']],
    ['what is no name', ['', 'a b', 'a\r\nb', 'ä', 'a:b', '(a)', '__proto__', 'x'.repeat(300)]],
  ])('leaves out of the headers of a record %s', (_what, names) => {
    const headers = Object.fromEntries(names.map((name) => [name, 'x']));
    expect(sent({ value: 1, headers: { ...headers, kept: 'y' } }).recordHeaders).toEqual({ kept: 'y' });
  });

  it('has no header that ends early, whatever the record has, and each can be read back', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const name = fc.oneof(text, fc.constantFrom('a', 'x-b', 'content-type'));
    fc.assert(
      fc.property(text, fc.dictionary(name, text), (key, headers) => {
        const message = sent({ value: 1, key, headers });
        const all = { ...message.recordHeaders, ...message.headers };
        for (const [each, value] of Object.entries(all)) {
          expect(each).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
          expect(value).toMatch(/^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$/);
        }
        expect(decodeURIComponent(message.headers['millrace-key'] ?? '')).toBe(key.toWellFormed());
        for (const [name, value] of Object.entries(message.recordHeaders ?? {}))
          if (Object.hasOwn(headers, name))
            expect(decodeURIComponent(value)).toBe(headers[name]?.toWellFormed());
      }),
    );
  });
});
