import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its output goes. Absent: to ours. */
  readonly log?: string;
  /** It is ended when this aborts. */
  readonly signal: AbortSignal;
}

const graceMs = 5_000;
const running = new Set<ChildProcess>();

const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined) return;
  try {
    // Each child leads a process group of its own, so that its workers end with it.
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone.
  }
};

// Whatever way this process ends, nothing that it started outlives it.
process.on('exit', () => {
  for (const child of running) signalGroup(child, 'SIGKILL');
});

const spawnGroup = ({ file, args, cwd, env, log }: Command): ChildProcess => {
  const output = log === undefined ? 'inherit' : openSync(log, 'a');
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', output, output] });
  if (typeof output === 'number') closeSync(output);
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
};

const ended = (child: ChildProcess): Promise<string | undefined> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`));
  });

/** Ends a process and all that it started; resolves when it is gone. */
const end = async (child: ChildProcess, gone: Promise<unknown>): Promise<void> => {
  signalGroup(child, 'SIGTERM');
  const last = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
  await gone;
  clearTimeout(last);
  signalGroup(child, 'SIGKILL');
};

/** The end of a log, for people. */
export const tail = (log: string, lines = 40): string =>
  readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');

/**
 * Runs a command to its end.
 * @throws Error with the end of its log when it fails, is aborted or takes longer than `timeoutMs`.
 */
export const run = async (command: Command, timeoutMs: number): Promise<void> => {
  const signal = AbortSignal.any([command.signal, AbortSignal.timeout(timeoutMs)]);
  signal.throwIfAborted();
  const child = spawnGroup(command);
  const gone = ended(child);
  const abort = (): void => void end(child, gone);
  signal.addEventListener('abort', abort, { once: true });
  const failure = await gone;
  signal.removeEventListener('abort', abort);
  command.signal.throwIfAborted();
  if (failure === undefined) return;
  const why = signal.aborted ? `took longer than ${timeoutMs / 1000} s` : failure;
  const shown = command.log === undefined ? '' : `:\n${tail(command.log)}`;
  throw new Error(`${command.file} ${command.args.join(' ')} ${why}${shown}`);
};

export interface Background {
  /** Resolves when it is gone. */
  stop(): Promise<void>;
  /** Why it ended, if it has. */
  readonly failure: () => string | undefined;
}

/** Starts a command that goes on until it is stopped. */
export const start = (command: Command): Background => {
  command.signal.throwIfAborted();
  const child = spawnGroup(command);
  let failure: string | undefined;
  const gone = ended(child).then((why) => {
    failure = why ?? 'ended';
  });
  return { stop: () => end(child, gone), failure: () => failure };
};

/** Our own environment, for a child that is to have it. */
export const variables = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

/** A port of 127.0.0.1 that is free now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(),
      );
    });
  });

/**
 * Asks until the answer is not undefined.
 * @throws Error that says what was waited for, after `timeoutMs`.
 */
export const until = async <T>(
  what: string,
  timeoutMs: number,
  signal: AbortSignal,
  ask: () => Promise<T | undefined>,
): Promise<T> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`Not within ${timeoutMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
