import { expect, test } from 'vitest';
import { concurrently } from '../../../lib/domain/concurrently.ts';
import { adminKey } from '../world.ts';
import { bodyRows, bombRows } from './bodies.ts';
import { type MeasuredBroker, startMeasuredBroker } from './broker-process.ts';
import { connected, produceHead } from './connection.ts';
import { requestRows } from './requests.ts';
import type { Row } from './row.ts';
import { shapeRows } from './shapes.ts';

const sizeOf = ({ body = '' }: Row): number => Buffer.byteLength(body);

/** Sends a request that is wrong, and expects its status. What it says of its length has to be so here. */
const send = async ({ url }: MeasuredBroker, row: Row): Promise<void> => {
  const [method = '', path = ''] = row.line.split(' ');
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      authorization: `Bearer ${adminKey}`,
      // A kept connection may just be ended by the broker when the next request is sent on it.
      connection: 'close',
      ...(row.body !== undefined && { 'content-type': 'application/json' }),
      ...row.headers,
    },
    ...(row.body !== undefined && { body: row.body as string }),
  });
  await response.arrayBuffer();
  expect({ what: row.what, status: response.status }).toEqual({ what: row.what, status: row.status });
};

const leaveHalfWay = async ({ url }: MeasuredBroker): Promise<void> => {
  const socket = await connected(url);
  socket.write(`${produceHead('Content-Length: 4000000')}{"records":[`, () => socket.resetAndDestroy());
};

test('thousands of requests that are wrong leave the memory of a broker as it was', {
  timeout: 240_000,
}, async () => {
  const broker = await startMeasuredBroker();
  const created = await fetch(new URL('/v1/topics/orders', broker.url), {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminKey}` },
  });
  expect(created.status).toBe(201);
  const rows = [...bodyRows, ...shapeRows, ...bombRows(), ...requestRows].filter(
    // A client of HTTP does not send these.
    ({ headers, line }) => headers?.['content-length'] === undefined && !line.includes('%00'),
  );
  const small = rows.filter((row) => sizeOf(row) < 100_000);
  const large = rows.filter((row) => sizeOf(row) >= 100_000);
  let sent = 0;
  const round = async (): Promise<void> => {
    const requests = [...large, ...small, ...small, ...small, ...small, ...small];
    await concurrently(8, requests, (row) => send(broker, row));
    await concurrently(8, Array.from({ length: 50 }), () => leaveHalfWay(broker));
    sent += requests.length + 50;
  };
  // What is compiled, cached and pooled once is there after the first ones.
  await round();
  await round();
  const before = await broker.memory();
  for (let rounds = 0; rounds < 4; rounds += 1) await round();
  const after = await broker.memory();
  expect(sent).toBeGreaterThan(5_000);
  expect(broker.hasEnded()).toBe(false);
  // Not a thousand bytes for each.
  expect((after.heldBytes - before.heldBytes) / 2 ** 20).toBeLessThan(4);
  expect((after.rss - before.rss) / 2 ** 20).toBeLessThan(128);
});
