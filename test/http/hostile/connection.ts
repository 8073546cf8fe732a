import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { adminKey } from '../world.ts';

/** A connection to the server at `url`, which is open. */
export const connected = async (url: string): Promise<Socket> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  // Servers that end a connection under what is being sent reset it.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
};

/** All that comes on a connection until its end. */
export const allOf = async (socket: Socket): Promise<string> => {
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  if (!socket.closed) await once(socket, 'close');
  return Buffer.concat(parts).toString('latin1');
};

export const record = '{"records":[{"value":1}]}';

/** The head of a request to produce. */
export const produceHead = (...headers: readonly string[]): string =>
  [
    'POST /v1/topics/orders/records HTTP/1.1',
    'Host: a',
    `Authorization: Bearer ${adminKey}`,
    'Content-Type: application/json',
    ...headers,
    '',
    '',
  ].join('\r\n');
