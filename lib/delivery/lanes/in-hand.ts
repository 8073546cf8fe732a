import type { Pending } from '../pending.ts';

/** A record of a partition that is not done with yet. */
export interface Entry {
  readonly pending: Pending;
  /** What its order is kept by; undefined where it has none to keep. */
  readonly key: string | undefined;
  /** Which requests may have it, of those that are under way at a time. */
  readonly lane: number;
  /** The message that it is in: one that is under way, or is to be sent again. */
  message?: InHand | undefined;
  /** It is acknowledged, or went to the dead letters; it is still listed until many are. */
  isDone?: boolean;
}

/** A message that is with a consumer, which acknowledges it later (`ack: "explicit"`). */
export interface Held {
  /** Its name in the run list: `heldAs`. */
  readonly by: string;
  /** Wall clock ms. If nothing is said by then, it is refused; after a nack, it is not to be sent before. */
  readonly until: number;
  /** The endpoint took it. Where that is not known, nothing said is no refusal. */
  readonly isReceived: boolean;
  /** The consumer refused it. */
  readonly isNacked: boolean;
  /** The cursor has it. */
  readonly isStored: boolean;
}

/** Records that are sent together: once, and again as the same message for as long as they are refused together. */
export interface InHand {
  readonly entries: readonly Entry[];
  /** How often this very message was sent, and came back. */
  attempts: number;
  /** How often it was refused. */
  refusals: number;
  /** Wall clock ms. The first refusal of a message that began with this record; undefined before it. */
  since: number | undefined;
  /** Wall clock ms. Not to be sent before; 0: at once. */
  until: number;
  isUnderWay: boolean;
  /** Whether it is to be the same message again. One that was never refused may be another after a crash. */
  isKept: boolean;
  /** It is to go to the dead letters, which could not be written. */
  isStuck: boolean;
  /** From before it is sent until it is acknowledged or refused. */
  held?: Held | undefined;
}

/** What tells messages apart that stand beside each other in a run list: where each begins. */
export const tagOf = ({ entries }: Pick<InHand, 'entries'>): string =>
  (entries[0]?.pending.offset ?? 0).toString(36);
