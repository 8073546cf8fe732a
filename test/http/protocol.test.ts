import { describe, expect, test } from 'vitest';
import { Problem, ThrottledError } from '../../lib/domain/errors.ts';
import { acksApp } from '../../lib/http/acks.ts';
import { adminApp } from '../../lib/http/admin.ts';
import { consumeApp } from '../../lib/http/consume.ts';
import { describeApp } from '../../lib/http/describe.ts';
import { type Method, type Part, paths } from '../../lib/http/paths.ts';
import { problems } from '../../lib/http/problems.ts';
import { produceApp } from '../../lib/http/produce.ts';
import { pullApp } from '../../lib/http/pull.ts';
import { call, expectProblem, newWorld, withTopic } from './world.ts';

const group = '/v1/topics/orders/groups/billing';

test.each([`POST ${group}/seeks`, 'GET /v1/docs', 'GET /v1/openapiXjson', 'GET /v1/topics/orders/seek'])(
  'says of what is no address that there is nothing: %s',
  async (line) => {
    const problem = expectProblem(await call(await newWorld(), line), 404, 'not_found');
    expect(problem['detail']).toContain('nothing at this address');
  },
);

test('health is open', async () => {
  const answer = await call(await newWorld(), 'GET /v1/health', { key: null });
  expect([answer.status, answer.json]).toEqual([200, { status: 'ok' }]);
});

describe('an address that there is not', () => {
  test.each([
    '/',
    '/v1',
    '/v1/',
    '/v2/topics',
    '/v1/topics/',
    '/v1/topics/a/',
    '/v1/topics/a/b',
    '/V1/topics',
    '/v1//topics',
    '/%ff',
    '/v1/keys/a/b',
  ])('is 404: %s', async (path) => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      expectProblem(await call(await newWorld(), `${method} ${path}`), 404, 'not_found');
    }
  });
});

describe('a method that an address does not take is 405 with those that it takes:', () => {
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'];
  test.each(Object.entries(paths))('%s', async (path, taken) => {
    const world = await newWorld();
    for (const method of methods.filter((other) => !Object.hasOwn(taken, other))) {
      const answer = await call(world, `${method} ${path.replaceAll(/:\w+/g, 'a')}`);
      expectProblem(answer, 405, 'method_not_allowed');
      const allowed = answer.headers
        .get('allow')
        ?.split(', ')
        .filter((other) => other !== 'HEAD');
      expect(allowed?.sort()).toEqual(Object.keys(taken).sort());
    }
  });
});

