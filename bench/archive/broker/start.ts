import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Client } from '../../../test/end-to-end/client.ts';
import type { Memory, Settings } from './messages.ts';

export interface Broker {
  readonly client: Client;
  /** The answer to a GET, as it came. @throws Error for one that is no success. */
  get(path: string): Promise<Buffer>;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

/** Starts a broker on a data folder. Resolves when it answers. */
export const startBroker = async (folder: string, settings: Settings): Promise<Broker> => {
  const child = fork(new URL('process.ts', import.meta.url), [folder, JSON.stringify(settings)]);
  const [{ url, key }] = (await once(child, 'message')) as [{ url: string; key: string }];
  return {
    client: new Client(url, key),
    get: async (path) => {
      const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
      const body = Buffer.from(await answer.arrayBuffer());
      if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${body.toString()}`);
      return body;
    },
    memory: async () => {
      const answered = once(child, 'message');
      child.send('memory');
      const [memory] = (await answered) as [Memory];
      return memory;
    },
    stop: async () => {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGTERM')) await ended;
    },
  };
};
