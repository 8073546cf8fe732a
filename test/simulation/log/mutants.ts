import { NotSentError, OutcomeUnknownError } from '../../../lib/domain/errors.ts';
import type { Batch } from '../../../lib/domain/records/batches.ts';
import { tailRules } from '../../../lib/log/tail.ts';
import type { BatchStore } from '../../../lib/stores/batches.ts';
import { anyTime } from '../../contract/windows.ts';
import type { LogVariant } from './scenario.ts';

/** Somebody else's: an id that no writer has. */
const disowned = (batch: Batch): Batch => ({ ...batch, writeId: new Uint8Array(8) });

const ignoringOwnWrites = (store: BatchStore): BatchStore => ({
  ...store,
  putIfAbsent: async (at, batch, attempt) => {
    const outcome = await store.putIfAbsent(at, batch, attempt);
    if (outcome.kind === 'stored' || outcome.winner === undefined) return outcome;
    return { kind: 'taken', winner: disowned(outcome.winner) };
  },
  range: async (at, range, signal) => {
    const page = await store.range(at, range, signal);
    return { ...page, batches: page.batches.map(disowned) };
  },
});

/** An unknown outcome taken for "not written", so that the writer goes on at the tail that it then finds. */
const settlingAtTheTail = (store: BatchStore): BatchStore => ({
  ...store,
  putIfAbsent: async (at, batch, attempt) => {
    try {
      return await store.putIfAbsent(at, batch, attempt);
    } catch (error) {
      if (error instanceof OutcomeUnknownError) throw new NotSentError('Perhaps.');
      throw error;
    }
  },
});

/** The tail as an eventually consistent read shows it. */
const readingTheTailEventually = (store: BatchStore): BatchStore => ({
  ...store,
  last: (at, signal) => store.floor(at, Number.MAX_SAFE_INTEGER, false, signal),
});

/** To the trimmer there is always one batch more, so that the last one seems to be none. */
export const hidingTheLast = <Store extends Pick<BatchStore, 'last'>>(store: Store): Store => ({
  ...store,
  last: async (at, signal) => {
    const last = await store.last(at, signal);
    return last && { ...last, base: last.base + last.count };
  },
});

/** The protocol without one of its rules, each on its own: what each rule is for. */
export const logMutants = {
  ignoresOwnWrites: { name: 'ignores that the winner is its own write', writerStore: ignoringOwnWrites },
  settlesAtTheTail: {
    name: 'settles an unknown outcome at the new tail instead of at its slot',
    writerStore: settlingAtTheTail,
  },
  checksAgeOnce: {
    name: "checks a tail's age once instead of before every attempt",
    rules: {
      ...tailRules,
      window: (tail, attempt) => (attempt === 1 ? tailRules.window(tail, attempt) : anyTime),
    },
  },
  datesByAnswer: {
    name: 'dates a tail by its answer instead of its request',
    rules: { ...tailRules, asOf: (_sentAt, answeredAt) => answeredAt },
  },
  readsTheTailEventually: {
    name: 'reads the tail eventually consistent',
    writerStore: readingTheTailEventually,
  },
  trimsTheLast: { name: 'trims the last batch', trimStore: hidingTheLast },
  believesTheFuture: {
    name: 'believes a tail that is dated in the future',
    rules: {
      asOf: (sentAt) => sentAt,
      window: (tail, attempt) => ({ ...tailRules.window(tail, attempt), notBefore: anyTime.notBefore }),
    },
  },
  redatesSignatures: {
    name: "dates signatures by the store's clock instead of the process's own",
    redates: true,
  },
  trimsEarly: { name: 'trims batches of five minutes', trimMinAgeMs: 5 * 60_000 },
  acceptsOldSignatures: {
    name: 'accepts a write whose signature is an hour old',
    table: { signatureMaxAgeMs: 4 * 60 * 60_000 },
  },
} as const satisfies Record<string, LogVariant>;
