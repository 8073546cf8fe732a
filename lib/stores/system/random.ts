import { randomFillSync } from 'node:crypto';
import type { Random } from '../../surroundings/random.ts';

/** Drawn at once: asking the source takes longer than all else that an id takes. */
const reserve = Buffer.alloc(4096);
let used = reserve.length;

/** The next bytes of the reserve, which are given once and are not kept. */
const draw = (count: number): Uint8Array<ArrayBuffer> => {
  const drawn = new Uint8Array(count);
  if (count > reserve.length) return randomFillSync(drawn);
  if (used + count > reserve.length) {
    randomFillSync(reserve);
    used = 0;
  }
  drawn.set(reserve.subarray(used, used + count));
  reserve.fill(0, used, used + count);
  used += count;
  return drawn;
};

/** Chance from the machine's cryptographic source. */
export const systemRandom: Random = {
  // 48 bits of 53: what one read of a Buffer gives as an exact integer.
  number: () => Buffer.from(draw(6).buffer).readUIntBE(0, 6) / 2 ** 48,
  bytes: draw,
};
