import { type Context, createContext, Script } from 'node:vm';

/** The work took longer than it may, and was ended where it stood. */
export class OvertimeError extends Error {
  override readonly name = 'OvertimeError';
}

interface Bench {
  readonly context: Context & { work?: () => void };
  readonly script: Script;
}
let bench: Bench | undefined;

/** Its error may be of another realm, and then is none of ours. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

/**
 * What `work`, which does not wait for anything, gives. Only what a script of `node:vm` calls can be ended from outside, in the midst of
 * a regular expression too; so it is called by one. That takes a fraction of a millisecond (`npm run bench:schemas`).
 * @throws OvertimeError when it takes longer than `ms` of the clock on the wall.
 */
export const withinTime = <T>(ms: number, work: () => T): T => {
  bench ??= { context: createContext({}), script: new Script('work()') };
  const { context, script } = bench;
  const done: T[] = [];
  context.work = () => void done.push(work());
  try {
    script.runInContext(context, { timeout: Math.max(1, Math.ceil(ms)) });
  } catch (error) {
    if (isTimeout(error)) throw new OvertimeError(`It took longer than ${ms} ms.`);
    throw error;
  } finally {
    delete context.work;
  }
  return done[0] as T;
};
