import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { call, expectProblem, newWorld, type World, withTopic } from '../world.ts';
import { codings, compressed } from './codings.ts';

const path = 'POST /v1/topics/orders/records';

const oneTopic = async (): Promise<World> => {
  const world = await newWorld();
  await withTopic(world, 1);
  return world;
};

const send = (world: World, body: Uint8Array, encoding: string, type = 'application/json') =>
  call(world, path, {
    body: new Uint8Array(body),
    headers: { 'content-type': type, 'content-encoding': encoding },
  });

const values = async (world: World): Promise<unknown> => {
  const { json } = await call(world, 'GET /v1/topics/orders/partitions/0/records?offset=0');
  return (json['records'] as { value: unknown }[]).map(({ value }) => value);
};

const request = JSON.stringify({ records: [{ value: 'Grüße, 世界 🌊' }, { value: 2 }] });
const written = ['Grüße, 世界 🌊', 2];

describe('a compressed request is taken as if it had come as it is', () => {
  test.each(codings)('%s', async (coding) => {
    const world = await oneTopic();
    expect((await send(world, compressed[coding](request), coding)).status).toBe(200);
    expect(await values(world)).toEqual(written);
  });

  test.each([
    ['GZIP', compressed.gzip(request)],
    ['x-gzip', compressed.gzip(request)],
    [' identity , gzip,', compressed.gzip(request)],
    ['identity', Buffer.from(request)],
    ['', Buffer.from(request)],
    ['gzip, br', compressed.br(compressed.gzip(request))],
    ['zstd,identity,gzip , br', compressed.br(compressed.gzip(compressed.zstd(request)))],
  ])('by the names "%s"', async (encoding, body) => {
    const world = await oneTopic();
    expect((await send(world, body, encoding)).status).toBe(200);
    expect(await values(world)).toEqual(written);
  });

  test('of several gzip members, or frames of zstd, and of frames that hold nothing', async () => {
    const world = await oneTopic();
    const [one, other] = [request.slice(0, 20), request.slice(20)];
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]);
    const { gzip, zstd } = compressed;
    const members = Buffer.concat([gzip(one), gzip(''), gzip(other)]);
    const frames = Buffer.concat([zstd(one), skippable, zstd(''), zstd(other)]);
    expect((await send(world, members, 'gzip')).status).toBe(200);
    expect((await send(world, frames, 'zstd')).status).toBe(200);
    expect(await values(world)).toEqual([...written, ...written]);
  });

  test.each(codings)('up to requestBytes of what it stands for, and no byte more: %s', async (coding) => {
    const world = await oneTopic();
    const most = '{"records":[{"value":1}]}'.padEnd(limits.requestBytes);
    expect((await send(world, compressed[coding](most), coding)).status).toBe(200);
    const problem = expectProblem(
      await send(world, compressed[coding](`${most} `), coding),
      413,
      'too_large',
    );
    expect(problem).toMatchObject({
      limit: 'requestBytes',
      maximum: limits.requestBytes,
      detail: expect.stringContaining('when it is expanded'),
    });
  });

  test.each(codings)('whose compressed body is large too: %s', async (coding) => {
    const world = await oneTopic();
    const noise = Buffer.from(world.deps.random.bytes(150_000)).toString('base64');
    const body = compressed[coding](JSON.stringify({ records: [{ valueBase64: noise }] }));
    expect(body.byteLength).toBeGreaterThan(100_000);
    expect((await send(world, body, coding)).status).toBe(200);
  });

  test('as other JSON, up to its own limit', async () => {
    const world = await newWorld();
    const put = (json: string) =>
      call(world, 'PUT /v1/topics/orders', {
        body: new Uint8Array(compressed.zstd(json)),
        headers: { 'content-type': 'application/json', 'content-encoding': 'zstd' },
      });
    expectProblem(await put('{"partitions":3}'.padEnd(limits.settingsBytes + 1)), 413, 'too_large');
    expect(await put('{"partitions":3}'.padEnd(limits.settingsBytes))).toMatchObject({
      status: 201,
      json: { partitions: 3 },
    });
  });

  test('under the name of JSON that goes through any gateway as bytes', async () => {
    const world = await oneTopic();
    const type = 'application/vnd.millrace+json';
    expect((await send(world, compressed.gzip(request), 'gzip', type)).status).toBe(200);
    expect(await values(world)).toEqual(written);
  });

  test('and with no body at all as one without', async () => {
    const world = await oneTopic();
    const headers = { 'content-encoding': 'gzip' };
    expect((await call(world, 'PUT /v1/topics/empty', { headers })).status).toBe(201);
    const answer = await send(world, Buffer.of(), 'gzip');
    expect(expectProblem(answer, 400, 'invalid_request')['detail']).toContain('not JSON');
  });
});

