import { describe, expect, it } from 'vitest';
import { type Breaches, findsMutants } from '../finds-mutants.ts';
import { firstBreach } from '../first-breach.ts';
import { compactionMutants } from './compaction-mutants.ts';
import { archiveMutants } from './mutants.ts';
import type { ArchiveVariant } from './scene.ts';
import { runArchive } from './world.ts';

const seeds = 1_500;
/** Within this many seeds each mutant is to be found out. */
const mutantSeeds = 4_000;
const minutes = 60_000;

const breachOf = (upTo: number, variant?: ArchiveVariant, pattern?: RegExp): Promise<string | undefined> =>
  firstBreach((seed) => runArchive(seed, variant), { from: 1, to: upTo }, pattern);

describe('the archive, with archivers that compact and erase side by side, writers with old tails, retention, and crashes anywhere', () => {
  it(
    `has each readable record in a batch or in a segment, but for what may be missing, is read as it is, and leaves nothing behind, in ${seeds} worlds`,
    async () => {
      expect(await breachOf(seeds)).toBeUndefined();
    },
    2 * minutes,
  );

  it('runs the same for the same seed', async () => {
    expect(await runArchive(7)).toEqual(await runArchive(7));
  });

  it('is put to the test: much is archived, let go of, compacted and erased', async () => {
    const sum = { stored: 0, start: 0, segments: 0, superseded: 0, expired: 0, erased: 0 };
    for (let seed = 1; seed <= 100; seed += 1) {
      const result = await runArchive(seed);
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += result[name];
    }
    expect(sum.stored).toBeGreaterThan(2_000);
    expect(sum.start).toBeGreaterThan(500);
    expect(sum.segments).toBeGreaterThan(300);
    expect(sum.superseded).toBeGreaterThan(500);
    expect(sum.expired).toBeGreaterThan(10);
    expect(sum.erased).toBeGreaterThan(200);
  });
});

describe('the simulation finds out an archive that', () => {
  const lost = /is readable, and nowhere/;
  const isBack = /was gone, and is in \S+ again/;
  const leftBehind = /does not supersede|is gone, and the record at \d+ is not/;
  const notErased = /is erased, they say, and/;
  const holed = /a batch was stored at \d+, but the log ended at/;
  /** What each rule is there to prevent. */
  const breaches: Breaches<ArchiveVariant> = [
    [archiveMutants.deletesFirst, lost],
    [archiveMutants.movesFirst, lost],
    [archiveMutants.sealsRegardless, lost],
    [archiveMutants.believesARefusal, lost],
    [archiveMutants.deletesTheLast, /every batch is gone|stored at 0, but the log ended at/],
    [archiveMutants.deletesEarly, holed],
    [archiveMutants.believesOldTails, holed],
    [archiveMutants.movesTheStartLast, lost],
    [archiveMutants.clearsAtOnce, /which is not there|is readable, and nowhere/],
    [compactionMutants.replacesRegardless, isBack],
    [compactionMutants.addsRegardless, /which is not there|was gone, and is in \S+ again/],
    [compactionMutants.deletesTheFormerFirst, lost],
    [compactionMutants.goesOnRegardless, /does not supersede|is erased, they say, and/],
    [compactionMutants.keepsTheFirst, /is gone, and is the last of its key/],
    [compactionMutants.compactsWithoutKeys, /which has no key, is gone/],
    [compactionMutants.forgetsWhatIsBehind, leftBehind],
    [compactionMutants.letsTombstonesGo, /before its time/],
    [compactionMutants.believesItsClock, /before its time/],
    [compactionMutants.saysDoneFirst, notErased],
    [compactionMutants.saysDoneOfAPart, notErased],
    [compactionMutants.believesTheManifest, /was erased, and read afterwards/],
    [compactionMutants.passesOver, /passed over \d+, which is not gone/],
    [compactionMutants.readsTheFormer, /gave the wrong record/],
  ];
  /** Where worlds begin in which a rare breach comes soon: before them are a thousand and more without it. */
  const rare = new Map<ArchiveVariant, number>([
    [archiveMutants.believesARefusal, 1200],
    [compactionMutants.believesTheManifest, 2350],
    [compactionMutants.goesOnRegardless, 2480],
  ]);
  findsMutants(
    breaches,
    { ...archiveMutants, ...compactionMutants },
    (mutant, breach) => {
      const from = rare.get(mutant) ?? 1;
      return firstBreach((seed) => runArchive(seed, mutant), { from, to: from + mutantSeeds - 1 }, breach);
    },
    2 * minutes,
  );
});
