import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import {
  NotSentError,
  OutcomeUnknownError,
  Problem,
  RefusedError,
  ThrottledError,
} from '../../../lib/domain/errors.ts';
import type { Batch } from '../../../lib/domain/records/batches.ts';
import type { BatchStore } from '../../../lib/stores/batches.ts';
import { dynamoBatchStore } from '../../../lib/stores/dynamodb/batches.ts';
import { dynamoCursorStore } from '../../../lib/stores/dynamodb/cursors.ts';
import { createLogClient, createStateClient } from '../../../lib/stores/dynamodb/table/client.ts';
import type { Table } from '../../../lib/stores/dynamodb/table/table.ts';
import type { Clock } from '../../../lib/surroundings/clock.ts';
import { type Answer, refusal, type ScriptedServer, scriptedServer } from '../../embedded/scripted-server.ts';
import { anyTime } from '../windows.ts';

const connection = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
/** Sleeps take no time. */
const clock: Clock = { now: () => 1000, monotonic: () => 1000, sleep: async () => undefined };
const at = { topicId: 't', partition: 0 };
const batch: Batch = {
  base: 0,
  count: 1,
  data: new Uint8Array([1]),
  writeId: new Uint8Array(8).fill(7),
  appendedAt: 5,
  bytesBefore: 0,
};
const stored = {
  pk: { S: 't/0' },
  sk: { N: '0' },
  n: { N: '1' },
  d: { B: 'AQ==' },
  id: { B: 'BwcHBwcHBwc=' },
  t: { N: '5' },
  cum: { N: '0' },
};
const done: Answer = { status: 200, body: {} };

const tableAt = (client: DynamoDBClient): Table => ({ client, table: 'table', clock });
const logAt = (endpoint: string): BatchStore =>
  dynamoBatchStore(tableAt(createLogClient({ ...connection, endpoint })));

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** What a put and a read come to when the store answers so; each must be one request. */
const outcomes = async (answer: Answer): Promise<{ put: unknown; read: unknown; server: ScriptedServer }> => {
  const server = await scriptedServer(answer);
  const batches = logAt(server.endpoint);
  const put = await failure(batches.putIfAbsent(at, batch, anyTime));
  const read = await failure(batches.last(at));
  expect(server.received.map(({ operation }) => operation)).toStrictEqual(['PutItem', 'Query']);
  return { put, read, server };
};

