import { randomBytes } from 'node:crypto';
import type { Random } from '../random.ts';

/** Chance from the machine's cryptographic source. */
export const systemRandom: Random = {
  // 48 bits of 53: what one read of a Buffer gives as an exact integer.
  number: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (count) => new Uint8Array(randomBytes(count)),
};
