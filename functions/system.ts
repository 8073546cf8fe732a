import { randomBytes } from 'node:crypto';
import type { Clock } from '../lib/stores/clock.ts';
import type { Random } from '../lib/stores/random.ts';

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener('abort', end);
    }),
};

/** Chance from the machine; `bytes` is cryptographic. */
export const systemRandom: Random = {
  number: () => Math.random(),
  bytes: (count) => new Uint8Array(randomBytes(count)),
};