describe('what a put comes to', () => {
  test.each(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'])(
    '%s is a throttle: nothing was written',
    async (name) => {
      const { put, read } = await outcomes(refusal(name));
      expect(put).toBeInstanceOf(ThrottledError);
      expect(read).toBeInstanceOf(ThrottledError);
    },
  );

  test.each<[string, Answer]>([
    ['a 500', refusal('InternalServerError', {}, 500)],
    ['a 503', refusal('ServiceUnavailable', {}, 503)],
    ['a connection that is reset', 'reset'],
    ['an answer that is cut off', 'cut'],
  ])('%s leaves the outcome unknown', async (_name, answer) => {
    const { put, read } = await outcomes(answer);
    expect(put).toBeInstanceOf(OutcomeUnknownError);
    expect(read).toBeInstanceOf(Problem);
    expect((read as Problem).code).toBe('unavailable');
  });

  test('a signature that is too old was refused: nothing was written', async () => {
    const message = 'Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z';
    const { put } = await outcomes(refusal('InvalidSignatureException', { message }));
    expect(put).toBeInstanceOf(NotSentError);
  });

  test('a wrong signature is a refusal, which does not pass', async () => {
    const { put } = await outcomes(refusal('InvalidSignatureException', { message: 'It does not match.' }));
    expect(put).toBeInstanceOf(RefusedError);
  });

  test('any other refusal is told of by its name, without what it says', async () => {
    const { put, read } = await outcomes(refusal('ValidationException', { message: 'orders1/2 and more' }));
    expect(put).toBeInstanceOf(RefusedError);
    expect((put as RefusedError).message).toBe('The store refuses a put: ValidationException.');
    expect(read).toMatchObject({ name: 'ValidationException' });
  });

  test('where nobody listens nothing was sent', async () => {
    const gone = await scriptedServer(done);
    await gone.stop();
    expect(await failure(logAt(gone.endpoint).putIfAbsent(at, batch, anyTime))).toBeInstanceOf(NotSentError);
  });

  test('a put that is given up after it left has an unknown outcome', async () => {
    const server = await scriptedServer('silence');
    const giveUp = new AbortController();
    const arrived = server.nextRequest();
    const put = failure(logAt(server.endpoint).putIfAbsent(at, batch, { ...anyTime, signal: giveUp.signal }));
    await arrived;
    giveUp.abort();
    expect(await put).toBeInstanceOf(OutcomeUnknownError);
  });

  test.each([
    ['is over', { ms: 2, monotonicMs: 0 }],
    ['is over by the monotonic clock', { ms: 0, monotonicMs: 2 }],
    ['is still to come, as the clock stepped back,', { ms: -2, monotonicMs: 0 }],
  ])('a put whose time %s when it has been signed does not leave', async (_name, passed) => {
    const server = await scriptedServer(done);
    let times = { ms: Date.now(), monotonicMs: 500 };
    const client = createLogClient({ ...connection, endpoint: server.endpoint });
    const window = { notBefore: times.ms, notAfter: times.ms + 1, notAfterMonotonic: 501 };
    afterSigning(client, () => {
      times = { ms: times.ms + passed.ms, monotonicMs: times.monotonicMs + passed.monotonicMs };
    });
    const ticking = { ...clock, now: () => times.ms, monotonic: () => times.monotonicMs };
    const batches = dynamoBatchStore({ client, table: 'table', clock: ticking });
    expect(await failure(batches.putIfAbsent(at, batch, window))).toBeInstanceOf(NotSentError);
    expect(server.received).toHaveLength(0);
    expect(await batches.putIfAbsent(at, batch, anyTime)).toStrictEqual({ kind: 'stored' });
  });

  test.each([-60_000, 60_000])(
    'a put whose signature is dated %i ms beside its time does not leave',
    async (besideMs) => {
      const server = await scriptedServer(done);
      const now = Date.now() + besideMs;
      const client = createLogClient({ ...connection, endpoint: server.endpoint });
      const beside = { ...clock, now: () => now };
      const batches = dynamoBatchStore({ client, table: 'table', clock: beside });
      const window = { ...anyTime, notBefore: now, notAfter: now + 1 };
      expect(await failure(batches.putIfAbsent(at, batch, window))).toBeInstanceOf(NotSentError);
      expect(server.received).toHaveLength(0);
    },
  );
});

/** Does something between the signing of each request and what comes after it. */
const afterSigning = (client: DynamoDBClient, act: () => void): void => {
  const sign = client.config.signer;
  client.config.signer = async (scheme) => {
    const signer = await sign(scheme);
    return {
      sign: async (request, options) => {
        const signed = await signer.sign(request, options);
        act();
        return signed;
      },
    };
  };
};

