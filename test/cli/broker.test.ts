import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Broker } from '../../cli/broker/broker.ts';
import { BrokerProblem, NoAnswerError } from '../../cli/broker/problem.ts';

interface Said {
  readonly status: number;
  readonly code?: string;
  readonly retryAfter?: number;
}

const partitions = { partitions: [{ partition: 0, startOffset: 0, endOffset: 3, archivedThrough: 0 }] };
const results = { results: [{ partition: 0, offset: 3 }] };

/** A client of a server that refuses in these ways, one after the other, and then answers. No sleep takes any time. */
const clientOf = async (refusals: readonly Said[]) => {
  let asked = 0;
  const slept: number[] = [];
  const server = createServer((request, response) => {
    const said = refusals[asked];
    asked += 1;
    request.resume();
    if (said === undefined) response.end(JSON.stringify(request.method === 'GET' ? partitions : results));
    else
      response
        .writeHead(
          said.status,
          said.retryAfter === undefined ? {} : { 'retry-after': String(said.retryAfter) },
        )
        .end(
          JSON.stringify(said.code === undefined ? { message: 'Down' } : { code: said.code, detail: 'No.' }),
        );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sleep = async (ms: number): Promise<void> => void slept.push(ms);
  const broker = new Broker({ url, key: 'k', signal: new AbortController().signal, sleep });
  return { broker, slept, asked: () => asked };
};

const busy = (status: number, retryAfter?: number): Said => ({
  status,
  code: 'unavailable',
  ...(retryAfter !== undefined && { retryAfter }),
});

describe('what a broker refuses', () => {
  test('for a time is asked again when it says, an append too', async () => {
    const { broker, slept } = await clientOf([busy(429, 7), busy(503, 2)]);
    expect(await broker.produce('orders', ['{"value":1}'])).toBe(3);
    expect(slept).toEqual([7000, 2000]);
  });

  test('for a time that it does not say is asked again after pauses that grow', async () => {
    const { broker, slept } = await clientOf(Array.from({ length: 5 }, () => busy(503)));
    expect(await broker.partitions('orders')).toEqual(partitions.partitions);
    expect(slept).toHaveLength(5);
    expect(slept[4]).toBeGreaterThan(slept[0] ?? 0);
  });

  test('for good is not asked again', async () => {
    const { broker, asked } = await clientOf([{ status: 403, code: 'forbidden' }]);
    await expect(broker.partitions('orders')).rejects.toThrow(BrokerProblem);
    expect(asked()).toBe(1);
  });
});

describe('what gets no answer that says what was done', () => {
  test.each([{ status: 500 }, { status: 504, code: 'outcome_unknown' }, { status: 503 }])(
    'as %j, is asked again where that does no harm',
    async (said) => {
      const reading = await clientOf([said, said]);
      expect(await reading.broker.partitions('orders')).toEqual(partitions.partitions);
      const appending = await clientOf([said]);
      await expect(appending.broker.produce('orders', ['{"value":1}'])).rejects.toThrow(NoAnswerError);
      expect(appending.asked()).toBe(1);
    },
  );

  test('is given up at last', async () => {
    const { broker, asked } = await clientOf(Array.from({ length: 100 }, () => ({ status: 502 })));
    await expect(broker.partitions('orders')).rejects.toThrow('The broker answered 502');
    expect(asked()).toBe(10);
  });
});
