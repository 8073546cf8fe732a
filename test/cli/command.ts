import { spawn } from 'node:child_process';
import { once } from 'node:events';

const root = new URL('../../', import.meta.url).pathname;

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly ended: Promise<Ended>;
  /** What it has told people so far. */
  told(): string;
  kill(signal: NodeJS.Signals): void;
}

export interface Surroundings {
  readonly environment?: Readonly<Record<string, string>>;
  /** What it reads. */
  readonly input?: string;
}

/** Begins a command of `cli/`, with nothing of Millrace in its environment but what is given. */
export const begin = (
  name: string,
  args: readonly string[],
  { environment = {}, input = '' }: Surroundings = {},
): Command => {
  const foreign = Object.entries(process.env).filter(([variable]) => !variable.startsWith('MILLRACE_'));
  const child = spawn(process.execPath, [`${root}cli/${name}/main.ts`, ...args], {
    env: { ...Object.fromEntries(foreign), ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return {
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr })),
    told: () => stderr,
    kill: (signal) => void child.kill(signal),
  };
};

/** Runs a command of `cli/` to its end. */
export const run = (name: string, args: readonly string[], surroundings?: Surroundings): Promise<Ended> =>
  begin(name, args, surroundings).ended;