describe('what a store that shows the item of a failed condition saves', () => {
  test('a conflict answers with the batch that won', async () => {
    const server = await scriptedServer(refusal('ConditionalCheckFailedException', { Item: stored }));
    expect(await logAt(server.endpoint).putIfAbsent(at, batch, anyTime)).toStrictEqual({
      kind: 'taken',
      winner: batch,
    });
    expect(server.received[0]?.body).toMatchObject({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' });
  });

  test('an acquire recognises its lease without another request', async () => {
    const cursor = { committed: 3, epoch: 5, leaseUntil: 2000, attempts: 0, retryAt: 0 };
    const numbers = Object.fromEntries(Object.entries(cursor).map(([name, N]) => [name, { N: String(N) }]));
    const Item = { pk: { S: 'group/g' }, sk: { S: 'cursor/0000' }, owner: { S: 'me' }, ...numbers };
    const server = await scriptedServer(refusal('ConditionalCheckFailedException', { Item }));
    const cursors = dynamoCursorStore(
      tableAt(createStateClient({ ...connection, endpoint: server.endpoint })),
    );
    const acquired = await cursors.acquire(
      { groupId: 'g', partition: 0 },
      { read: { ...cursor, epoch: 4 }, startOffset: 0, owner: 'me', leaseUntil: 2000 },
    );
    expect(acquired).toStrictEqual({ taken: true, cursor: { ...cursor, owner: 'me' } });
    expect(server.received).toHaveLength(1);
  });
});

describe('a read of the log', () => {
  test('is strongly consistent where it was asked to be, and always for the tail', async () => {
    const server = await scriptedServer({ status: 200, body: { Items: [] } });
    const batches = logAt(server.endpoint);
    await batches.last(at);
    for (const consistent of [true, false]) {
      await batches.range(at, { from: 0, limit: 10, consistent });
      await batches.floor(at, 5, consistent);
    }
    expect(server.received.map(({ body }) => body['ConsistentRead'])).toStrictEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('what is repeated', () => {
  /** A commit by a state client, at whose third moment (begun, first attempt, second attempt) a clock has moved on. */
  const commitAcross = async (moved: Partial<Record<'now' | 'monotonic', number>>) => {
    const server = await scriptedServer('reset', done);
    let looked = 0;
    const showing = (name: 'now' | 'monotonic') => (looked > 2 ? (moved[name] ?? 1000) : 1000);
    const twoClocks = {
      now: () => {
        looked += 1;
        return showing('now');
      },
      monotonic: () => showing('monotonic'),
    };
    const client = createStateClient({ ...connection, endpoint: server.endpoint, clock: twoClocks });
    const commit = { epoch: 1, committed: 5, leaseUntil: 0 };
    const cursors = dynamoCursorStore(tableAt(client));
    return { failure: await failure(cursors.commit({ groupId: 'g', partition: 0 }, commit)), server };
  };

  test('a request without an answer is sent again', async () => {
    const { failure, server } = await commitAcross({ now: 60_999 });
    expect(failure).toBeUndefined();
    expect(server.received).toHaveLength(2);
  });

  test.each([{ now: 61_001 }, { monotonic: 61_001 }, { now: -3_600_000, monotonic: 61_001 }])(
    'not by a process that was away for more than a minute: %j',
    async (moved) => {
      const { failure, server } = await commitAcross(moved);
      expect(failure).toBeInstanceOf(OutcomeUnknownError);
      expect(server.received).toHaveLength(1);
    },
  );

  test('a write of the state table that is late before its first attempt does not leave', async () => {
    const server = await scriptedServer(done);
    let now = 1000;
    const slow = { now: () => now, monotonic: () => 1000 };
    const client = createStateClient({ ...connection, endpoint: server.endpoint, clock: slow });
    const sign = client.config.signer;
    client.config.signer = async (scheme) => {
      now += 60_001;
      return sign(scheme);
    };
    const commit = { epoch: 1, committed: 5, leaseUntil: 0 };
    const committing = dynamoCursorStore(tableAt(client)).commit({ groupId: 'g', partition: 0 }, commit);
    expect(await failure(committing)).toBeInstanceOf(NotSentError);
    expect(server.received).toHaveLength(0);
  });

  test('the signatures of the state client bear the date of this machine, whatever the answers say', () => {
    const client = createStateClient({ ...connection, endpoint: 'http://127.0.0.1:1' });
    return expect(client.config.disableClockSkewCorrection()).resolves.toBe(true);
  });

  test('a refusal after an attempt without an answer does not say that nothing was written', async () => {
    const server = await scriptedServer('reset', refusal('ThrottlingException'));
    const client = new DynamoDBClient({ ...connection, endpoint: server.endpoint, maxAttempts: 2 });
    const commit = { epoch: 1, committed: 5, leaseUntil: 0 };
    const answer = failure(dynamoCursorStore(tableAt(client)).commit({ groupId: 'g', partition: 0 }, commit));
    expect(await answer).toBeInstanceOf(OutcomeUnknownError);
    expect(server.received).toHaveLength(2);
  });

  test('deletions that the store left undone are asked for again', async () => {
    const left = [{ DeleteRequest: { Key: { pk: { S: 't/0' }, sk: { N: '2' } } } }];
    const partly: Answer = { status: 200, body: { UnprocessedItems: { table: left } } };
    const server = await scriptedServer(partly, partly, done);
    await logAt(server.endpoint).delete(at, [0, 2]);
    expect(server.received.slice(1).map(({ body }) => body['RequestItems'])).toStrictEqual([
      { table: left },
      { table: left },
    ]);
  });

  test('deletions that the store keeps leaving undone end as throttled', async () => {
    const left = [{ DeleteRequest: { Key: { pk: { S: 't/0' }, sk: { N: '2' } } } }];
    const server = await scriptedServer({ status: 200, body: { UnprocessedItems: { table: left } } });
    expect(await failure(logAt(server.endpoint).delete(at, [0, 2]))).toBeInstanceOf(ThrottledError);
  });
});
