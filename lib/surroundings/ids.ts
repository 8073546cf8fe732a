import type { Random } from './random.ts';

/** A new id of 80 random bits, as 20 hex digits: unique for ever, and free of the separators of any key it is part of. */
export const newId = (random: Random): string => Buffer.from(random.bytes(10)).toString('hex');
