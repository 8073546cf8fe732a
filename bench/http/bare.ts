/**
 * The yardstick: what node:http alone takes for the same JSON in and out, without a key, a check or a log. It parses what is
 * produced and answers with as many results; a fetch is answered with a thousand records made into JSON.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { orderJson } from './cases.ts';
import { serveParent } from './messages.ts';

const timestamp = new Date().toISOString();

const fetched = {
  records: Array.from({ length: 1000 }, (_, offset) => ({
    partition: 0,
    offset,
    timestamp,
    value: JSON.parse(orderJson('plain')) as unknown,
  })),
  nextOffset: 1000,
  startOffset: 0,
  endOffset: 1000,
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

const answerTo = async (request: IncomingMessage): Promise<unknown> => {
  if (request.method === 'GET') return fetched;
  const { records } = JSON.parse(await bodyOf(request)) as { records: readonly unknown[] };
  return { results: records.map((_, offset) => ({ partition: 0, offset, timestamp })) };
};

const server = createServer((request, response) => {
  void answerTo(request).then((answer) => {
    const body = JSON.stringify(answer);
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => serveParent({ port: (server.address() as AddressInfo).port, key: '' }));
