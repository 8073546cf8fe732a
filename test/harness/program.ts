import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainError } from './progress.ts';

export interface Program {
  /** A folder of its own, for logs and state. */
  readonly folder: string;
  /** Aborts when the program is told to stop. */
  readonly signal: AbortSignal;
  /** `end` is called when the program ends, however it ends; the last one given is called first. */
  readonly atEnd: (end: () => Promise<unknown>) => void;
}

const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

/**
 * Runs a program that starts other programs, and ends this process with 0 or 1. Whatever was given to `atEnd` is ended
 * first, after a failure and Ctrl-C too. The folder goes when all went well; otherwise it is named.
 */
export const runProgram = async (name: string, main: (program: Program) => Promise<void>): Promise<never> => {
  const folder = mkdtempSync(join(tmpdir(), `millrace-${name}-`));
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => stopping.abort(new PlainError(`Stopped by ${signal}.`)));
  const ends: (() => Promise<unknown>)[] = [];
  const atEnd = (end: () => Promise<unknown>): void => void ends.unshift(end);
  let failure: unknown;
  try {
    await Promise.race([main({ folder, signal: stopping.signal, atEnd }), whenAborted(stopping.signal)]);
  } catch (error) {
    failure = error ?? new Error('failed without a reason');
  }
  for (const end of ends) await end().catch((error: unknown) => console.error(error));
  if (failure === undefined || failure instanceof PlainError)
    rmSync(folder, { recursive: true, force: true });
  if (failure === undefined) process.exit(0);
  console.error(failure instanceof PlainError ? failure.message : failure);
  if (!(failure instanceof PlainError)) console.error(`The logs are in ${folder}`);
  process.exit(1);
};
