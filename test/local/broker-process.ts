import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFailed, onTestFinished } from 'vitest';
import { startOptions } from './start-command.ts';

const main = new URL('../../lib/local/start.mjs', import.meta.url).pathname;

/** A broker in a process of its own, started as `npm start` does. It is gone when the test is over. */
export interface BrokerProcess {
  readonly process: ChildProcess;
  /** As it was printed. */
  readonly url: string;
  readonly key: string;
  /** What it has written so far. */
  output(): string;
  errors(): string;
  /** Resolves with the exit code, null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Sends the signal and resolves with the exit code, null when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

type Environment = Readonly<Record<string, string>>;

const launch = (environment: Environment, program: readonly string[] = [...startOptions(), main]) => {
  const foreign = Object.entries(process.env).filter(([name]) => !name.startsWith('MILLRACE_'));
  const child = spawn(process.execPath, program, {
    env: { ...Object.fromEntries(foreign), PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  onTestFailed(() => void process.stderr.write(`The broker said:\n${errors}\n`));
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return { child, exited, output: () => output, errors: () => errors };
};

/** Starts a broker that is expected not to start, and gives what it said and its exit code. */
export const failedStart = async (
  environment: Environment,
): Promise<{ code: number | null; errors: string }> => {
  const { exited, errors } = launch(environment);
  return { code: await exited, errors: errors() };
};

/**
 * @param program Another program that prints the same, with its arguments.
 * @throws Error with what it said when it ends instead of printing its banner.
 */
export const startBroker = async (
  environment: Environment,
  program?: readonly string[],
): Promise<BrokerProcess> => {
  const { child, exited, output, errors } = launch(environment, program);
  let ended = false;
  const end = exited.then(() => {
    ended = true;
  });
  while (!output().includes('Ctrl+C')) {
    await Promise.race([once(child.stdout, 'data'), end]);
    if (ended) throw new Error(`the broker ended: ${errors()}`);
  }
  return {
    process: child,
    url: /listens on (\S+)/.exec(output())?.[1] ?? '',
    key: environment['MILLRACE_ADMIN_KEY'] ?? /Root key: (\S+)/.exec(output())?.[1] ?? '',
    output,
    errors,
    exited,
    end: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
};
