import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { limits } from '../../domain/limits.ts';
import type { Job } from './evaluator.ts';
import type { Mark } from './program.ts';

/** A machine that is busy takes long to start a process. */
const startMs = 20_000;
/** What an answer may take beyond the time of a message: a step that cannot be ended in its midst, as to make a long text. */
const graceMs = 3000;

/** The file that a process of expressions runs: beside this one, and beside a function's bundle. */
const script = new URL('./expressions.mjs', import.meta.url);

const start = async (): Promise<ChildProcess> => {
  // No start of a function waits for it.
  const { fork } = await import('node:child_process');
  const child = fork(fileURLToPath(script), {
    execArgv: [
      `--max-old-space-size=${limits.expressionHeapMb}`,
      '--max-semi-space-size=4',
      // Whatever got out of its context could write nothing and start nothing.
      '--permission',
      '--allow-fs-read=*',
    ],
    // It has no business with what is in there, credentials among it.
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // What is written to one that has ended, or never began, is answered for by its end.
  child.on('error', () => undefined);
  return child;
};

const isGone = ({ exitCode, signalCode, connected }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null || !connected;

/** Only while something is asked of it does it keep this process from ending. */
const hold = (child: ChildProcess, isHeld: boolean): void => {
  if (isHeld) {
    child.ref();
    child.channel?.ref();
  } else {
    child.unref();
    child.channel?.unref();
  }
};

/** What came of a job, and how long it took. */
export interface Evaluated {
  /** Undefined when the process died of it, or had to be ended. */
  readonly marks: readonly Mark[] | undefined;
  readonly ms: number;
}

/** A process that evaluates expressions: one job at a time. A job that ends it, or takes it too long, has another one started. */
export class ExpressionProcess {
  #child: Promise<ChildProcess> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  /** @throws when no process can be started. */
  evaluate(job: Job): Promise<Evaluated> {
    const answer = this.#turn.then(() => this.#ask(job));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  /** Ends it, with what it is at. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const child = await this.#child?.catch(() => undefined);
    child?.kill('SIGKILL');
  }

  async #ask(job: Job): Promise<Evaluated> {
    const child = await this.#running();
    hold(child, true);
    const begun = performance.now();
    const answer = await answerOf(child, limits.expressionsMs + graceMs, () => child.send(job));
    hold(child, false);
    if (answer === undefined) {
      child.kill('SIGKILL');
      this.#child = undefined;
    }
    return { marks: answer as readonly Mark[] | undefined, ms: performance.now() - begun };
  }

  /** The process, started where there is none, or none any more: something outside may have ended it. */
  async #running(): Promise<ChildProcess> {
    const standing = await this.#child;
    if (standing !== undefined && !isGone(standing)) return standing;
    this.#child = this.#begin();
    try {
      return await this.#child;
    } catch (error) {
      this.#child = undefined;
      throw error;
    }
  }

  async #begin(): Promise<ChildProcess> {
    if (this.#isStopped) throw new Error('Expressions are not evaluated any more: the process is stopping.');
    const child = await start();
    if ((await answerOf(child, startMs, () => undefined)) !== undefined) return child;
    child.kill('SIGKILL');
    throw new Error('The process that evaluates filters and transforms did not start.');
  }
}

/** The next message of `child` after `ask`; undefined when it ends before, or takes longer than `ms`. */
const answerOf = async (child: ChildProcess, ms: number, ask: () => void): Promise<unknown> => {
  if (isGone(child)) return undefined;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), ms);
  const { signal } = over;
  const said = once(child, 'message', { signal }).then(([message]) => message as unknown);
  const gone = once(child, 'exit', { signal }).then(() => undefined);
  try {
    ask();
    return await Promise.race([said, gone]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    over.abort();
    await Promise.allSettled([said, gone]);
  }
};
