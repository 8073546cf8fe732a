import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What is to become of a request. */
export type Fate =
  | 'through'
  /** It is done, and the connection breaks before there is an answer. */
  | 'answer lost'
  /** The connection breaks, and nothing is done. */
  | 'lost'
  /** Refused, for a second at the most. */
  | 'busy';

export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const pass = async (
  target: string,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  fate: Fate,
) => {
  const { method = 'GET', url = '/', headers } = request;
  const answer = await fetch(`${target}${url}`, {
    method,
    headers: {
      authorization: headers.authorization ?? '',
      ...(method === 'GET' ? {} : { 'content-type': headers['content-type'] ?? '' }),
    },
    ...(method === 'GET' ? {} : { body }),
  });
  const text = Buffer.from(await answer.arrayBuffer());
  if (fate === 'answer lost') response.destroy();
  else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
};

/**
 * A server before a broker, in which `decide` says what becomes of each request; it may take its time. Gives its address.
 */
export const proxy = async (
  target: string,
  decide: (request: ProxiedRequest) => Fate | Promise<Fate>,
): Promise<string> => {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const { method = 'GET', url: path = '/' } = request;
    const fate = await decide({ method, path, body: body.toString() });
    if (fate === 'lost') response.destroy();
    else if (fate === 'busy')
      response
        .writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '0' })
        .end('{"status":503,"code":"unavailable","detail":"Later."}');
    else await pass(target, request, body, response, fate);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
