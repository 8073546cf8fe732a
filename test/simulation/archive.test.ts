import { describe, expect, it } from 'vitest';
import { archiveMutants } from './archive-mutants.ts';
import { type ArchiveVariant, runArchive } from './archive-world.ts';
import { firstBreach } from './first-breach.ts';

const seeds = 2_000;
/** Within this many seeds each mutant is to be found out. */
const mutantSeeds = 4_000;
const minutes = 60_000;

const breachOf = (upTo: number, variant?: ArchiveVariant, pattern?: RegExp): Promise<string | undefined> =>
  firstBreach((seed) => runArchive(seed, variant), { from: 1, to: upTo }, pattern);

describe('the archive, with archivers side by side, writers with old tails, retention, and crashes anywhere', () => {
  it(
    `has each readable record in a batch or in a segment, leaves nothing behind, and keeps what is to be kept, in ${seeds} worlds`,
    async () => {
      expect(await breachOf(seeds)).toBeUndefined();
    },
    2 * minutes,
  );

  it('runs the same for the same seed', async () => {
    expect(await runArchive(7)).toEqual(await runArchive(7));
  });

  it('is put to the test: much is archived, and much is let go of', async () => {
    const sum = { stored: 0, start: 0, segments: 0 };
    for (let seed = 1; seed <= 100; seed += 1) {
      const { stored, start, segments } = await runArchive(seed);
      sum.stored += stored;
      sum.start += start;
      sum.segments += segments;
    }
    expect(sum.stored).toBeGreaterThan(2_000);
    expect(sum.start).toBeGreaterThan(1_000);
    expect(sum.segments).toBeGreaterThan(150);
  });
});

describe('the simulation finds out an archive that', () => {
  const lost = /is readable, and nowhere/;
  const holed = /a batch was stored at \d+, but the log ended at/;
  /** What each rule is there to prevent. */
  const breaches: readonly (readonly [ArchiveVariant, RegExp])[] = [
    [archiveMutants.deletesFirst, lost],
    [archiveMutants.movesFirst, lost],
    [archiveMutants.sealsRegardless, lost],
    [archiveMutants.believesARefusal, lost],
    [archiveMutants.deletesTheLast, /every batch is gone|stored at 0, but the log ended at/],
    [archiveMutants.deletesEarly, holed],
    [archiveMutants.believesOldTails, holed],
    [archiveMutants.movesTheStartLast, lost],
    [archiveMutants.clearsAtOnce, /which is not there|is readable, and nowhere/],
  ];
  it.each(breaches.map(([mutant, breach]) => ({ name: mutant.name, mutant, breach })))(
    '$name',
    async ({ mutant, breach }) => {
      expect(await breachOf(mutantSeeds, mutant, breach)).toMatch(breach);
    },
    2 * minutes,
  );

  it('with each of its rules left out in turn', () => {
    expect(breaches.map(([{ name }]) => name)).toEqual(Object.values(archiveMutants).map(({ name }) => name));
  });
});
