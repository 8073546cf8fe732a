import type { ProducerState } from '../../domain/idempotency/producers.ts';
import type { Batch } from '../../domain/records/batches.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { IntentStore } from '../../stores/intents.ts';
import type { ProducerStore } from '../../stores/producers.ts';
import type { Waiting } from '../append/waiting.ts';
import { appendTime, type Tail } from '../tail.ts';
import { withTimeout } from '../timeout.ts';
import { type ClaimDeps, type Prepared, prepareClaim, replayIn } from './claims.ts';
import { numberAppends, producersAt } from './sequences.ts';

/** The stores that appends with an idempotency key or a sequence need. */
export interface IdempotencyStores {
  readonly intents: IntentStore;
  readonly producers: ProducerStore;
}

export interface ScreeningDeps extends Omit<ClaimDeps, 'intents'> {
  readonly idempotency: IdempotencyStores | undefined;
  readonly options: ClaimDeps['options'] & { readonly producersBytes: number };
}

/** What of a batch may be put at a tail. The rest has its answer, or waits on. */
export interface Screened {
  /** In order. */
  readonly writing: readonly Waiting[];
  readonly later: readonly Waiting[];
  /** Why some wait on, where a store did not answer. */
  readonly cause?: unknown;
  /** The log goes further than the tail. */
  readonly isPast: boolean;
  /** Of the batch, wall clock ms. */
  readonly appendedAt: number;
  /** For the batch to carry. */
  readonly producers: Uint8Array | undefined;
}

/**
 * Lets those appends of a batch pass that are not in the log already, and are in their sequence; answers the others. When it
 * resolves it is written down where those with a key will be, and the producers that the batch drops are parked.
 */
export const screen = async (
  deps: ScreeningDeps,
  at: PartitionRef,
  taken: readonly Waiting[],
  tail: Tail,
  signal: AbortSignal,
): Promise<Screened> => {
  const isPlain = taken.every(({ claim, sequenced }) => claim === undefined && sequenced === undefined);
  // A batch that closes the partition has nobody to hand anything on to.
  if ((isPlain && tail.producers === undefined) || taken[0]?.closes === true) {
    const appendedAt = appendTime(tail, deps.clock.now());
    return { writing: taken, later: [], isPast: false, appendedAt, producers: undefined };
  }
  const claimed = await claimAll(deps, at, taken, tail, signal);
  try {
    const store = deps.idempotency?.producers;
    const known = await withTimeout(deps.clock, deps.options.attemptTimeoutMs, signal, (limit) =>
      producersAt(store, at, tail, claimed.ready, limit),
    );
    const appendedAt = appendTime(tail, deps.clock.now());
    const maxTableBytes = deps.options.producersBytes;
    const numbered = numberAppends(at, known, claimed.ready, { tail, appendedAt, maxTableBytes });
    const { writing, later, table: producers } = numbered;
    const isPast = claimed.isPast || numbered.isPast;
    const all = { later: [...claimed.later, ...later], isPast, appendedAt, producers, cause: claimed.cause };
    if (writing.length === 0) return { ...all, writing };
    return await park(deps, at, numbered.parking, signal).then(
      () => ({ ...all, writing }),
      (cause: unknown) => ({ ...all, writing: [], later: [...all.later, ...writing], cause }),
    );
  } catch (cause) {
    // Neither may a plain append go on without them: its batch hands on what it knows of them.
    const later = [...claimed.later, ...claimed.ready];
    return { writing: [], later, isPast: claimed.isPast, appendedAt: 0, producers: undefined, cause };
  }
};

/** Prepares the claims of appends, and answers those that are in the log, or never will be. */
const claimAll = async (
  deps: ScreeningDeps,
  at: PartitionRef,
  taken: readonly Waiting[],
  tail: Tail,
  signal: AbortSignal,
): Promise<{
  readonly ready: readonly Waiting[];
  readonly later: readonly Waiting[];
  readonly isPast: boolean;
  readonly cause: unknown;
}> => {
  const prepared = await Promise.all(taken.map((append) => prepare(deps, at, append, tail, signal)));
  const ready: Waiting[] = [];
  const later: Waiting[] = [];
  let cause: unknown;
  for (const [index, append] of taken.entries()) {
    const outcome = prepared[index];
    if (outcome?.kind === 'ready') ready.push(append);
    else if (outcome?.kind === 'replayed') append.resolve(outcome.appended);
    else if (outcome?.kind === 'refused') append.reject(outcome.problem);
    else later.push(append);
    if (outcome?.kind === 'later') cause ??= outcome.cause;
  }
  return { ready, later, isPast: prepared.some(({ kind }) => kind === 'past'), cause };
};

const prepare = async (
  { idempotency, ...deps }: ScreeningDeps,
  at: PartitionRef,
  { claim }: Waiting,
  tail: Tail,
  signal: AbortSignal,
): Promise<Prepared> => {
  if (claim === undefined) return { kind: 'ready' };
  if (idempotency === undefined) throw new Error('This appender was given no store of intents.');
  return prepareClaim({ ...deps, intents: idempotency.intents }, at, claim, tail.end, signal);
};

/** Parks producers that a batch drops, before it is put. Throws as ProducerStore.park. */
const park = async (
  { idempotency, clock, options }: ScreeningDeps,
  at: PartitionRef,
  producers: readonly ProducerState[],
  signal: AbortSignal,
): Promise<void> => {
  if (producers.length === 0) return;
  if (idempotency === undefined) throw new Error('This appender was given no store of producers.');
  const store = idempotency.producers;
  await withTimeout(clock, options.attemptTimeoutMs, signal, (limit) =>
    Promise.all(producers.map((state) => store.park(at, state, clock.now(), limit))),
  );
};

/** Answers those whose records are in the batch that won, and gives the others. */
export const withoutReplayed = (winner: Batch, waiting: readonly Waiting[]): readonly Waiting[] =>
  waiting.filter((append) => {
    const { claim } = append;
    if (claim === undefined) return true;
    // What stands there is known now, and nothing else can come there.
    claim.isAlone = true;
    const appended = replayIn(winner, claim.key);
    if (appended !== undefined) append.resolve(appended);
    return appended === undefined;
  });
