import fc from 'fast-check';
import { describe, it } from 'vitest';
import { LogModel, type Step } from './log-model.ts';

const time = fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined });
const where = fc.double({ min: 0, max: 1, noNaN: true });
const append: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('append'),
  times: fc.array(time, { minLength: 1, maxLength: 5 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: append },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('archive', 'compact', 'trim', 'delete'),
      where,
      seed: fc.nat(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('fetch', 'pull', 'deliver', 'find'),
      where,
      reader: fc.nat({ max: 2 }),
      most: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait') }) },
);

describe('a log, however it was archived, trimmed and compacted,', () => {
  it('is the plain list of its records, to every reader', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(append, { minLength: 4, maxLength: 12 }),
        fc.array(step, { minLength: 10, maxLength: 60 }),
        async (appends, steps) => {
          const model = new LogModel();
          for (const each of [...appends, ...steps]) await model.take(each);
        },
      ),
      { numRuns: 400, seed: 9, interruptAfterTimeLimit: 60_000 },
    );
  });
});
