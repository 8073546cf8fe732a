import { describe, expect, it } from 'vitest';
import { type Breaches, findsMutants } from '../finds-mutants.ts';
import { firstBreach } from '../first-breach.ts';
import { groupsMutants as mutants } from './mutants.ts';
import type { GroupsVariant } from './variant.ts';
import { runGroups } from './world.ts';

const seeds = 400;
/** Within this many seeds each mutant is to be found out. */
const mutantSeeds = 1_500;
const minutes = 60_000;

const breachOf = (upTo: number, variant?: GroupsVariant, pattern?: RegExp): Promise<string | undefined> =>
  firstBreach((seed) => runGroups(seed, variant), { from: 1, to: upTo }, pattern);

describe('groups whose consumers crash, stand still, lose answers and come late', () => {
  it(
    `are handed every record, and none that is acknowledged, in ${seeds} worlds`,
    async () => {
      expect(await breachOf(seeds)).toBeUndefined();
    },
    3 * minutes,
  );

  it('run the same for the same seed', async () => {
    expect(await runGroups(7)).toEqual(await runGroups(7));
  });

  it('are put to the test: many records are handed out more than once', async () => {
    let [records, handedOut] = [0, 0];
    for (let seed = 1; seed <= 40; seed += 1) {
      const world = await runGroups(seed);
      records += world.records;
      handedOut += world.handedOut;
    }
    expect(records).toBeGreaterThan(1000);
    expect(handedOut).toBeGreaterThan(records * 1.2);
  });
});

describe('the simulation finds out a group that', () => {
  const taken = /was taken from .*, which is alive and has it/;
  const lost = /was committed, and nobody was done with it/;
  /** What each rule is there to prevent. */
  const breaches: Breaches<GroupsVariant> = [
    [mutants.killsNobody, taken],
    [mutants.goesOn, /went on after it was over/],
    [mutants.dropsEpochs, lost],
    [mutants.forgetsRuns, /nobody was done with it|forgot what was handed out/],
    [mutants.noDeadline, /not handed out and acknowledged in time/],
    [
      mutants.ignoresVersions,
      /went back|nobody was done with it|was taken from|after it was acknowledged|forgot what/,
    ],
    [mutants.hasNoBounds, /ahead, and may be/],
    [mutants.losesDeadLetters, lost],
  ];
  findsMutants(breaches, mutants, (mutant, breach) => breachOf(mutantSeeds, mutant, breach), 3 * minutes);
});
