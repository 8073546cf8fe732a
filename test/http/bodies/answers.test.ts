import { beforeAll, describe, expect, test } from 'vitest';
import { call, newWorld, produce, type World, withTopic } from '../world.ts';
import { codings, expanded } from './codings.ts';

const fetching = '/v1/topics/orders/partitions/0/records?offset=0';

let world: World;

beforeAll(async () => {
  world = await newWorld();
  await withTopic(world, 300);
  const values = Array.from({ length: 900 }, (_, n) => ({
    partition: 0,
    value: { n, at: `place ${n % 7}` },
  }));
  expect((await produce(world, values)).status).toBe(200);
  expect((await produce(world, [{ partition: 1, value: 'small' }])).status).toBe(200);
  await call(world, 'PUT /v1/topics/orders/groups/audit', { json: { mode: 'push' } });
});

/** The answer as its bytes. */
const get = async (path: string, accept?: string, method = 'GET') => {
  const part = path.includes('/partitions') ? 'consume' : 'admin';
  const key = await world.key({ scopes: ['admin'] });
  const response = await world.apps[part].request(path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(accept !== undefined && { 'accept-encoding': accept }),
    },
  });
  return {
    status: response.status,
    coding: response.headers.get('content-encoding'),
    vary: response.headers.get('vary'),
    type: response.headers.get('content-type'),
    bytes: Buffer.from(await response.arrayBuffer()),
  };
};

describe('a fetch is answered with the same bytes, compressed as it was asked for', () => {
  test.each(codings)('%s', async (coding) => {
    const plain = await get(fetching);
    const answer = await get(fetching, coding);
    expect(answer).toMatchObject({
      status: 200,
      coding,
      vary: expect.stringContaining('accept-encoding'),
      type: 'application/json',
    });
    expect(expanded[coding](answer.bytes).equals(plain.bytes)).toBe(true);
    expect(answer.bytes.byteLength).toBeLessThan(plain.bytes.byteLength / 5);
  });

  test.each([
    ['nothing is said', undefined, null],
    ['nothing is accepted', '', null],
    ['only what we do not have is', 'deflate, compress', null],
    ['several are', 'gzip, deflate, br, zstd', 'zstd'],
    ['several are, without zstd', 'gzip, br', 'br'],
    ['by another name', 'x-gzip', 'gzip'],
    ['in upper case', 'GZIP', 'gzip'],
    ['anything is', '*', 'zstd'],
    ['anything but one is', '*, zstd;q=0', 'br'],
    ['one is liked better', 'zstd;q=0.5, gzip', 'gzip'],
    ['one is liked better by a little', 'zstd;q=0.998, br;q=0.999 , gzip; q=0.1', 'br'],
    ['one is not', 'gzip;q=0', null],
    ['one is not, in digits', 'gzip;q=0.000', null],
    ['another is not', 'zstd;q=0, br;q=0.0, gzip;q=0.001', 'gzip'],
    ['as it is is accepted too', 'identity, gzip', 'gzip'],
    ['as it is is liked better', 'identity, gzip;q=0.5', null],
    ['nothing at all is', 'identity;q=0, *;q=0', null],
    ['a weight is none', 'gzip;q=2, br;q=x, zstd;q=-1', null],
    ['it is no list', ';;q=1,,"gzip"', null],
    ['there are thousands', `${'x,'.repeat(3000)}gzip`, 'gzip'],
  ] as const)('or not, where %s', async (_what, accept, coding) => {
    const answer = await get(fetching, accept);
    expect(answer).toMatchObject({ status: 200, coding, vary: expect.stringContaining('accept-encoding') });
  });

  test('but not where it is small', async () => {
    const small = await get('/v1/topics/orders/partitions/1/records?offset=0', 'gzip, br, zstd');
    expect(small).toMatchObject({ coding: null, vary: expect.stringContaining('accept-encoding') });
    expect(small.bytes.toString()).toContain('small');
  });

  test('also to HEAD, without the bytes', async () => {
    const answer = await get(fetching, 'zstd', 'HEAD');
    expect(answer).toMatchObject({ status: 200, coding: 'zstd' });
    expect(answer.bytes.byteLength).toBe(0);
  });
});

test.each(['/v1/topics/orders/partitions', '/v1/topics/orders/groups/audit', '/v1/keys'])(
  'a list is compressed too: %s',
  async (path) => {
    for (let count = 0; count < 20; count += 1) await world.key({ scopes: ['consume'] });
    const answer = await get(path, 'br');
    expect(answer).toMatchObject({
      status: 200,
      coding: 'br',
      vary: expect.stringContaining('accept-encoding'),
    });
    expect(JSON.parse(expanded.br(answer.bytes).toString())).toBeTypeOf('object');
  },
);

test.each([
  '/v1/topics',
  '/v1/topics/orders/groups',
  '/v1/topics/orders/groups/audit/endpoints',
  '/v1/topics/orders/erasures',
])('a short list says that it would depend: %s', async (path) => {
  expect(await get(path, 'br')).toMatchObject({
    status: 200,
    coding: null,
    vary: expect.stringContaining('accept-encoding'),
  });
});
