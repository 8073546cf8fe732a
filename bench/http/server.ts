import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOptions } from '../../test/local/start-command.ts';
import { fetchedPartition, orderJson, topic } from './cases.ts';
import { Connection } from './connection.ts';
import type { Profiled, Question, Ready, Taken } from './messages.ts';

/** A server in a process of its own. */
export interface Server extends Ready {
  /** CPU time that its process has taken so far, µs. */
  cpuMicros(): Promise<number>;
  /** What it has in memory now. */
  residentBytes(): Promise<number>;
  /** Where its process spends its time while `work` is done. */
  profileOf(work: () => Promise<unknown>): Promise<Profiler.Profile>;
  stop(): Promise<void>;
}

const answerOf = async <Message>(child: ChildProcess): Promise<Message> => {
  const [message] = (await once(child, 'message')) as [Message];
  return message;
};

const start = async (
  program: string,
  args: readonly string[] = [],
  options: readonly string[] = [],
): Promise<Server> => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = fork(file, [folder, ...args], { execArgv: [...options] });
  const exited = once(child, 'exit');
  const early = exited.then(() => Promise.reject(new Error(`${program} ended before its time.`)));
  const ready = await Promise.race([answerOf<Ready>(child), early]);
  early.catch(() => undefined);
  const ask = <Message>(question: Question): Promise<Message> => {
    const answered = answerOf<Message>(child);
    child.send(question);
    return answered;
  };
  return {
    ...ready,
    cpuMicros: async () => (await ask<Taken>('cpu')).cpuMicros,
    residentBytes: async () => (await ask<Taken>('cpu')).residentBytes,
    profileOf: async (work) => {
      await ask<Taken>('profile');
      await work();
      return (await ask<Profiled>('profiled')).profile;
    },
    stop: async () => {
      child.disconnect();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export const startBare = (): Promise<Server> => start('bare.ts');

/** The broker, as `npm start` starts Node, with a topic, and a thousand records to be fetched that came a hundred at a time. */
export const startBroker = async (store: string): Promise<Server> => {
  const server = await start('broker.ts', [store], startOptions());
  const connection = await Connection.open(server.port, server.key);
  await connection.call('PUT', topic.path, JSON.stringify({ partitions: topic.partitions }));
  for (let batch = 0; batch < 10; batch += 1) {
    const records = Array.from(
      { length: 100 },
      () => `{"partition":${fetchedPartition},"value":${orderJson('plain')}}`,
    );
    await connection.call('POST', `${topic.path}/records`, `{"records":[${records.join(',')}]}`);
  }
  connection.close();
  return server;
};
