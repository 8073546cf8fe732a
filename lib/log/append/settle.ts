import { NotSentError, OutcomeUnknownError, RefusedError, ThrottledError } from '../../domain/errors.ts';
import { elapsedMs, type Instant } from '../../domain/instants.ts';
import { type Batch, sameWrite } from '../../domain/records/batches.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import { type BatchStore, isWithin, type SigningWindow } from '../../stores/batches.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import type { Random } from '../../surroundings/random.ts';
import { type Tail, type TailRules, tailAfter } from '../tail.ts';
import { withTimeout } from '../timeout.ts';
import type { AppendOptions } from './options.ts';

export interface SettleDeps {
  readonly batches: BatchStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: AppendOptions;
  readonly rules: TailRules;
}

/** One batch on its way to one slot. */
export interface Write {
  readonly at: PartitionRef;
  readonly batch: Batch;
  /** The tail that showed the slot. */
  readonly tail: Tail;
  /** Gives up: no attempt is pending after it. */
  readonly signal: AbortSignal;
}

/** What became of a write. Only of `unknown` is it not certain whether the batch is in the log. */
export type Settlement =
  /** In the log. `ms`: what its last request took. */
  | { readonly kind: 'stored'; readonly asOf: Instant; readonly ms: number }
  /** Another batch has the slot, and always will. `tail`: as far as the answer shows it. */
  | { readonly kind: 'lost'; readonly tail: Tail; readonly winner: Batch; readonly ms: number }
  /** Nothing was written, for want of capacity. */
  | { readonly kind: 'throttled' }
  /** Nothing was written: the tail was too old by then, or the store refused the signature for its date. */
  | { readonly kind: 'not-sent' }
  /** Nothing was written: the store does not take such a write, now or later. */
  | { readonly kind: 'refused'; readonly cause: RefusedError }
  | { readonly kind: 'unknown'; readonly cause: unknown };

/**
 * Sends a write, and repeats it at its slot until it is certain what became of it, or the budget is over, or the signal
 * aborts. Looking at the new tail instead would miss a write that landed, and store it twice.
 */
export const settle = async (deps: SettleDeps, write: Write): Promise<Settlement> => {
  const { clock, random, options, rules } = deps;
  let doubt: { readonly since: Instant; readonly cause: unknown } | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const sentAt = instantOf(clock);
    const window = rules.window(write.tail, attempt);
    if (!isWithin(window, sentAt)) break;
    const settlement = await attemptPut(deps, write, sentAt, window);
    // Once a copy of the write is under way, that this one was refused says nothing of that one.
    if (settlement.kind === 'unknown') doubt ??= { since: sentAt, cause: settlement.cause };
    else if (doubt === undefined || settlement.kind === 'stored' || settlement.kind === 'lost')
      return settlement;
    const isOver = elapsedMs(doubt.since, instantOf(clock)) > options.settleBudgetMs;
    if (write.signal.aborted || isOver) break;
    await clock.sleep(random.number() * Math.min(options.maxBackoffMs, 25 * 2 ** attempt), write.signal);
  }
  if (doubt === undefined) return { kind: 'not-sent' };
  const unknown: Settlement = { kind: 'unknown', cause: doubt.cause };
  if (write.signal.aborted) return unknown;
  // That a look at the slot did not help says less than why one was needed.
  const seen = await lookAtSlot(deps, write);
  return seen.kind === 'unknown' ? unknown : seen;
};

const attemptPut = async (
  deps: SettleDeps,
  write: Write,
  sentAt: Instant,
  window: SigningWindow,
): Promise<Settlement> => {
  const { clock, options, rules } = deps;
  try {
    const outcome = await withTimeout(clock, options.attemptTimeoutMs, write.signal, (signal) =>
      deps.batches.putIfAbsent(write.at, write.batch, { ...window, signal }),
    );
    const answeredAt = instantOf(clock);
    if (outcome.kind === 'stored')
      return { kind: 'stored', asOf: rules.asOf(sentAt, answeredAt), ms: elapsedMs(sentAt, answeredAt) };
    return outcome.winner === undefined
      ? await lookAtSlot(deps, write)
      : judge(write, outcome.winner, sentAt, answeredAt);
  } catch (error) {
    if (error instanceof ThrottledError) return { kind: 'throttled' };
    if (error instanceof NotSentError) return { kind: 'not-sent' };
    if (error instanceof RefusedError) return { kind: 'refused', cause: error };
    return { kind: 'unknown', cause: error };
  }
};

/**
 * What it means that `standing` has the write's slot. It landed after the write's tail was seen, and was the tail then:
 * hence the date.
 */
const judge = (
  { batch, tail }: Write,
  standing: Batch,
  sentAt: Instant,
  answeredAt: Instant,
): Settlement & { kind: 'stored' | 'lost' } => {
  const ms = elapsedMs(sentAt, answeredAt);
  if (sameWrite(batch.writeId, standing.writeId)) return { kind: 'stored', asOf: tail.asOf, ms };
  const age = Math.max(0, answeredAt.wall - standing.appendedAt);
  const seenAt = { wall: answeredAt.wall - age, monotonic: answeredAt.monotonic - age };
  const shown = { ...tailAfter(standing, tail.asOf, seenAt), mayBePast: true };
  return { kind: 'lost', tail: shown, winner: standing, ms };
};

/** Batches that one look at a slot asks for: its own, and often all that came after it. */
const inspectedBatches = 8;

/**
 * Reads, strongly consistent, what stands at the write's slot, after a refusal that did not say or when no put may be
 * sent any more. That nothing is there proves nothing: it may be trimmed, or the write may land yet.
 */
const lookAtSlot = async (deps: SettleDeps, write: Write): Promise<Settlement> => {
  const { clock, options, rules } = deps;
  const sentAt = instantOf(clock);
  const range = { from: write.batch.base, limit: inspectedBatches, consistent: true };
  try {
    const { batches, more } = await withTimeout(clock, options.attemptTimeoutMs, write.signal, (signal) =>
      deps.batches.range(write.at, range, signal),
    );
    const answeredAt = instantOf(clock);
    const [standing] = batches;
    if (standing?.base !== write.batch.base)
      return { kind: 'unknown', cause: new OutcomeUnknownError('Nothing stands at the slot.') };
    const judged = judge(write, standing, sentAt, answeredAt);
    if (judged.kind === 'stored') return judged;
    const asOf = more ? write.tail.asOf : rules.asOf(sentAt, answeredAt);
    return { ...judged, tail: tailAfter(batches.at(-1), asOf, answeredAt) };
  } catch (cause) {
    return { kind: 'unknown', cause };
  }
};
