import { limits } from '../limits.ts';
import { ackMsLeft, type Cursor, retryMsLeft } from './cursors.ts';

/*
 * The moves of a cursor in a group of mode `pull`, as functions of what stands: DESIGN §7. What was handed out and is not
 * acknowledged is what lies between `committed` and `handedOut`; the lease is for as long as there is something.
 */

/** Whether something was handed out that is not acknowledged. */
export const isOutstanding = ({
  committed,
  handedOut = 0,
}: Pick<Cursor, 'committed' | 'handedOut'>): boolean => handedOut > committed;

/** Who asks for the next records of a partition that is assigned to it. */
export interface Taker {
  /** As `ownerOf` makes it. */
  readonly owner: string;
  /** Wall clock ms. */
  readonly now: number;
  readonly ackTimeoutMs: number;
  /** Whether the session of another owner is over, and its member removed: only then may its lease be taken. */
  readonly isOver: (owner: string) => boolean;
  /** The offset after the last record that it says it has. */
  readonly position?: number | undefined;
}

/** Where the next hand-out begins, or the ms until there may be one. */
export type Turn =
  | { readonly kind: 'from'; readonly from: number; readonly isAgain: boolean }
  | { readonly kind: 'wait'; readonly ms: number };

const again = ({ committed }: Cursor): Turn => ({ kind: 'from', from: committed, isAgain: true });

/**
 * What a member to whom a partition is assigned may have of it now. Nothing more while something is outstanding, unless it says
 * what it has: an acknowledgement is for all that is below it, and who was restarted, or missed an answer, would acknowledge what
 * it never saw. What nobody acknowledged in time it is given again, whoever had it, and live or not: no hand-over waits longer.
 */
export const turnOf = (cursor: Cursor, taker: Taker): Turn => {
  const { owner, now, ackTimeoutMs, isOver, position } = taker;
  const delayMs = retryMsLeft(cursor, now, limits.nackDelaySeconds * 1000);
  if (delayMs > 0) return { kind: 'wait', ms: delayMs };
  if (!isOutstanding(cursor)) return { kind: 'from', from: cursor.committed, isAgain: false };
  const leftMs = ackMsLeft(cursor, now, ackTimeoutMs);
  if (leftMs === 0) return again(cursor);
  if (cursor.owner !== owner)
    return cursor.owner === undefined || isOver(cursor.owner) ? again(cursor) : { kind: 'wait', ms: leftMs };
  const { committed, handedOut = committed } = cursor;
  return position !== undefined && position >= committed && position <= handedOut
    ? { kind: 'from', from: position, isAgain: false }
    : { kind: 'wait', ms: leftMs };
};

export interface HandOut {
  readonly owner: string;
  /** Where the turn began, or the start of the partition where that is later. */
  readonly from: number;
  /** The offset after the last record. */
  readonly to: number;
  /** Wall clock ms. */
  readonly ackUntil: number;
  readonly isAgain: boolean;
}

/** The cursor after the records from `from` on were handed out. What is below the start of the partition was lost. */
export const handedOut = (cursor: Cursor, { owner, from, to, ackUntil, isAgain }: HandOut): Cursor => {
  const { retryAt: _over, ...rest } = cursor;
  const isOther = cursor.owner !== owner;
  return {
    ...startingAt(rest, isOutstanding(cursor) && !isAgain ? cursor.committed : from),
    owner,
    epoch: cursor.epoch + (isOther ? 1 : 0),
    handedOut: Math.max(to, isAgain ? 0 : (cursor.handedOut ?? 0)),
    ackUntil,
    attempts: isAgain ? cursor.attempts + 1 : cursor.attempts,
    retryAt: 0,
  };
};

/** What is below `start` cannot be read any more. */
const startingAt = <C extends Pick<Cursor, 'committed' | 'lost'>>(cursor: C, start: number): C =>
  start <= cursor.committed
    ? cursor
    : { ...cursor, committed: start, lost: (cursor.lost ?? 0) + start - cursor.committed };

/** The cursor past `through`: from `from` on there was no record, since compaction took them away; what is below that was lost. */
export const passed = (cursor: Cursor, through: number, from: number): Cursor => {
  if (isOutstanding(cursor)) return cursor;
  const started = startingAt(cursor, from);
  return through > started.committed ? { ...started, committed: through } : started;
};

/** What is said of an acknowledgement. */
export type AckAnswer = 'done' | 'lease_lost' | 'not_handed_out';

export interface Ack {
  readonly owner: string;
  /** The offset after the last record that is done with. */
  readonly offset: number;
  /** The epoch that it was handed out under, where the client says it. */
  readonly epoch?: number | undefined;
}

/** Whether `ack` may move the cursor. One that came before is done. */
export const judgeAck = (cursor: Cursor, { owner, offset, epoch }: Ack): AckAnswer => {
  if (cursor.owner !== owner || (epoch !== undefined && epoch !== cursor.epoch)) return 'lease_lost';
  return offset > Math.max(cursor.committed, cursor.handedOut ?? 0) ? 'not_handed_out' : 'done';
};

/** The cursor after an acknowledgement that may move it. */
export const acknowledged = (cursor: Cursor, { offset }: Pick<Ack, 'offset'>): Cursor => {
  if (offset <= cursor.committed) return cursor;
  const moved = { ...cursor, committed: offset, attempts: 0 };
  return isOutstanding(moved) ? moved : withoutHandOut(moved);
};

const withoutHandOut = ({ handedOut: _nothing, ackUntil: _never, ...cursor }: Cursor): Cursor => cursor;

/** The cursor after what is from `offset` on was given back, to be handed out again from `retryAt` on (wall clock ms, 0: at once). */
export const givenBack = (cursor: Cursor, { offset }: Pick<Ack, 'offset'>, retryAt: number): Cursor => {
  const moved = acknowledged(cursor, { offset });
  return isOutstanding(moved) ? { ...withoutHandOut(moved), attempts: moved.attempts + 1, retryAt } : moved;
};
