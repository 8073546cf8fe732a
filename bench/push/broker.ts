import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Client } from '../../test/end-to-end/client.ts';
import { startOptions } from '../../test/local/start-command.ts';
import type { Memory, Ready } from '../soak/messages.ts';

/** A broker on a data folder, in a process of its own. */
export interface BrokerProcess {
  readonly client: Client;
  readonly url: string;
  readonly key: string;
  /** CPU time that it has taken so far, µs. */
  cpuMicros(): Promise<number>;
  stop(): Promise<void>;
}

/** Resolves when it answers. */
export const startBroker = async (folder: string): Promise<BrokerProcess> => {
  const child: ChildProcess = fork(new URL('../soak/broker.ts', import.meta.url), [folder], {
    execArgv: [...startOptions()],
  });
  const [{ url, key }] = (await once(child, 'message')) as [Ready];
  return {
    client: new Client(url, key),
    url,
    key,
    cpuMicros: async () => {
      const answered = once(child, 'message');
      child.send({ collect: false });
      const [{ cpuMicros }] = (await answered) as [Memory];
      return cpuMicros;
    },
    stop: async () => {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGTERM')) await ended;
    },
  };
};
