import { expect, it } from 'vitest';

interface Named {
  readonly name: string;
}

/** What each rule is there to prevent: a mutant that leaves it out, and the breach that has to come of that. */
export type Breaches<Mutant extends Named> = readonly (readonly [Mutant, RegExp])[];

/**
 * Tests, in the `describe` in which this is called, that each mutant is found out by its breach, and that none is left out.
 * @param all every mutant there is, by what it is called in the code.
 * @param breachOf the first breach of this kind that a mutant leads to; undefined where none is found.
 */
export const findsMutants = <Mutant extends Named>(
  breaches: Breaches<Mutant>,
  all: Readonly<Record<string, Named>>,
  breachOf: (mutant: Mutant, breach: RegExp) => Promise<string | undefined>,
  timeoutMs: number,
): void => {
  it.each(breaches.map(([mutant, breach]) => ({ name: mutant.name, mutant, breach })))(
    '$name',
    async ({ mutant, breach }) => {
      expect(await breachOf(mutant, breach)).toMatch(breach);
    },
    timeoutMs,
  );

  it('with each of its rules left out in turn', () => {
    expect(breaches.map(([{ name }]) => name)).toEqual(Object.values(all).map(({ name }) => name));
  });
};