describe('a body is refused, with what to do, when', () => {
  test.each(['deflate', 'compress', 'gzip, deflate', 'aws-chunked', 'gzip;q=1', '*', 'gzip br', '\u00e9'])(
    'its coding is not known: %s',
    async (encoding) => {
      const answer = await send(await oneTopic(), Buffer.from(request), encoding);
      const problem = expectProblem(answer, 415, 'unsupported_media_type');
      expect(problem['accepted']).toEqual(['zstd', 'br', 'gzip', 'identity']);
      expect(problem['detail']).toContain('gzip, br or zstd');
      expect(answer.headers.get('accept-encoding')).toBe('zstd, br, gzip');
    },
  );

  test('it is compressed too many times over', async () => {
    const answer = await send(await oneTopic(), Buffer.from(request), 'gzip,gzip,gzip,gzip');
    expect(expectProblem(answer, 400, 'limit_exceeded')).toMatchObject({ limit: 'bodyCodings', maximum: 3 });
  });

  const { gzip, zstd } = compressed;
  const changed = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[bytes.length + at] = (copy[bytes.length + at] ?? 0) ^ 0xff;
    return copy;
  };
  test.each([
    ...codings.flatMap((coding) => {
      const whole = compressed[coding](request);
      return [
        [coding, 'it is not compressed', Buffer.from(request), /it is not/],
        [coding, 'it breaks off at its end', whole.subarray(0, -2), /breaks off/],
        [coding, 'it breaks off at its beginning', whole.subarray(0, 2), /breaks off/],
        [coding, 'it has one byte', whole.subarray(0, 1), /breaks off/],
        [coding, 'something follows', Buffer.concat([whole, Buffer.from('more')]), /follows|is not/],
        [coding, 'zeros follow', Buffer.concat([whole, Buffer.alloc(9)]), /follows|is not/],
      ] as const;
    }),
    ['gzip', 'its checksum is another', changed(gzip(request), -6), /is not gzip/],
    ['gzip', 'a second member breaks off', Buffer.concat([gzip('{'), gzip('}').subarray(0, -3)]), /breaks/],
    ['zstd', 'a second frame breaks off', Buffer.concat([zstd('{'), zstd('}').subarray(0, -3)]), /breaks/],
    ['gzip, zstd', 'it is only the outer one', zstd(request), /is not gzip/],
  ] as const)('by its %s %s', async (encoding, _what, body, why) => {
    const world = await oneTopic();
    const problem = expectProblem(await send(world, body, encoding), 400, 'invalid_request');
    expect(problem['detail']).toMatch(why);
    expect(problem['detail']).toContain('Nothing was written.');
    expect(problem['errors']).toMatchObject([{ path: 'Content-Encoding' }]);
    expect(await values(world)).toEqual([]);
  });

  test('its zstd asks for a window of more than the 8 MB that HTTP allows', async () => {
    const stream = zlib.createZstdCompress({ params: { [zlib.constants.ZSTD_c_windowLog]: 27 } });
    const frame: Buffer[] = [];
    // Flushed before its end is known, so that it is not made small enough for what it holds.
    stream.on('data', (chunk: Buffer) => frame.push(chunk));
    const ended = new Promise((resolve) => stream.once('end', resolve));
    stream.write(request);
    stream.flush(() => stream.end());
    await ended;
    const answer = await send(await oneTopic(), Buffer.concat(frame), 'zstd');
    expect(expectProblem(answer, 400, 'invalid_request')['detail']).toContain('RFC 9659');
  });

  test('it is thousands of frames', async () => {
    const frames = Buffer.concat(Array.from({ length: 5000 }, () => compressed.zstd('')));
    const problem = expectProblem(await send(await oneTopic(), frames, 'zstd'), 400, 'limit_exceeded');
    expect(problem).toMatchObject({ limit: 'bodyFrames', maximum: limits.bodyFrames });
  });

  test('its frames together hold a byte more than requestBytes, and the first of them alone does not', async () => {
    const world = await oneTopic();
    const whole = compressed.zstd(
      request.padEnd(request.length + limits.requestBytes - Buffer.byteLength(request)),
    );
    expect((await send(world, whole, 'zstd')).status).toBe(200);
    const answer = await send(world, Buffer.concat([whole, compressed.zstd(' ')]), 'zstd');
    expect(expectProblem(answer, 413, 'too_large')).toMatchObject({ limit: 'requestBytes' });
  });
});
