import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { startOptions } from '../../local/start-command.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { adminKey } from '../world.ts';

export interface Started {
  readonly url: string;
}

/** Of a process, after its garbage was collected. */
export interface Memory {
  /** Of JavaScript, and of what is beside it as its buffers. */
  readonly heldBytes: number;
  readonly rss: number;
}

const answerOf = async <Message>(child: ChildProcess): Promise<Message> => {
  const [message] = (await once(child, 'message')) as [Message];
  return message;
};

export interface MeasuredBroker extends Started {
  memory(): Promise<Memory>;
  /** Whether it has ended, by itself. */
  hasEnded(): boolean;
}

/** A broker in a process of its own, as `npm start` starts it, whose root key is `adminKey`. It is gone when the test is over. */
export const startMeasuredBroker = async (): Promise<MeasuredBroker> => {
  const program = fileURLToPath(new URL('broker-program.ts', import.meta.url));
  const execArgv = [...startOptions(), '--expose-gc'];
  const child = fork(program, [temporaryFolder(), adminKey], { execArgv });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    if (child.connected) child.disconnect();
    await exited;
  });
  const started = await answerOf<Started>(child);
  return {
    ...started,
    memory: () => {
      const answered = answerOf<Memory>(child);
      child.send('memory');
      return answered;
    },
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
  };
};
