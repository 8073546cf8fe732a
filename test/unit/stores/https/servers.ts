import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import type { Resolve } from '../../../../lib/stores/https/resolve.ts';
import { type HttpsWebhookOptions, HttpsWebhookSender } from '../../../../lib/stores/https/webhooks.ts';

const opened: { close(): void }[] = [];
/** Whatever a test has opened, now or after it. */
export const closeAll = (): void => {
  for (const each of opened.splice(0)) each.close();
};
afterEach(closeAll);

export const closing = <Opened extends { close(): void }>(made: Opened): Opened => {
  opened.push(made);
  return made;
};

export const sender = (options: Partial<HttpsWebhookOptions> = {}): HttpsWebhookSender =>
  closing(new HttpsWebhookSender({ allowLoopback: true, ...options }));

export interface Listening {
  readonly port: number;
  /** Those that were made up to now. */
  readonly sockets: readonly Socket[];
}

/** Listens on a port of its own. */
export const listening = async (server: Server, host = '127.0.0.1', port = 0): Promise<Listening> => {
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(port, host, resolve));
  closing({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return { port: (server.address() as AddressInfo).port, sockets };
};

export const endpoint = (listener: RequestListener): Promise<Listening> => listening(createServer(listener));

/** An endpoint below HTTP: `answer` is called for each request, when the whole of it has come. */
export const rawEndpoint = (answer: (socket: Socket, requests: number) => void): Promise<Listening> => {
  let requests = 0;
  return listening(
    createTcpServer((socket) => {
      let heard = '';
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.toString('latin1');
        const length = Number(/content-length: (\d+)/i.exec(heard)?.[1] ?? 0);
        const end = heard.indexOf('\r\n\r\n') + 4 + length;
        if (!heard.includes('\r\n\r\n') || heard.length < end) return;
        heard = heard.slice(end);
        requests += 1;
        answer(socket, requests);
      });
    }),
  );
};

/** Each time the next of the answers, and the last for ever. */
export const resolving =
  (...answers: readonly (readonly string[])[]): Resolve =>
  (_hostname, _options, callback) => {
    const left = answers as (readonly string[])[];
    const addresses = (left.length > 1 ? left.shift() : left[0]) ?? [];
    callback(
      null,
      addresses.map((address) => ({ address })),
    );
  };

export const request = (url: string, timeoutMs = 5000) => ({
  url,
  headers: { 'content-type': 'application/json', 'webhook-id': 'm1' },
  body: '{"greeting":"grüezi"}',
  timeoutMs,
});
