import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What the server does with one request. */
export type Answer =
  | { readonly status: number; readonly body: Readonly<Record<string, unknown>> | string }
  /** Reads the request and never answers. */
  | 'silence'
  /** Reads the request and closes the connection. */
  | 'reset'
  /** Begins an answer of status 200 and closes the connection in the middle of it. */
  | 'cut';

export interface ReceivedRequest {
  /** As `PutItem`. */
  readonly operation: string;
  /** Empty where it was not JSON. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

export interface ScriptedServer {
  readonly endpoint: string;
  readonly received: readonly ReceivedRequest[];
  /** Resolves with the next request that comes. */
  nextRequest(): Promise<void>;
  /** May be repeated. It happens by itself when the test is over. */
  stop(): Promise<void>;
}

/** An error as DynamoDB and SQS send it. */
export const refusal = (
  name: string,
  more: Readonly<Record<string, unknown>> = {},
  status = 400,
): Answer => ({
  status,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: name, ...more },
});

/**
 * A server on 127.0.0.1, for the test that starts it, that answers as it is told, the last answer for ever: what no
 * real store does on demand.
 */
export const scriptedServer = async (...answers: readonly Answer[]): Promise<ScriptedServer> => {
  const received: ReceivedRequest[] = [];
  const arrivals = new EventTarget();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      const text = Buffer.concat(chunks).toString();
      const { headers } = request;
      const body = headers['content-type']?.includes('json') ? JSON.parse(text) : {};
      received.push({ operation, body, text, headers });
      give(response, answers[Math.min(received.length, answers.length) - 1] ?? 'silence');
      arrivals.dispatchEvent(new Event('request'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  onTestFinished(stop);
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    nextRequest: async () => {
      await once(arrivals, 'request');
    },
    stop,
  };
};

const give = (response: ServerResponse, answer: Answer): void => {
  if (answer === 'silence') return;
  if (answer === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (typeof answer === 'object' && typeof answer.body === 'string') {
    response.writeHead(answer.status, { 'content-type': 'application/xml' }).end(answer.body);
    return;
  }
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  if (answer === 'cut') {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{', () => response.socket?.resetAndDestroy());
    return;
  }
  response.writeHead(answer.status).end(JSON.stringify(answer.body));
};
