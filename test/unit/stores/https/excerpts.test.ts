import { expect, test } from 'vitest';
import { endpoint, sender } from './servers.ts';

const secret = 'Bearer abcdefgh12345678';
const body = JSON.stringify({ data: { records: [{ value: 'the content of a record' }] } });

/** What is told of an endpoint that answers 500 with `given`. */
const excerptOf = async (given: string, type = 'text/plain', excerpts = true): Promise<unknown> => {
  const { port } = await endpoint((_request, response) =>
    response.writeHead(500, { 'content-type': type }).end(given),
  );
  const answer = await sender({ excerpts }).post({
    url: `http://127.0.0.1:${port}/`,
    headers: { authorization: secret },
    body,
    timeoutMs: 5000,
  });
  expect(answer).toMatchObject({ kind: 'answered', status: 500 });
  return 'excerpt' in answer ? answer.excerpt : undefined;
};

test('how an answer that is no 2xx begins is told as one line, where it is asked for', async () => {
  expect(await excerptOf('no such\n table\x1b[31m!')).toBe('no such table [31m!');
  expect(await excerptOf('{"error":"no such table"}', 'application/problem+json')).toBe(
    '{"error":"no such table"}',
  );
  expect(await excerptOf('x'.repeat(1000))).toBe(`${'x'.repeat(160)}…`);
  expect(await excerptOf('no such table', 'text/plain', false)).toBeUndefined();
});

test.each([
  ['is a page', '<h1>No such table</h1>', 'text/html'],
  ['is no text', Buffer.from([0xff, 0xfe, 0x80]).toString('latin1'), 'image/png'],
  ['is empty', '', 'text/plain'],
  ['repeats a secret of the request', `who is ${secret}?`, 'text/plain'],
  ['repeats records', 'cannot take "the content of a record"', 'text/plain'],
])('a body that %s is not told', async (_what, given, type) => {
  expect(await excerptOf(given, type)).toBeUndefined();
});

test('a body that does not come is not waited for', async () => {
  const { port } = await endpoint((_request, response) =>
    response.writeHead(500, { 'content-type': 'text/plain' }).flushHeaders(),
  );
  const request = { url: `http://127.0.0.1:${port}/`, headers: {}, body, timeoutMs: 20_000 };
  expect(await sender({ excerpts: true }).post(request)).toEqual({ kind: 'answered', status: 500 });
});
