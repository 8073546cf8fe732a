import { expect, test } from 'vitest';
import { endpoint, sender } from './servers.ts';

const body = JSON.stringify({
  data: { records: [{ value: 'the content of a "record" — für Jörg' }] },
});

interface Given {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ofRecords?: readonly string[];
  readonly body?: string;
  readonly path?: string;
  readonly tellsSuccess?: boolean;
  readonly tellsNothing?: boolean;
}

/** What is told of an endpoint that answers with `given`. */
const excerptOf = async (given: string, how: Given = {}, excerpts = true): Promise<unknown> => {
  const { status = 500, type = 'text/plain', headers = {}, path = '/hook' } = how;
  const { port } = await endpoint((_request, response) =>
    response.writeHead(status, { 'content-type': type }).end(given),
  );
  const { tellsSuccess, tellsNothing } = how;
  const answer = await sender({ excerpts }).post({
    ...(tellsSuccess !== undefined && { tellsSuccess }),
    ...(tellsNothing !== undefined && { tellsNothing }),
    url: `http://127.0.0.1:${port}${path}`,
    headers: {
      'user-agent': 'Millrace',
      'content-type': 'application/json',
      'webhook-id': 'g1-3-0-1',
      'webhook-attempt': '2',
      'webhook-signature': 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
      ...headers,
    },
    ...(how.ofRecords !== undefined && { ofRecords: how.ofRecords }),
    body: how.body ?? body,
    timeoutMs: 5000,
  });
  expect(answer).toMatchObject({ kind: 'answered', status });
  return 'excerpt' in answer ? answer.excerpt : undefined;
};

test('how an answer that is no 2xx begins is told as one line, where it is asked for', async () => {
  expect(await excerptOf('no such\n table\x1b[31m!')).toBe('no such table [31m!');
  expect(
    await excerptOf('{"error":"no such table"}', {
      type: 'application/problem+json',
    }),
  ).toBe('{"error":"no such table"}');
  expect(await excerptOf('x'.repeat(1024))).toBe('x'.repeat(1024));
  expect(await excerptOf('x'.repeat(2000))).toBe(`${'x'.repeat(1024)}…`);
  expect(await excerptOf(`${'x'.repeat(1021)}😀!`)).toBe(`${'x'.repeat(1021)}…`);
  expect(await excerptOf(`no${'\u0301'.repeat(200)} table`)).toBe(`no${'\u0301'.repeat(4)} table`);
  expect(await excerptOf('no such table', {}, false)).toBeUndefined();
  expect(await excerptOf('no such table', { tellsNothing: true })).toBeUndefined();
});

test.each([
  ['is a page', '<h1>No such table</h1>', 'text/html'],
  ['is no text', Buffer.from([0xff, 0xfe, 0x80]).toString('latin1'), 'image/png'],
  ['is empty', '', 'text/plain'],
])('a body that %s is not told', async (_what, given, type) => {
  expect(await excerptOf(given, { type })).toBeUndefined();
});

test.each([
  ['Authorization', 'Bearer sk_live_123456789abcdef'],
  ['x-api-key', 'a'],
  ['user-agent', 'our-secret-agent'],
  ['constructor', 'secret'],
])('nothing is told of an endpoint that has a header of its own: %s', async (name, value) => {
  expect(
    await excerptOf('{"error":"Incorrect API key provided: sk_live_123"}', {
      headers: { [name]: value },
    }),
  ).toBe(undefined);
  expect(await excerptOf('no such table', { headers: { [name]: value } })).toBeUndefined();
});

test('headers that hold something of a record are no secrets of the endpoint, and are not repeated either', async () => {
  const headers = { 'millrace-key': 'the key of an important customer', 'x-short': 'a%20b' };
  const ofRecords = Object.keys(headers);
  expect(await excerptOf('no such table', { headers, ofRecords })).toBe('no such table');
  expect(await excerptOf('no such table', { headers, ofRecords: ['x-short'] })).toBeUndefined();
  expect(await excerptOf('no "key of an important customer"', { headers, ofRecords })).toBeUndefined();
});

