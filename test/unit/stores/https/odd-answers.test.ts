import { createServer as createTcpServer } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { WebhookAnswer } from '../../../../lib/stores/webhooks.ts';
import { endpoint, listening, rawEndpoint, request, sender } from './servers.ts';

const crlf = (...lines: readonly string[]): string => lines.join('\r\n');
const head = (...lines: readonly string[]): string => `${crlf(...lines)}\r\n\r\n`;
const ok = 'HTTP/1.1 200 OK';
const partly = '{"ack":{"offset":3}}';
/** With its length in bytes. */
const whole = (body: string | Buffer, ...headers: readonly string[]): Buffer =>
  Buffer.concat([
    Buffer.from(head(ok, ...headers, `Content-Length: ${Buffer.byteLength(body)}`)),
    Buffer.from(body),
  ]);

const all = (status: number): WebhookAnswer =>
  status === 204 ? { kind: 'answered', status } : { kind: 'answered', status, acknowledged: { kind: 'all' } };
const below3: WebhookAnswer = {
  kind: 'answered',
  status: 200,
  acknowledged: { kind: 'below', offset: 3 },
};
const status = (code: number): WebhookAnswer => ({ kind: 'answered', status: code });
const unclear: WebhookAnswer = {
  kind: 'answered',
  status: 200,
  acknowledged: { kind: 'unclear', reason: expect.stringContaining('The endpoint answered') },
};
const brokeOff: WebhookAnswer = {
  kind: 'unreachable',
  reason: 'The connection ended before the body of its answer did.',
};

/** What comes back when the endpoint writes `bytes`, and then ends the connection, if `after` says so. */
const answerTo = async (
  bytes: string | Buffer,
  after: 'keep' | 'end' | 'reset' = 'keep',
  timeoutMs = 3000,
): Promise<WebhookAnswer> => {
  const { port } = await rawEndpoint((socket) =>
    socket.write(bytes, () => {
      if (after === 'end') socket.end();
      // When what was written has come to the other end.
      if (after === 'reset') setTimeout(() => socket.resetAndDestroy(), 50);
    }),
  );
  return sender().post(request(`http://127.0.0.1:${port}/`, timeoutMs));
};

describe('an answer whose status decides is settled by its head', () => {
  it.each<[string, string, WebhookAnswer]>([
    [
      '204 with a body that was declared',
      `${head('HTTP/1.1 204 No Content', 'Content-Length: 2')}{}`,
      all(204),
    ],
    ['204 with a body that was not', `${head('HTTP/1.1 204 No Content')}{"ok":true}`, all(204)],
    [
      '204 in chunks',
      `${head('HTTP/1.1 204 No Content', 'Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\n\r\n`,
      all(204),
    ],
    ['204 without a reason', head('HTTP/1.1 204'), all(204)],
    ['204 of HTTP/1.0', head('HTTP/1.0 204 No Content'), all(204)],
    ['500 with a body that does not come', head('HTTP/1.1 500 No', 'Content-Length: 9'), status(500)],
    ['500 with a broken body', `${head('HTTP/1.1 500 No', 'Transfer-Encoding: chunked')}zz\r\n`, status(500)],
    ['500 with an ack', `${head('HTTP/1.1 500 No', 'Content-Length: 20')}${partly}`, status(500)],
    ['304 with a body', `${head('HTTP/1.1 304 Not Modified', 'Content-Length: 2')}{}`, status(304)],
    [
      'a redirect with a body that does not end',
      `${head('HTTP/1.1 302 Found', 'Location: /')}<`,
      status(302),
    ],
    ['a status of its own', head('HTTP/1.1 599 Whatever', 'Content-Length: 0'), status(599)],
  ])('%s', async (_what, bytes, expected) => {
    for (const after of ['keep', 'end', 'reset'] as const)
      expect(await answerTo(bytes, after)).toEqual(expected);
  });

  it('and what follows it is read for a moment only, then its connection is ended', async () => {
    const ended = async (first: string): Promise<void> => {
      const { port, sockets } = await rawEndpoint((socket) => socket.write(first));
      expect(await sender().post(request(`http://127.0.0.1:${port}/`, 60_000))).toMatchObject({
        kind: 'answered',
      });
      await expect.poll(() => sockets.map(({ destroyed }) => destroyed), { timeout: 10_000 }).toEqual([true]);
    };
    const page = whole('<html>').toString().replace('h: 6', 'h: 9').concat('x');
    await Promise.all([ended(`${head('HTTP/1.1 500 No', 'Content-Length: 9')}1`), ended(page)]);
  });

  it('and a long rest is not read', async () => {
    let drained = 0;
    const { port, sockets } = await endpoint((_request, response) => {
      response.writeHead(500);
      const write = (): void => {
        drained += 1;
        while (response.writable && response.write('x'.repeat(16_384)));
      };
      response.on('drain', write);
      write();
    });
    expect(await sender().post(request(`http://127.0.0.1:${port}/`))).toEqual(status(500));
    await expect.poll(() => sockets.every(({ destroyed }) => destroyed)).toBe(true);
    expect(drained).toBeLessThan(1000);
  });
});