describe('each part', () => {
  const served = async (part: Part): Promise<string[]> => {
    const { deps } = await newWorld();
    const app = {
      produce: produceApp,
      consume: consumeApp,
      admin: adminApp,
      describe: describeApp,
      pull: pullApp,
      acks: acksApp,
    }[part](deps);
    const lines = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`);
    return [...new Set(lines)].sort();
  };

  test.each(['produce', 'consume', 'pull', 'acks', 'admin', 'describe'] as const)(
    '%s serves just the requests that are its',
    async (part) => {
      const expected = Object.entries(paths).flatMap(([path, methods]) =>
        (Object.keys(methods) as Method[])
          .filter((method) => methods[method] === part)
          .map((method) => `${method} ${path}`),
      );
      expect(await served(part)).toEqual(expected.sort());
    },
  );
});

describe('the id of a request', () => {
  test('is in every answer, another each time', async () => {
    const world = await newWorld();
    const ids = new Set<string | null>();
    for (const line of [
      'GET /v1/topics',
      'GET /nothing',
      'PUT /v1/topics/a',
      'DELETE /v1/topics/a',
      'GET /v1/health',
    ]) {
      ids.add((await call(world, line)).headers.get('x-request-id'));
    }
    expect(ids.size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{24}$/);
  });

  test('is that of the platform where there is one, and never the client chooses it', async () => {
    const world = await newWorld(() => ({ requestId: () => 'platform-1' }));
    const answer = await call(world, 'GET /nothing', { headers: { 'x-request-id': 'mine' } });
    expect(expectProblem(answer, 404, 'not_found')['requestId']).toBe('platform-1');
  });
});

describe('a fault', () => {
  test('is 500, tells nothing of itself, and is recorded with the id of the request', async () => {
    const world = await newWorld();
    world.stores.topics.list = () => Promise.reject(new Error('password=hunter2'));
    const answer = await call(world, 'GET /v1/topics');
    expectProblem(answer, 500, 'internal');
    expect(answer.text).not.toContain('hunter2');
    const id = answer.headers.get('x-request-id');
    expect(world.events).toMatchObject([
      { kind: 'fault', where: 'GET /v1/topics', requestId: id, error: { message: 'password=hunter2' } },
    ]);
  });

  test('of a throttled store is 503 and says when to try again', async () => {
    const world = await newWorld();
    world.stores.topics.list = () => Promise.reject(new ThrottledError('no capacity'));
    const answer = await call(world, 'GET /v1/topics');
    expectProblem(answer, 503, 'throttled');
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(world.events).toEqual([]);
  });
});

test('whatever is unavailable says when to try again', async () => {
  const world = await newWorld();
  world.stores.topics.list = () => Promise.reject(new Problem('unavailable', 'The store did not answer.'));
  const answer = await call(world, 'GET /v1/topics');
  expectProblem(answer, 503, 'unavailable');
  expect(answer.headers.get('retry-after')).toBe('1');
});

describe('settings', () => {
  const json = { 'content-type': 'application/json' };

  test('may take 64 KiB, counted while they come in', async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 16_384;
        controller.enqueue(new Uint8Array(16_384).fill(0x20));
        if (sent > 1024 * 1024) controller.close();
      },
    });
    const problem = expectProblem(
      await call(await newWorld(), 'PUT /v1/topics/a', { body, headers: json }),
      413,
      'too_large',
    );
    expect(problem).toMatchObject({ limit: 'settingsBytes', maximum: 65_536 });
  });

  test.each(['{', '{"partitions":}', '{"partitions":1}x'])('that are not JSON are 400 (%#)', async (body) => {
    expectProblem(
      await call(await newWorld(), 'PUT /v1/topics/a', { body, headers: json }),
      400,
      'invalid_request',
    );
  });

  test.each([
    ['{"name":"secret-word"', /The text ends where/],
    ['secret-word', /Expected .* at byte 0\./],
    ['{"partitions":1}secret-word', /the end of the text at byte 16\./],
    ['', /The text ends where/],
  ])('that are not JSON are told where, and nothing of them is repeated: %j', async (body, message) => {
    const answer = await call(await newWorld(), 'POST /v1/keys', { body, headers: json });
    const problem = expectProblem(answer, 400, 'invalid_request');
    expect(problem['errors']).toEqual([{ path: '', message: expect.stringMatching(message) }]);
    expect(answer.text).not.toContain('secret-word');
  });

  test.each([
    'PUT /v1/topics/a',
    'PATCH /v1/topics/orders',
    'PUT /v1/topics/orders/groups/a',
    'PATCH /v1/topics/orders/groups/a',
    'POST /v1/topics/orders/groups/a/endpoints',
    'PATCH /v1/topics/orders/groups/a/endpoints/b',
    'POST /v1/topics/orders/groups/a/endpoints/b/rotate-secret',
    'POST /v1/keys',
  ])('of any wrong kind are answered in sentences of ours: %s', async (line) => {
    const world = await newWorld();
    await withTopic(world, 1);
    const values = [null, 1, 'a', [], {}, true, -1, 1e9, { a: 1 }];
    const names =
      'partitions retentionHours archive mode start delivery url headers description status name scopes topics expiresAt';
    const fields = names.split(' ').flatMap((name) => values.map((value) => ({ [name]: value })));
    const inner = values.flatMap((value) => [
      { mode: 'push', delivery: { batchSize: value, timeoutSeconds: value } },
      { mode: 'push', delivery: { format: value } },
      { mode: 'push', delivery: { backoff: value } },
      { mode: 'push', delivery: { backoff: { initialSeconds: value, maxSeconds: value } } },
      { mode: 'push', start: { offsets: value } },
      { mode: 'push', start: { offsets: { 0: value } } },
      { mode: 'push', start: { timestamp: value } },
      { url: 'https://example.com/', headers: { a: value } },
      { url: 'https://example.com/', headers: { '': 'x' } },
      { name: 'a', scopes: [value], topics: [value] },
    ]);
    let refused = 0;
    for (const body of [...values, ...fields, ...inner]) {
      const answer = await call(world, line, { json: body });
      if (answer.status !== 400) continue;
      refused += 1;
      expectProblem(answer, 400, String(answer.json['code']));
      expect(answer.text).not.toMatch(/Invalid |received|undefined|NaN/);
    }
    expect(refused).toBeGreaterThan(50);
  });

  test('nested beyond measure are 400', async () => {
    const body = `{"start":${'['.repeat(30_000)}${']'.repeat(30_000)},"mode":"push"}`;
    const world = await newWorld();
    await withTopic(world, 1);
    expectProblem(
      await call(world, 'PUT /v1/topics/orders/groups/a', { body, headers: json }),
      400,
      'limit_exceeded',
    );
    const endless = await call(world, 'PUT /v1/topics/a', { body: '['.repeat(60_000), headers: json });
    expect(expectProblem(endless, 400, 'limit_exceeded')['limit']).toBe('jsonDepth');
  });

  test('of another content type are 415', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await call(await newWorld(), 'PUT /v1/topics/a', { body: 'partitions=1', headers });
    expectProblem(answer, 415, 'unsupported_media_type');
    const bytes = new TextEncoder().encode('{"partitions":1}');
    expectProblem(
      await call(await newWorld(), 'PUT /v1/topics/a', { body: bytes }),
      415,
      'unsupported_media_type',
    );
  });

  test('that break off are 400', async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('{"partitions"'));
        controller.error(new Error('connection reset'));
      },
    });
    expectProblem(
      await call(await newWorld(), 'PUT /v1/topics/a', { body, headers: json }),
      400,
      'invalid_request',
    );
  });

  test('__proto__ is an unknown field as any other, and harms nothing', async () => {
    const body = '{"__proto__":{"partitions":5},"constructor":1}';
    const problem = expectProblem(
      await call(await newWorld(), 'PUT /v1/topics/a', { body, headers: json }),
      400,
      'invalid_request',
    );
    expect((problem['errors'] as { path: string }[]).map(({ path }) => path)).toContain('constructor');
    expect(({} as Record<string, unknown>)['partitions']).toBeUndefined();
  });
});

test('every problem has a status of its kind and a title', () => {
  for (const { status, title } of Object.values(problems)) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).not.toBe('');
  }
});

test('a request takes no query that it does not know', async () => {
  const world = await newWorld();
  await withTopic(world, 1);
  for (const line of [
    'GET /v1/topics/orders',
    'PUT /v1/topics/orders',
    'DELETE /v1/topics/orders',
    'GET /v1/keys',
    'GET /v1/topics/orders/groups',
    'GET /v1/topics/orders/partitions',
  ]) {
    expectProblem(await call(world, `${line}?force=true`), 400, 'invalid_request');
  }
  expect((await call(world, 'GET /v1/topics/orders')).status).toBe(200);
});
