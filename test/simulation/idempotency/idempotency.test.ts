import { describe, expect, it } from 'vitest';
import { type Breaches, findsMutants } from '../finds-mutants.ts';
import { firstBreach } from '../first-breach.ts';
import { idempotencyMutants as mutants } from './mutants.ts';
import type { IdempotencyVariant } from './variant.ts';
import { runIdempotency } from './world.ts';

const seeds = 1_500;
/** Within this many seeds each mutant is to be found out. */
const mutantSeeds = 6_000;
const minutes = 60_000;

const breachOf = (
  upTo: number,
  variant?: IdempotencyVariant,
  pattern?: RegExp,
): Promise<string | undefined> =>
  firstBreach((seed) => runIdempotency(seed, variant), { from: 1, to: upTo }, pattern);

describe('appends that are sent again, through processes that crash at any await, with old batches trimmed', () => {
  it(
    `are in the log once, where every answer says, in ${seeds} worlds`,
    async () => {
      expect(await breachOf(seeds)).toBeUndefined();
    },
    3 * minutes,
  );

  it('run the same for the same seed', async () => {
    expect(await runIdempotency(7)).toEqual(await runIdempotency(7));
  });

  it('are put to the test: most are answered in the midst of it all, and some are not', async () => {
    let [repeated, answered] = [0, 0];
    for (let seed = 1; seed <= 100; seed += 1) {
      const world = await runIdempotency(seed);
      repeated += world.repeated;
      answered += world.answered;
    }
    expect(repeated).toBeGreaterThan(150);
    expect(answered).toBeGreaterThan(repeated / 2);
    expect(answered).toBeLessThan(repeated);
  });
});

describe('the simulation finds out a protocol that', () => {
  const storedTwice = /was stored twice/;
  const lost = /was refused as idempotency_unknown/;
  const outOfSequence =
    /was stored twice|was refused as (?:sequence_gap|sequence_forgotten|idempotency_mismatch)/;
  /** What each rule is there to prevent. */
  const breaches: Breaches<IdempotencyVariant> = [
    [mutants.movesWithoutFencing, storedTwice],
    [mutants.takesOverWithoutFencing, storedTwice],
    [mutants.readsTheSlotBefore, storedTwice],
    [mutants.goesBack, storedTwice],
    [mutants.writesNoIntent, storedTwice],
    [mutants.marksNoBatch, storedTwice],
    [mutants.trimsKeyedEarly, lost],
    [mutants.judgesBeforeTheTail, outOfSequence],
    [mutants.handsNothingOn, outOfSequence],
    [mutants.parksNobody, outOfSequence],
    [mutants.forgetsParked, outOfSequence],
  ];
  findsMutants(breaches, mutants, (mutant, breach) => breachOf(mutantSeeds, mutant, breach), 3 * minutes);
});
