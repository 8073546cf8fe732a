import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  NotSentError,
  OutcomeUnknownError,
  Problem,
  RefusedError,
  ThrottledError,
} from '../../lib/domain/errors.ts';
import { ObjectMissingError, type ObjectStore } from '../../lib/stores/objects.ts';
import { createArchiveClient } from '../../lib/stores/s3/client.ts';
import { s3ObjectStore } from '../../lib/stores/s3/objects.ts';
import { type Answer, type ScriptedServer, scriptedServer } from '../embedded/scripted-server.ts';

/** Sleeps take no time; every request is sent once unless said. */
const archiveAt = ({ endpoint }: ScriptedServer, maxAttempts = 1): ObjectStore => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = createArchiveClient({ endpoint, region: 'us-east-1', credentials, maxAttempts });
  return s3ObjectStore({ client, bucket: 'archive', clock: { sleep: async () => undefined } });
};

const failing = (code: string, status: number): Answer => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>orders 42</Message></Error>`,
});
const stored: Answer = { status: 200, body: '' };
const body = new Uint8Array([1, 2, 3]);
const range = { from: 0, to: 3 };

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** What a put comes to when S3 answers so, in one attempt. */
const putting = async (...answers: readonly Answer[]): Promise<unknown> =>
  failureOf(archiveAt(await scriptedServer(...answers)).put('a', body));

describe('a put to S3', () => {
  test('takes no other object’s place, and has S3 verify what it got', async () => {
    const server = await scriptedServer(stored);
    await archiveAt(server).put('topic=orders/partition=3/1.parquet', body);
    expect(server.received.map(({ headers }) => headers)).toMatchObject([
      {
        'if-none-match': '*',
        'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
        'content-length': '3',
      },
    ]);
  });

  test('is done when the object is there: it put it itself', async () => {
    expect(await putting(failing('PreconditionFailed', 412))).toBeUndefined();
  });

  test('is tried again while another attempt of it is not over', async () => {
    const server = await scriptedServer(failing('ConditionalRequestConflict', 409), stored);
    await archiveAt(server).put('a', body);
    expect(server.received).toHaveLength(2);
    expect(await putting(failing('ConditionalRequestConflict', 409))).toBeInstanceOf(OutcomeUnknownError);
  });

  test.each(['SlowDown', 'ServiceUnavailable'])('%s is a throttle: nothing was stored', async (code) => {
    expect(await putting(failing(code, 503))).toBeInstanceOf(ThrottledError);
  });

  test.each(['BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody', 'RequestTimeout'])(
    '%s says that it was not stored, and may be the next time',
    async (code) => {
      expect(await putting(failing(code, 400))).toBeInstanceOf(NotSentError);
    },
  );

  test.each([
    ['AccessDenied', 403],
    ['NoSuchBucket', 404],
  ])('%s is a refusal, told of by its name alone', async (code, status) => {
    const failure = await putting(failing(code, status));
    expect(failure).toBeInstanceOf(RefusedError);
    expect((failure as RefusedError).message).toBe(`S3 refuses a put: ${code}.`);
  });

  test.each<[string, Answer]>([
    ['a 500', failing('InternalError', 500)],
    ['a connection that is reset', 'reset'],
  ])('%s leaves the outcome unknown', async (_name, answer) => {
    expect(await putting(answer)).toBeInstanceOf(OutcomeUnknownError);
  });

  test('a refusal after an attempt without an answer does not say that nothing was stored', async () => {
    const server = await scriptedServer('reset', failing('AccessDenied', 403));
    expect(await failureOf(archiveAt(server, 2).put('a', body))).toBeInstanceOf(OutcomeUnknownError);
    expect(server.received).toHaveLength(2);
  });
});

test('a put that is refused for want of capacity in every attempt certainly stored nothing', async () => {
  const server = await scriptedServer(failing('SlowDown', 503));
  expect(await failureOf(archiveAt(server, 2).put('a', body))).toBeInstanceOf(ThrottledError);
  expect(server.received).toHaveLength(2);
});

describe('a read from S3', () => {
  const reading = async (answer: Answer): Promise<unknown> =>
    failureOf(archiveAt(await scriptedServer(answer)).read('a', range));

  test('asks for the bytes of the range and no others', async () => {
    const server = await scriptedServer({ status: 206, body: 'abc' });
    expect(await archiveAt(server).read('a', { from: 5, to: 8 })).toStrictEqual(
      Uint8Array.from(Buffer.from('abc')),
    );
    expect(server.received[0]?.headers['range']).toBe('bytes=5-7');
  });

  test('tells a missing object from a missing right', async () => {
    expect(await reading(failing('NoSuchKey', 404))).toBeInstanceOf(ObjectMissingError);
    expect(await reading(failing('NoSuchBucket', 404))).toMatchObject({ name: 'NoSuchBucket' });
    expect(await reading(failing('AccessDenied', 403))).toMatchObject({ name: 'AccessDenied' });
  });

  test('fewer bytes than were asked for are an error', async () => {
    expect(await reading({ status: 206, body: 'ab' })).toBeInstanceOf(RangeError);
    expect(await reading(failing('InvalidRange', 416))).toBeInstanceOf(RangeError);
  });

  test('a throttle and no answer are told apart', async () => {
    expect(await reading(failing('SlowDown', 503))).toBeInstanceOf(ThrottledError);
    for (const answer of ['reset', 'cut', failing('InternalError', 500)] as const) {
      const failure = await reading(answer);
      expect(failure).toBeInstanceOf(Problem);
      expect((failure as Problem).code).toBe('unavailable');
    }
  });
});

describe('a deletion on S3', () => {
  const answering = (...errors: readonly [key: string, code: string][]): Answer => ({
    status: 200,
    body: `<DeleteResult>${errors
      .map(([key, code]) => `<Error><Key>${key}</Key><Code>${code}</Code></Error>`)
      .join('')}</DeleteResult>`,
  });
  const keysIn = ({ received }: ScriptedServer): string[][] =>
    received.map(({ text }) => [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key));

  test('goes in thousands', async () => {
    const server = await scriptedServer(answering());
    const names = Array.from({ length: 2300 }, (_, index) => `a/${index}`);
    await archiveAt(server).delete(names);
    expect(keysIn(server)).toStrictEqual([names.slice(0, 1000), names.slice(1000, 2000), names.slice(2000)]);
  });

  test('those that S3 did not delete are asked for again, and only those', async () => {
    const server = await scriptedServer(answering(['b', 'InternalError'], ['c', 'NoSuchKey']), answering());
    await archiveAt(server).delete(['a', 'b', 'c']);
    expect(keysIn(server)).toStrictEqual([['a', 'b', 'c'], ['b']]);
  });

  test('what S3 keeps leaving undone ends as throttled, what it refuses as an error at once', async () => {
    const busy = await scriptedServer(answering(['a', 'SlowDown']));
    expect(await failureOf(archiveAt(busy).delete(['a']))).toBeInstanceOf(ThrottledError);
    const refusing = await scriptedServer(answering(['a', 'AccessDenied']));
    await expect(archiveAt(refusing).delete(['a'])).rejects.toThrow('AccessDenied');
    expect(refusing.received).toHaveLength(1);
  });
});