describe('the body of a 2xx is heard', () => {
  it.each<[string, string | Buffer, WebhookAnswer]>([
    ['of a known length', whole(partly), below3],
    ['with more behind it than its length', Buffer.concat([whole(partly), Buffer.from('}}}')]), below3],
    ['with a second answer behind it', Buffer.concat([whole(partly), whole('{}')]), below3],
    [
      'in chunks',
      `${head(ok, 'Transfer-Encoding: chunked')}5\r\n{"ack\r\nf;x=1\r\n":{"offset":3}}\r\n0\r\n\r\n`,
      below3,
    ],
    [
      'with trailers',
      `${head(ok, 'Transfer-Encoding: chunked', 'Trailer: X')}14\r\n${partly}\r\n0\r\nX: 1\r\n\r\n`,
      below3,
    ],
    [
      'behind informational answers',
      `${head('HTTP/1.1 100 Continue')}${head('HTTP/1.1 103 Early Hints', 'Link: </a>')}${whole(partly)}`,
      below3,
    ],
    ['with an offer of another protocol', whole(partly, 'Connection: Upgrade', 'Upgrade: h2c'), below3],
    ['that says it closes and does not', whole(partly, 'Connection: close'), below3],
    ['of HTTP/1.0', whole(partly).toString().replace('1.1', '1.0'), below3],
    [
      'behind 200 KB of headers',
      whole(partly, ...Array.from({ length: 200 }, (_, at) => `X-${at}: ${'x'.repeat(1000)}`)),
      below3,
    ],
    ['behind one header of 100 KB', whole(partly, `Content-Security-Policy: ${'x'.repeat(100_000)}`), below3],
    ['behind an odd header', whole(partly, 'Server:', 'Set-Cookie: a=ü', 'X-Empty:   '), below3],
    ['with bare line feeds', whole(partly).toString().replaceAll('\r\n', '\n'), below3],
    [
      'with two lengths',
      `${head(ok, 'Content-Length: 9', 'Transfer-Encoding: chunked')}14\r\n${partly}\r\n0\r\n\r\n`,
      below3,
    ],
    ['with a folded header', whole(partly, 'X: a\r\n b'), below3],
    ['with a control character', whole(partly, 'X: a\u0001b'), below3],
    [
      'with blanks behind the size of a chunk',
      `${head(ok, 'Transfer-Encoding: chunked')}14  \r\n${partly}\r\n0\r\n\r\n`,
      below3,
    ],
    ['of an empty one', whole(''), all(200)],
    ['of 205', whole('{}').toString().replace('200 OK', '205 Reset Content'), all(205)],
    ['behind 3,000 headers', whole(partly, ...Array.from({ length: 3000 }, (_, at) => `X-${at}: x`)), below3],
    ['as plain text', whole('{"ack":{"offset":3}}', 'Content-Type: text/plain'), below3],
    ['as a page', whole('<p>thanks</p>', 'Content-Type: text/html'), all(200)],
    ['as a page that has an ack in it', whole(`Notice: x\n${partly}`, 'Content-Type: text/html'), unclear],
    ['as text that has an ack in it', whole(`)]}',\n${partly}`), unclear],
  ])('%s', async (_what, bytes, expected) => {
    for (const after of ['keep', 'end', 'reset'] as const)
      expect(await answerTo(bytes, after)).toEqual(expected);
  });

  it.each<[string, string | Buffer, WebhookAnswer]>([
    ['as it ends by closing', `${head(ok)}${partly}`, below3],
    ['as it ends by closing, of HTTP/1.0', `${head('HTTP/1.0 200 OK')}${partly}`, below3],
    ['as nothing, and closed', head(ok, 'Connection: close'), all(200)],
    [
      'as a whole document that is shorter than was said',
      whole(partly).toString().replace('h: 20', 'h: 99'),
      below3,
    ],
    ['as a page that is shorter than was said', whole('<p>').toString().replace('h: 3', 'h: 99'), all(200)],
    ['as text that is shorter than was said', whole('OK').toString().replace('h: 2', 'h: 99'), all(200)],
    ['as a document of which a part came', whole('{"ok":1').toString().replace('h: 7', 'h: 99'), brokeOff],
    ['as chunks without their end', `${head(ok, 'Transfer-Encoding: chunked')}9\r\n{"ok":1`, brokeOff],
    ['as a body of which nothing came', head(ok, 'Content-Length: 20'), brokeOff],
    [
      'as an ack of which a part came',
      whole('{"ack":{"offset":3').toString().replace('h: 18', 'h: 20'),
      brokeOff,
    ],
  ])('%s', async (_what, bytes, expected) => expect(await answerTo(bytes, 'end')).toEqual(expected));

  it('whole, though it does not end in time', async () => {
    for (const length of [['Content-Length: 99'], []])
      expect(await answerTo(`${head(ok, ...length)}${partly}`, 'keep', 300)).toEqual(below3);
  });

  const late = { kind: 'unreachable', reason: 'It did not answer within 300 ms.' };
  it.each<[string, string]>([
    ['nothing', ''],
    ['blanks', '\n \n'],
    ['a part of a document', '{"ok":true'],
    ['a part of an ack', '{"ack":'],
  ])('only when it ends: %s, and then silence or a reset, acknowledges nothing', async (_what, body) => {
    for (const version of ['1.0', '1.1']) {
      const bytes = `${head(`HTTP/${version} 200 OK`)}${body}`;
      expect(await answerTo(bytes, 'keep', 300)).toEqual(late);
      expect(await answerTo(bytes, 'reset')).toEqual(brokeOff);
    }
  });

  it('in the single bytes that it comes in', async () => {
    const bytes = Buffer.concat([
      Buffer.from(
        head(
          ok,
          'Content-Type: application/json; charset=utf-16',
          'Content-Encoding: gzip',
          'Content-Length: 58',
        ),
      ),
      gzipSync(Buffer.from(`\uFEFF${partly}`, 'utf16le')),
    ]);
    const length = bytes.length - bytes.indexOf('\r\n\r\n') - 4;
    const declared = Buffer.from(
      bytes.toString('latin1').replace('Length: 58', `Length: ${length}`),
      'latin1',
    );
    const { port } = await rawEndpoint((socket) => {
      socket.setNoDelay(true);
      const write = (at: number): unknown =>
        at < declared.length && socket.write(declared.subarray(at, at + 1), () => write(at + 1));
      write(0);
    });
    expect(await sender().post(request(`http://127.0.0.1:${port}/`))).toEqual(below3);
  });
});

