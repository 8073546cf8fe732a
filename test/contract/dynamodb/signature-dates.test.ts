import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { batchEnd } from '../../../lib/domain/records/batches.ts';
import { Appender } from '../../../lib/log/append/appender.ts';
import { dynamoBatchStore } from '../../../lib/stores/dynamodb/batches.ts';
import { createLogClient } from '../../../lib/stores/dynamodb/table/client.ts';
import { MemoryPartitionStore } from '../../../lib/stores/memory/partitions.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import { systemRandom } from '../../../lib/stores/system/random.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';
import { embeddedTables } from '../../embedded/tables.ts';
import { recordOf } from '../../harness/records.ts';
import { trim } from '../../harness/trim.ts';

const minute = 60_000;
const hour = 60 * minute;
const at = { topicId: 't', partition: 0 };

/** The store's clock: what `Date` says in this process is a writer's, which may stand still. */
let storeNow = 0;
const storeClock: Clock = { ...systemClock, now: () => storeNow };
/** The writer's machine: its monotonic clock stood still with the wall clock, but for what the test takes. */
const writerClock: Clock = systemClock;

beforeEach(() => {
  storeNow = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: storeNow });
});
afterEach(() => void vi.useRealTimers());

const signedAt = (header: string | string[] | undefined): number =>
  Date.parse(String(header).replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5'));

/** DynamoDB behind a door that refuses signatures as AWS does: far from its clock, whose time each answer tells. */
const strictDynamodb = async () => {
  const tables = await embeddedTables();
  onTestFinished(() => tables[Symbol.asyncDispose]());
  const inner = new URL(tables.endpoint);
  const dates: number[] = [];
  const counts = { refused: 0 };
  const door = http.createServer((request, response) => {
    const date = new Date(storeNow).toUTCString();
    const signed = signedAt(request.headers['x-amz-date']);
    dates.push(signed);
    if (Math.abs(signed - storeNow) > limits.signatureMaxAgeMs) {
      counts.refused += 1;
      response.writeHead(400, { date, 'content-type': 'application/x-amz-json-1.0' });
      const message = signed < storeNow ? 'Signature expired: …' : 'Signature not yet current: …';
      response.end(JSON.stringify({ __type: 'com.amazon.coral.service#InvalidSignatureException', message }));
      return;
    }
    const { hostname, port } = inner;
    const { method, url, headers } = request;
    const forwarded = http.request({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, date });
      answer.pipe(response);
    });
    request.pipe(forwarded);
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  onTestFinished(() => {
    door.closeAllConnections();
    door.close();
  });
  const endpoint = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  const client = createLogClient({ ...tables.connection, endpoint });
  onTestFinished(() => client.destroy());
  const { table } = tables.log;
  return {
    /** Reaches the tables past the door. */
    inside: dynamoBatchStore({ ...tables.log, clock: storeClock }),
    outside: dynamoBatchStore({ client, table, clock: writerClock }),
    dates,
    counts,
  };
};

test('a writer whose machine was paused for hours, clocks and all, puts nothing where batches were trimmed', async () => {
  const { inside, outside, counts } = await strictDynamodb();
  const options = { waitBudgetMs: 200 };
  const writer = new Appender({ batches: outside, clock: writerClock, random: systemRandom, options });
  for (const value of [0, 1, 2]) await writer.append(at, [recordOf({ value })]);

  storeNow += hour / 2;
  // In the one process of this test the signatures of all are dated by the writer's clock: these pass by the inner door.
  vi.setSystemTime(storeNow);
  const other = new Appender({ batches: inside, clock: storeClock, random: systemRandom });
  for (let value = 3; value < 9; value += 1) await other.append(at, [recordOf({ value })]);
  storeNow += 2 * hour;
  const partitions = new MemoryPartitionStore();
  expect(await trim({ batches: inside, partitions, clock: storeClock }, at, 9)).toBe(8);

  vi.setSystemTime(storeNow - 2.5 * hour);
  for (const value of ['late', 'again'])
    await expect(writer.append(at, [recordOf({ value })])).rejects.toMatchObject({ code: 'unavailable' });
  expect(counts.refused).toBeGreaterThan(0);

  vi.setSystemTime(storeNow);
  expect(await writer.append(at, [recordOf({ value: 'right' })])).toMatchObject({ base: 9 });
  const { batches } = await inside.range(at, { from: 0, limit: 100, consistent: true });
  expect(batches.map((batch) => [batch.base, batchEnd(batch)])).toEqual([
    [8, 9],
    [9, 10],
  ]);
});

test.each([-2 * hour, 2 * hour])(
  'no answer, refusal or not, moves the date of later signatures: a clock that is %i ms off',
  async (offMs) => {
    const { outside, dates, counts } = await strictDynamodb();
    const truly = storeNow;
    await outside.last(at);
    vi.setSystemTime(truly + offMs);
    await expect(outside.last(at)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(outside.last(at)).rejects.toMatchObject({ code: 'unavailable' });
    vi.setSystemTime(truly + 10 * minute);
    await outside.last(at);
    await outside.last(at);
    expect(counts.refused).toBe(2);
    const second = (ms: number): number => Math.floor(ms / 1000) * 1000;
    expect(dates).toEqual([0, offMs, offMs, 10 * minute, 10 * minute].map((ms) => second(truly + ms)));
  },
);
