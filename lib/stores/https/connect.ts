import { connect as connectTcp, type Socket } from 'node:net';

/** Begins to connect, as `node:net` does. */
export type Connect = (to: {
  readonly host: string;
  readonly port: number;
  readonly noDelay: true;
}) => Socket;

/** RFC 8305, 8: for how long an address is tried before the next is tried beside it. */
const nextAfterMs = 250;
/** More addresses of one name are not tried. */
const mostAddresses = 16;

/**
 * Connects to the first of `addresses` that lets it. A slow one is tried on while others are tried: Node's own way ends
 * each but the last after 250 ms (nodejs/node #54359).
 * @param addresses IP addresses, at least one, in the order in which they are tried.
 * @throws the reason of `signal` once it aborts; else what the last of them failed with.
 */
export const connectToFirst = (
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
  connect: Connect = connectTcp,
): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const waiting = addresses.slice(0, mostAddresses);
    const trying = new Set<Socket>();
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      for (const socket of trying) socket.destroy();
    };
    const giveUp = (): void => {
      stop();
      reject(signal.reason as Error);
    };
    const tryNext = (): void => {
      clearTimeout(timer);
      const host = waiting.shift();
      if (host === undefined) return;
      const socket = connect({ host, port, noDelay: true });
      trying.add(socket);
      socket.on('error', (error) => {
        if (!trying.delete(socket)) return;
        if (waiting.length > 0) tryNext();
        else if (trying.size === 0) {
          stop();
          reject(error);
        }
      });
      socket.once('connect', () => {
        trying.delete(socket);
        stop();
        resolve(socket);
      });
      if (waiting.length > 0) timer = setTimeout(tryNext, nextAfterMs);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    else tryNext();
  });
