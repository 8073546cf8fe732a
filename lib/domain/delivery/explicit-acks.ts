import type { Cursor, Run } from '../groups/cursors.ts';
import { acknowledgedRun, tidied } from '../groups/runs/ahead.ts';

/*
 * Acknowledgements that come by themselves, after the endpoint took the message (`ack: "explicit"`). Until then the message is in the run list
 * of the cursor, `held` by a name that is made of where it begins and of the epoch that it was sent under.
 */

/** One attempt of one message. */
export interface SentMessage {
  /** Offset of its first record. */
  readonly start: number;
  /** Offset after its last record. Records between the two may be in other messages. */
  readonly end: number;
  /** Of the cursor, when it was sent. */
  readonly epoch: number;
  /** Which attempt it was, from 1 on. */
  readonly attempt: number;
}

/** What a consumer says of a message. */
export type Said =
  /** It is done with it: all, what is before `before`, or all but those that `failed`. */
  | { readonly outcome: 'ack'; readonly before?: number; readonly failed?: readonly number[] }
  /** It refuses it, and does not want it for so long. 0: its backoff alone counts. */
  | { readonly outcome: 'nack'; readonly delayMs: number }
  /** It needs so long from now on. */
  | { readonly outcome: 'extend'; readonly ms: number };

/** What came of it. */
export type Answered =
  | { readonly kind: 'changed'; readonly next: Cursor; readonly acknowledged: number }
  /** It was acknowledged before. */
  | { readonly kind: 'done' }
  /** The message was sent again, was refused, or there was a seek. */
  | { readonly kind: 'over' }
  /** It names records that the message has not. */
  | { readonly kind: 'strange'; readonly field: 'offset' | 'failed'; readonly offset: number };

/** By what a message is held. */
export const heldAs = ({ start, epoch }: Pick<SentMessage, 'start' | 'epoch'>): string =>
  `${start.toString(36)}@${epoch.toString(36)}`;

/** Whether it waits for what a consumer says of this very attempt. */
const isOf = (run: Run, message: SentMessage): boolean =>
  run.state === 'held' &&
  run.by === heldAs(message) &&
  (run.attempts ?? 0) === message.attempt - 1 &&
  run.reason !== 'nack';

const hasOffset = (runs: readonly Run[], offset: number): boolean =>
  runs.some(({ start, end }) => start <= offset && offset < end);

/**
 * What the cursor becomes when a consumer says something of a message. Of a deadline that is past it is as good as before it, as long as the
 * message was not taken up again: so it hangs on no clock.
 * @param isOneByOne whether nothing may be acknowledged behind what failed.
 * @param now wall clock ms.
 */
export const afterSaid = (
  cursor: Cursor,
  message: SentMessage,
  said: Said,
  isOneByOne: boolean,
  now: number,
): Answered => {
  const mine = (cursor.runs ?? []).filter((run) => isOf(run, message));
  if (mine.length === 0) return { kind: said.outcome === 'ack' && isDone(cursor, message) ? 'done' : 'over' };
  if (said.outcome === 'ack') return acknowledged(cursor, message, mine, said, isOneByOne);
  const change = (run: Run): readonly Run[] => {
    if (said.outcome === 'extend') return [{ ...run, until: now + said.ms }];
    return [{ ...run, reason: 'nack', until: said.delayMs > 0 ? now + said.delayMs : 0 }];
  };
  return { kind: 'changed', next: changed(cursor, message, change), acknowledged: 0 };
};

const isDone = ({ committed, runs = [] }: Cursor, { start }: SentMessage): boolean =>
  start < committed ||
  runs.some((run) => run.state === 'acknowledged' && run.start <= start && start < run.end);

const acknowledged = (
  cursor: Cursor,
  message: SentMessage,
  mine: readonly Run[],
  { before, failed }: Extract<Said, { outcome: 'ack' }>,
  isOneByOne: boolean,
): Answered => {
  if (before !== undefined && !(before > message.start && before <= message.end))
    return { kind: 'strange', field: 'offset', offset: before };
  const stranger = failed?.find((offset) => !hasOffset(mine, offset));
  if (stranger !== undefined) return { kind: 'strange', field: 'failed', offset: stranger };
  const refused = new Set(isOneByOne && failed?.length ? [Math.min(...failed)] : failed);
  const [first = Number.POSITIVE_INFINITY] = isOneByOne ? refused : [];
  const fate = (offset: number): Fate => {
    if (refused.has(offset)) return 'refused';
    return offset >= (before ?? first) ? 'free' : 'done';
  };
  const cuts = [before ?? first, ...[...refused].flatMap((offset) => [offset, offset + 1])];
  let count = 0;
  const change = (run: Run): readonly Run[] =>
    cut(run, cuts).map((part) => {
      const what = fate(part.start);
      if (what === 'done') count += part.end - part.start;
      return fated(part, what, message);
    });
  const next = changed(cursor, message, change);
  const { deadRow: _over, ...rest } = next;
  return { kind: 'changed', next: count > 0 ? rest : next, acknowledged: count };
};

type Fate = 'done' | 'refused' | 'free';

/** What is free is as if it was never sent. */
const fated = (part: Run, fate: Fate, message: SentMessage): Run => {
  const { start, end, since } = part;
  if (fate === 'done') return acknowledgedRun(part);
  if (fate === 'free') return { start, end, state: 'delayed', until: 0, deliveries: 0 };
  if (message.end - message.start === 1) return { ...part, reason: 'nack', until: 0 };
  // From now on it is a message by itself.
  const by = heldAs({ ...message, start });
  const alone = { start, end, state: 'held', by, until: 0, deliveries: 0, reason: 'nack' } as const;
  return { ...alone, ...(since !== undefined && { since }) };
};

/** The run in parts that begin and end where it is cut. */
const cut = (run: Run, cuts: readonly number[]): readonly Run[] => {
  const inside = cuts.filter((at) => at > run.start && at < run.end).sort((one, other) => one - other);
  const edges = [run.start, ...inside, run.end];
  return edges.slice(1).map((end, index) => ({ ...run, start: edges[index] ?? run.start, end }));
};

const changed = (cursor: Cursor, message: SentMessage, change: (run: Run) => readonly Run[]): Cursor => {
  const { runs: before = [], ...rest } = cursor;
  const ahead = tidied(
    cursor.committed,
    before.flatMap((run) => (isOf(run, message) ? change(run) : [run])),
  );
  const { committed, runs } = ahead;
  return { ...rest, committed, ...(runs.length > 0 && { runs }) };
};
