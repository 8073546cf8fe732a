import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Client } from '../../../test/end-to-end/client.ts';
import { startOptions } from '../../../test/local/start-command.ts';
import type { Settings, Taken } from './messages.ts';

export interface Broker {
  readonly client: Client;
  /** The answer to a GET, as it came. @throws Error for one that is no success. */
  get(path: string): Promise<Buffer>;
  taken(): Promise<Taken>;
  stop(): Promise<void>;
}

/**
 * Starts a broker on a data folder, with what `npm start` tells Node. Resolves when it answers.
 * @param heapMegabytes what V8 may have for what lives long; without it what it takes by itself.
 */
export const startBroker = async (
  folder: string,
  settings: Settings,
  heapMegabytes?: number,
): Promise<Broker> => {
  const heap = heapMegabytes === undefined ? [] : [`--max-old-space-size=${heapMegabytes}`];
  const execArgv = [...startOptions(), ...heap];
  const args = [folder, JSON.stringify(settings)];
  const child = fork(new URL('process.ts', import.meta.url), args, { execArgv });
  const [{ url, key }] = (await once(child, 'message')) as [{ url: string; key: string }];
  return {
    client: new Client(url, key),
    get: async (path) => {
      const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
      const body = Buffer.from(await answer.arrayBuffer());
      if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${body.toString()}`);
      return body;
    },
    taken: async () => {
      const answered = once(child, 'message');
      child.send('taken');
      const [taken] = (await answered) as [Taken];
      return taken;
    },
    stop: async () => {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGTERM')) await ended;
    },
  };
};
