import type { SigningWindow } from '../../lib/stores/batches.ts';

/** For puts of which nothing depends on when they are signed. */
export const anyTime: SigningWindow = {
  notBefore: Number.NEGATIVE_INFINITY,
  notAfter: Number.POSITIVE_INFINITY,
  notAfterMonotonic: Number.POSITIVE_INFINITY,
};
