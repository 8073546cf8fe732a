import { describe, expect, it } from 'vitest';
import { type Breaches, findsMutants } from '../finds-mutants.ts';
import { firstBreach } from '../first-breach.ts';
import { logMutants } from './mutants.ts';
import { type LogVariant, runLog } from './scenario.ts';

const seeds = 2_000;
/** Within this many seeds each mutant is to be found out. */
const mutantSeeds = 2_000;
const minutes = 60_000;

const breachOf = (upTo: number, variant?: LogVariant, pattern?: RegExp): Promise<string | undefined> =>
  firstBreach((seed) => runLog(seed, variant), { from: 1, to: upTo }, pattern);

describe('the log, with writers that are interleaved, cut off, frozen and ended, and old batches trimmed', () => {
  it(
    `stays dense, keeps each record once where it was answered to be, and is read without a hole, in ${seeds} worlds`,
    async () => {
      expect(await breachOf(seeds)).toBeUndefined();
    },
    2 * minutes,
  );

  it('runs the same for the same seed', async () => {
    expect(await runLog(7)).toEqual(await runLog(7));
  });

  it('is put to the test: much is appended, acknowledged and refused', async () => {
    const { stored, acknowledged, refused, unknown } = await sumOf(50);
    expect(stored).toBeGreaterThan(1_000);
    expect(acknowledged).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(50);
    expect(unknown).toBeGreaterThan(50);
  });
});

const sumOf = async (upTo: number) => {
  const sum = { stored: 0, acknowledged: 0, refused: 0, unknown: 0 };
  for (let seed = 1; seed <= upTo; seed += 1) {
    const result = await runLog(seed);
    sum.stored += result.stored;
    sum.acknowledged += result.acknowledged;
    sum.refused += result.refused;
    sum.unknown += result.unknown;
  }
  return sum;
};

describe('the simulation finds out a protocol that', () => {
  const storedTwice = /was stored twice|was answered as not written, and is at/;
  const holed = /a batch was stored at \d+, but the log ended at/;
  const misdated = /was dated -?[\d.]+ ms beside the store's clock|is older than the one before it/;
  /** What each rule is there to prevent. */
  const breaches: Breaches<LogVariant> = [
    [logMutants.ignoresOwnWrites, storedTwice],
    [logMutants.settlesAtTheTail, storedTwice],
    [logMutants.checksAgeOnce, holed],
    [logMutants.datesByAnswer, holed],
    [logMutants.readsTheTailEventually, /was refused at \d+ by an end of \d+/],
    [logMutants.trimsTheLast, /every batch is gone/],
    [logMutants.believesTheFuture, misdated],
    [logMutants.redatesSignatures, holed],
    [logMutants.trimsEarly, holed],
    [logMutants.acceptsOldSignatures, holed],
  ];
  findsMutants(breaches, logMutants, (mutant, breach) => breachOf(mutantSeeds, mutant, breach), 2 * minutes);
});
