import type { HeldSlots, Pace } from '../domain/delivery/pace.ts';

/**
 * A pace as it is kept. Who has slots is text, some 20 bytes a process, or each would take three times that: `<holder>.<slots>.<until>`,
 * separated by spaces, numbers in base 36. What is 0 or empty is left out.
 */
export interface KeptPace {
  readonly version: number;
  readonly writeId: string;
  readonly held?: string;
  readonly bookedUntil?: number;
  readonly waitedFor?: number;
}

export const toKept = ({ version, writeId, held, bookedUntil, waitedFor }: Pace): KeptPace => ({
  version,
  writeId,
  ...(held.length > 0 && { held: held.map(textOf).join(' ') }),
  ...(bookedUntil > 0 && { bookedUntil }),
  ...(waitedFor > 0 && { waitedFor }),
});

export const fromKept = ({ version, writeId, held, bookedUntil = 0, waitedFor = 0 }: KeptPace): Pace => ({
  version,
  writeId,
  held: held === undefined ? [] : held.split(' ').map(heldOf),
  bookedUntil,
  waitedFor,
});

const textOf = ({ holder, slots, until }: HeldSlots): string =>
  `${holder}.${slots.toString(36)}.${Math.ceil(until).toString(36)}`;

const heldOf = (text: string): HeldSlots => {
  const [holder = '', slots = '', until = ''] = text.split('.');
  return { holder, slots: Number.parseInt(slots, 36), until: Number.parseInt(until, 36) };
};
