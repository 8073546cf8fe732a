import { describe, expect, it } from 'vitest';
import { type Breaches, findsMutants } from '../finds-mutants.ts';
import { firstBreach } from '../first-breach.ts';
import { type Mutant, mutants } from './mutants.ts';
import { runPlaces } from './world.ts';

const worlds = 30;

describe('places of endpoints and groups', () => {
  it(`are never passed, nor lost, in ${worlds} worlds of requests that race, end anywhere and land late`, async () => {
    expect(await firstBreach((seed) => runPlaces(seed), { from: 1, to: worlds })).toBeUndefined();
  }, 120_000);

  describe('are passed', () => {
    const breaches: Breaches<Mutant> = [
      [mutants.forsakenIsNotBarred, /endpoints in a group|two of one URL/],
      [mutants.changeIsNotStopped, /two of one URL/],
      [mutants.placesAreNotBound, /endpoints in a group|two of one URL/],
      [mutants.groupIsNotBarred, /groups in a topic/],
      [mutants.groupPlacesAreNotBound, /groups in a topic/],
    ];
    findsMutants(
      breaches,
      mutants,
      (mutant, breach) => firstBreach((seed) => runPlaces(seed, mutant), { from: 1, to: 300 }, breach),
      120_000,
    );
  });
});