describe('a body in another encoding', () => {
  const json = 'Content-Type: application/json';
  const coded = (coding: string, body: Buffer, type = json) =>
    whole(body, type, `Content-Encoding: ${coding}`);
  const charset = (name: string, body: Buffer) => whole(body, `${json}; charset=${name}`);
  const be = (text: string) => Buffer.from(text, 'utf16le').swap16();
  const utf32 = (text: string) =>
    Buffer.concat([...text].map((each) => Buffer.from([each.charCodeAt(0), 0, 0, 0])));
  const text = Buffer.from(partly);

  const twice = (compress: (text: Buffer) => Buffer, first: string) =>
    Buffer.concat([compress(Buffer.from(first)), compress(text)]);

  it.each<[string, Buffer, WebhookAnswer]>([
    ['gzip', coded('gzip', gzipSync(partly)), below3],
    ['x-gzip', coded('X-GZip', gzipSync(partly)), below3],
    ['gzip that is not declared', whole(gzipSync(partly), json), below3],
    ['gzip that is declared and not there', coded('gzip', text), below3],
    ['deflate', coded('deflate', deflateSync(partly)), below3],
    ['bare deflate', coded('deflate', deflateRawSync(partly)), below3],
    ['br', coded('br', brotliCompressSync(partly)), below3],
    ['zstd', coded('zstd', zstdCompressSync(text)), below3],
    ['deflate that is not declared', whole(deflateSync(partly), json), below3],
    ['gzip in two members', coded('gzip', Buffer.concat([gzipSync('\n'), gzipSync(partly)])), below3],
    ['gzip and zeros', coded('gzip', Buffer.concat([gzipSync(partly), Buffer.alloc(512)])), below3],
    ['zstd in two frames', coded('zstd', twice(zstdCompressSync, '\n')), unclear],
    ['deflate with more behind it', coded('deflate', twice(deflateSync, '\n')), unclear],
    ['bare deflate with more behind it', coded('deflate', twice(deflateRawSync, '\n')), unclear],
    ['br with more behind it', coded('br', twice(brotliCompressSync, '\n')), unclear],
    ['bytes that are no text', whole(Buffer.from([0x78, 0x01, 0x83, 0xff]), json), unclear],
    ['UTF-16 that is declared and not there', charset('utf-16', text), unclear],
    ['two of them', coded('br, gzip', gzipSync(brotliCompressSync(partly))), below3],
    ['identity', coded('identity', text), below3],
    ['one that is none', coded('utf-8', text), below3],
    ['gzip around nothing', coded('gzip', Buffer.alloc(0)), all(200)],
    ['gzip around a document without an ack', coded('gzip', gzipSync('{"ok":true}')), all(200)],
    ['gzip around a page', coded('gzip', gzipSync('<p>'), 'Content-Type: text/html'), all(200)],
    ['one that is not known', coded('compress', Buffer.from([0x1f, 0x9d, 0x90, 0x7b])), unclear],
    [
      'one that is not known, of a page',
      coded('compress', Buffer.from([0x1f, 0x9d]), 'Content-Type: text/html'),
      all(200),
    ],
    ['br that cannot be read', coded('br', Buffer.from('what')), unclear],
    ['gzip that is damaged', coded('gzip', gzipSync(partly).fill(0, 12, 20)), unclear],
    ['gzip that is cut', coded('gzip', gzipSync(partly).subarray(0, 20)), unclear],
    [
      'too many of them',
      coded(Array.from({ length: 2000 }, () => 'gzip').join(','), gzipSync(partly)),
      unclear,
    ],
    ['UTF-16, little-endian', charset('utf-16le', Buffer.from(partly, 'utf16le')), below3],
    ['UTF-16, big-endian', charset('utf-16be', be(partly)), below3],
    ['UTF-16 with a mark', charset('"UTF-16"', be(`\uFEFF${partly}`)), below3],
    ['UTF-16 that is not declared', whole(Buffer.from(` ${partly}`, 'utf16le')), below3],
    ['UTF-16 that is declared as UTF-8', charset('utf-8', be(partly)), below3],
    ['UTF-16 without an ack', charset('utf-16', be('{"ok":true}')), all(200)],
    ['UTF-8 with a mark', charset('latin1', Buffer.from(`\uFEFF${partly}`)), below3],
    ['Shift_JIS', charset('shift_jis', text), below3],
    ['a charset that is not known, of ASCII', charset('utf8mb4', text), below3],
    ['UTF-32', charset('utf-32', utf32(partly)), unclear],
    ['UTF-32, big-endian', whole(Buffer.concat([Buffer.alloc(3), utf32(partly)])), unclear],
    ['EBCDIC', charset('ibm037', Buffer.from('c07f81839281', 'hex')), unclear],
  ])('is read or refused: %s', async (_what, bytes, expected) =>
    expect(await answerTo(bytes)).toEqual(expected),
  );

  it('is not asked for', async () => {
    const asked: unknown[] = [];
    const { port } = await endpoint((req, res) => {
      asked.push(req.headers['accept-encoding']);
      res.end();
    });
    const own = { ...request(`http://127.0.0.1:${port}/`), headers: { 'accept-encoding': 'gzip' } };
    for (const each of [request(`http://127.0.0.1:${port}/`), own]) await sender().post(each);
    expect(asked).toEqual(['identity', 'identity']);
  });

  it('does not fill the memory when it unfolds to a gigabyte', async () => {
    const blanks = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '), { level: 9 });
    const before = process.memoryUsage().rss;
    expect(await answerTo(coded('gzip', Buffer.concat(Array.from({ length: 16 }, () => blanks))))).toEqual(
      unclear,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });
});

describe('a long body', () => {
  const echo = (bytes: number) => JSON.stringify({ method: 'POST', json: { value: 'x'.repeat(bytes) } });

  it('without an ack acknowledges all, as an echo of the largest message does', async () => {
    const escaped = JSON.stringify({ data: JSON.stringify({ value: '"'.repeat(900_000) }), json: 'x' });
    for (const body of [echo(70_000), echo(1_048_576), escaped])
      expect(await answerTo(whole(body))).toEqual(all(200));
  });

  it('with an ack at its end acknowledges what that says', async () => {
    expect(await answerTo(whole(`${echo(2_000_000).slice(0, -1)},${partly.slice(1)}`))).toEqual(below3);
    expect(await answerTo(whole(`${' '.repeat(100_000)}${partly}`))).toEqual(below3);
  });

  it('is not read to its end when it is longer than anything that makes sense', async () => {
    let written = 0;
    const { port, sockets } = await endpoint((_request, response) => {
      const write = (): void => {
        while (response.writable && response.write('[1,2,3],'.repeat(8192))) written += 65_536;
      };
      response.on('drain', write);
      response.write('{"list":[');
      write();
    });
    expect(await sender().post(request(`http://127.0.0.1:${port}/`, 20_000))).toEqual(unclear);
    await expect.poll(() => sockets.every(({ destroyed }) => destroyed)).toBe(true);
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });

  it('of a page is not read to its end, and acknowledges all', async () => {
    const { port, sockets } = await endpoint((_request, response) => {
      const write = (): void => {
        while (response.writable && response.write('<p>'.repeat(8192)));
      };
      response.on('drain', write);
      write();
    });
    expect(await sender().post(request(`http://127.0.0.1:${port}/`))).toEqual(all(200));
    await expect.poll(() => sockets.every(({ destroyed }) => destroyed)).toBe(true);
  });
});

describe('an answer that comes before the request is read', () => {
  const large = (url: string) => ({ ...request(url, 5000), body: 'x'.repeat(1_000_000) });

  it.each([
    ['keeps the connection', false],
    ['closes it', true],
  ])('is heard when the endpoint %s', async (_what, closes) => {
    const { port } = await listening(
      createTcpServer((socket) => {
        socket.once('data', () => {
          const answer = head('HTTP/1.1 413 Too Large', 'Content-Length: 0', 'Connection: close');
          if (closes) socket.end(answer);
          else socket.write(answer);
          socket.pause();
        });
      }),
    );
    expect(await sender().post(large(`http://127.0.0.1:${port}/`))).toEqual(status(413));
  });
});

it.each([
  ['no HTTP', 'hello\r\n\r\n', 'What it answered is no HTTP that can be understood (HPE_INVALID_CONSTANT).'],
  [
    '400 KB of headers',
    `${ok}\r\n${'X: yyyyyyyyyyyyyyyy\r\n'.repeat(20_000)}\r\n`,
    'The headers of its answer are too long (HPE_HEADER_OVERFLOW).',
  ],
])('%s is no answer', async (_what, bytes, reason) => {
  expect(await answerTo(bytes)).toEqual({ kind: 'unreachable', reason });
});
