import type { Clock } from '../surroundings/clock.ts';

/** Why a timer is ended whose task was in time. */
const over = 'over';

/**
 * What `task` comes to, or a rejection when `ms` of `clock` are over or `outer` aborts before that; `task` is told by
 * its signal, and ends what it was waiting for.
 */
export const withTimeout = async <T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal | undefined,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const limit = new AbortController();
  const finished = new AbortController();
  const abort = (): void => limit.abort(outer?.reason);
  if (outer?.aborted === true) abort();
  else outer?.addEventListener('abort', abort, { once: true });
  const timer = clock.sleep(ms, finished.signal).then(() => {
    if (!finished.signal.aborted) limit.abort(new Error(`No answer came within ${ms} ms.`));
  });
  try {
    return await task(limit.signal);
  } finally {
    outer?.removeEventListener('abort', abort);
    // With a reason of its own: without, an error is made with a stack.
    finished.abort(over);
    await timer;
  }
};
