import { Problem, ThrottledError } from '../../domain/errors.ts';
import { ObjectMissingError } from '../../stores/objects.ts';
import type { Clock } from '../../surroundings/clock.ts';
import { withTimeout } from '../timeout.ts';

/** A read is tried this often, with these pauses (ms) between. */
const pauses = [25, 100, 400];

/** Rejects when `signal` aborts: for stores whose requests cannot be ended. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

/**
 * Asks the store, and again if it did not answer or was throttled: for reads, which change nothing.
 * @throws Problem `throttled` when the last try was, `unavailable` when it was not answered.
 * @throws ObjectMissingError at once, which is an answer.
 */
export const patiently = async <T>(
  clock: Clock,
  timeoutMs: number,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await withTimeout(clock, timeoutMs, undefined, (signal) =>
        Promise.race([request(signal), untilAborted(signal)]),
      );
    } catch (cause) {
      if (cause instanceof ObjectMissingError) throw cause;
      const pause = pauses[attempt];
      if (pause === undefined) {
        const isThrottled = cause instanceof ThrottledError;
        const reason = isThrottled ? 'has no capacity left just now' : 'did not answer';
        const code = isThrottled ? 'throttled' : 'unavailable';
        throw new Problem(code, `The log ${reason}: try again.`, { cause, retryAfterSeconds: 1 });
      }
      await clock.sleep(pause);
    }
  }
};
