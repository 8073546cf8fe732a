import type { ProducerState } from '../../domain/idempotency/producers.ts';
import type { Batch } from '../../domain/records/batches.ts';
import type { PartitionRef } from '../../domain/records/records.ts';
import type { IntentStore } from '../../stores/intents.ts';
import type { ProducerStore } from '../../stores/producers.ts';
import type { Waiting } from '../append/waiting.ts';
import type { Tail } from '../tail.ts';
import { withTimeout } from '../timeout.ts';
import { type ClaimDeps, type Prepared, prepareClaim, replayIn } from './claims.ts';
import { type KnownProducers, type Numbered, numberAppends, producersAt } from './sequences.ts';

/** The stores that appends with an idempotency key or a sequence need. */
export interface IdempotencyStores {
  readonly intents: IntentStore;
  readonly producers: ProducerStore;
}

export interface ScreeningDeps extends Omit<ClaimDeps, 'intents'> {
  readonly idempotency: IdempotencyStores | undefined;
  readonly options: ClaimDeps['options'] & { readonly producersBytes: number };
}

/** What of a batch may be put at a tail, as far as stores say. The rest has its answer, or waits on. */
export interface Screened {
  readonly writing: readonly Waiting[];
  readonly later: readonly Waiting[];
  readonly known: KnownProducers;
  /** Why some wait on, where a store did not answer. */
  readonly cause?: unknown;
  /** The log goes further than the tail. */
  readonly isPast: boolean;
}

const nobody: KnownProducers = { carried: [], parked: new Map() };

/** Lets those appends of a batch pass that are not in the log already, and writes down where they will be. */
export const screen = async (
  deps: ScreeningDeps,
  at: PartitionRef,
  waiting: readonly Waiting[],
  tail: Tail,
  signal: AbortSignal,
): Promise<Screened> => {
  const isPlain = waiting.every(({ claim, sequenced }) => claim === undefined && sequenced === undefined);
  // A batch that closes the partition has nobody to hand anything on to.
  if ((isPlain && tail.producers === undefined) || waiting[0]?.closes === true)
    return { writing: waiting, later: [], known: nobody, isPast: false };
  const prepared = await Promise.all(waiting.map((append) => prepare(deps, at, append, tail, signal)));
  const writing: Waiting[] = [];
  const later: Waiting[] = [];
  let cause: unknown;
  for (const [index, append] of waiting.entries()) {
    const outcome = prepared[index];
    if (outcome?.kind === 'ready') writing.push(append);
    else if (outcome?.kind === 'replayed') append.resolve(outcome.appended);
    else if (outcome?.kind === 'refused') append.reject(outcome.problem);
    else later.push(append);
    if (outcome?.kind === 'later') cause ??= outcome.cause;
  }
  const isPast = prepared.some(({ kind }) => kind === 'past');
  try {
    const store = deps.idempotency?.producers;
    const known = await withTimeout(deps.clock, deps.options.attemptTimeoutMs, signal, (limit) =>
      producersAt(store, at, tail, writing, limit),
    );
    return { writing, later, known, isPast, ...(cause !== undefined && { cause }) };
  } catch (error) {
    // Neither may a plain append go on without them: it hands on what its batch carries.
    return {
      writing: [],
      later: waiting.filter((append) => isOpen(append, writing, later)),
      known: nobody,
      cause: error,
      isPast,
    };
  }
};

const isOpen = (append: Waiting, ...open: readonly (readonly Waiting[])[]): boolean =>
  open.some((each) => each.includes(append));

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

/** What a batch at `tail` that is dated `appendedAt` has, of what passed. Answers what is not to be written. */
export const numbered = (
  { options }: ScreeningDeps,
  at: PartitionRef,
  { writing, known }: Screened,
  tail: Tail,
  appendedAt: number,
): Numbered => numberAppends(at, known, writing, { tail, appendedAt, maxTableBytes: options.producersBytes });

/** Parks producers that a batch drops, before it is put. Throws as ProducerStore.park. */
export const park = async (
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
