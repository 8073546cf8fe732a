import { once } from 'node:events';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request as it goes over the wire, nothing put right. */
export interface WireRequest {
  readonly method: string;
  /** Path and query, a character a byte. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const dechunked = (body: Buffer): Buffer => {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (lineEnd < 0 || !(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
};

const parsed = (bytes: Buffer): WireAnswer => {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (bytes.toString('latin1', 9, 12) === '100') return parsed(bytes.subarray(headEnd + 4));
  const [first = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const rest = bytes.subarray(headEnd + 4);
  const body = headers.get('transfer-encoding') === 'chunked' ? dechunked(rest) : rest;
  return { status: Number(first.split(' ')[1]), headers, body: body.toString() };
};

/** What the server at `url` answers, on a connection of its own. */
export const sendOverWire = async (url: string, request: WireRequest): Promise<WireAnswer> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  const headers: readonly (readonly [string, string])[] = [
    ...request.headers,
    ['Connection', 'close'],
    ...(request.body.byteLength === 0 ? [] : [['Content-Length', String(request.body.byteLength)] as const]),
  ];
  const head = [
    `${request.method} ${request.target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ];
  const answer = buffer(socket);
  socket.write(head.join('\r\n'), 'latin1');
  if (request.body.byteLength > 0) socket.write(request.body);
  return parsed(await answer);
};