test('how a 2xx begins is told where that is asked for, and where its acknowledgement is not understood', async () => {
  expect(await excerptOf('thank you', { status: 200 })).toBeUndefined();
  expect(await excerptOf('thank you', { status: 200, tellsSuccess: true })).toBe('thank you');
  expect(await excerptOf('x'.repeat(5000), { status: 201, tellsSuccess: true })).toBe(`${'x'.repeat(1024)}…`);
  expect(await excerptOf('thank you', { status: 200, tellsSuccess: true }, false)).toBeUndefined();
  const unclear = { status: 200, type: 'application/json' };
  expect(await excerptOf('{"ack":"yes"}', unclear)).toBe('{"ack":"yes"}');
  expect(await excerptOf('{"ack":{"offset":3}}', unclear)).toBeUndefined();
  expect(await excerptOf('{"ack":"yes"}', { ...unclear, headers: { 'x-api-key': 'a' } })).toBeUndefined();
  const echo = { status: 200, tellsSuccess: true };
  expect(await excerptOf('seen: the content of a record', echo)).toBeUndefined();
  expect(await excerptOf('', { ...echo, status: 204 })).toBeUndefined();
});

test.each([401, 403, 407])('nothing is told of an answer about credentials: %d', async (status) => {
  expect(await excerptOf('no such table', { status })).toBeUndefined();
});

const word = 'Пожалуйста, оплатите счёт';
test.each([
  ['as it is', 'cannot take "the content of a record"'],
  ['behind the part that is told', `${' '.repeat(20)}${'-x '.repeat(400)}the content of a record`],
  ['at the cut of the part that is told', `${'-'.repeat(1010)} the content of a record`],
  ['escaped once more', JSON.stringify(JSON.stringify({ seen: body }))],
  ['without its escapes', 'of a "record" — für Jörg'],
  ['in a URL', encodeURIComponent('a "record" — für Jörg is')],
  ['in HTML', 'content of a &quot;record&quot; &#8212; f&#xfc;r'],
  ['in capitals', 'THE CONTENT OF A RECORD'],
])('a body that repeats a record %s is not told', async (_how, given) => {
  expect(await excerptOf(given)).toBeUndefined();
});

test('a body that repeats a record of other letters, or of base64, is not told', async () => {
  const escaped = [...word].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  expect(
    await excerptOf(`{"error":"${escaped}"}`, {
      body: JSON.stringify({ word }),
    }),
  ).toBeUndefined();
  const inBase64 = JSON.stringify({
    value: Buffer.from('the content of a record').toString('base64'),
  });
  expect(await excerptOf('bad: the content of a record', { body: inBase64 })).toBeUndefined();
});

test.each([
  ['path', 'no such hook: /services/T00000000/B00000000/XXXXXXXXXXXX'],
  ['path, cut', 'no hook XXXXXXXXXX…'],
  ['query', 'the token s3cr3t+t0k3n/is wrong'],
  ['signature', 'not K5oZfzN95Z9UVu1Es…'],
])('a body that repeats a secret of the %s is not told', async (_what, given) => {
  const path = '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX?token=s3cr3t%2Bt0k3n%2Fis';
  expect(await excerptOf(given, { path })).toBeUndefined();
  expect(await excerptOf('no such service', { path })).toBe('no such service');
});

test('nothing is told where the request was too long to be compared', async () => {
  const records = (bytes: number) => ({ body: JSON.stringify({ value: 'y'.repeat(bytes) }) });
  expect(await excerptOf('no such table', records(200_000))).toBe('no such table');
  expect(await excerptOf('no such table', records(300_000))).toBeUndefined();
});

test('a body that does not come is not waited for', async () => {
  const { port } = await endpoint((_request, response) =>
    response.writeHead(500, { 'content-type': 'text/plain' }).flushHeaders(),
  );
  const request = {
    url: `http://127.0.0.1:${port}/`,
    headers: {},
    body,
    timeoutMs: 20_000,
  };
  expect(await sender({ excerpts: true }).post(request)).toEqual({
    kind: 'answered',
    status: 500,
  });
});
