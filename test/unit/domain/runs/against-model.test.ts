import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEnd } from '../../../../lib/domain/groups/runs/ahead.ts';
import type { Range } from '../../../../lib/domain/groups/runs/hand-out.ts';
import { stuckRetryMs } from '../../../../lib/domain/groups/runs/recover.ts';
import { limits } from '../../../../lib/domain/limits.ts';
import { Both, logEnd, owners } from './both.ts';

/** What happens, and how a failure tells of it. */
type Step = (both: Both) => void;
const told =
  <Given>(name: string, step: (given: Given) => Step) =>
  (given: Given): Step =>
    Object.assign(step(given), { [fc.toStringMethod]: () => `${name} ${fc.stringify(given)}` });

const owner = fc.constantFrom(...owners);

/** Most is said of what somebody has: of a part of the run of that number. */
interface Where {
  readonly run: number | undefined;
  readonly from: number;
  readonly length: number;
}
const where: fc.Arbitrary<Where> = fc.record({
  run: fc.option(fc.nat({ max: 20 }), { nil: undefined, freq: 4 }),
  from: fc.nat({ max: 30 }),
  length: fc.integer({ min: 1, max: 12 }),
});
const rangeOf = ({ ahead: { runs, committed } }: Both, { run: at, from, length }: Where): Range => {
  if (at === undefined) return { from, to: from + length };
  const run = runs[at % Math.max(1, runs.length)];
  if (run === undefined) return { from: committed, to: committed + length };
  const first = run.start + (from % (run.end - run.start));
  return { from: first, to: Math.min(run.end, first + length) };
};

const handOutFresh = fc.record({ by: owner, length: fc.integer({ min: 1, max: 12 }) }).map(
  told('hands out new ones', ({ by, length }) => (both) => {
    const from = readEnd(both.ahead);
    both.handOut({ from, to: from + length }, by);
  }),
);
const handOutAgain = fc.record({ by: owner, at: where }).map(
  told(
    'hands out again',
    ({ by, at }) =>
      (both) =>
        both.handOut(rangeOf(both, at), by),
  ),
);

const said = fc.record({
  at: where,
  outcome: fc.constantFrom('ack', 'ack', 'nack', 'extend'),
  delayMs: fc.constantFrom(0, 500, limits.nackDelaySeconds * 1000),
});
/** Mostly whoever has the first of them says so. */
const settling = fc
  .record({ by: owner, isHolder: fc.boolean(), all: fc.array(said, { minLength: 1, maxLength: 3 }) })
  .map(
    told('settles', ({ by, isHolder, all }) => (both) => {
      const outcomes = all.map(({ at, outcome, delayMs }) => ({
        ...rangeOf(both, at),
        outcome,
        ...(outcome === 'nack' && delayMs > 0 && { delayMs }),
      }));
      const first = outcomes[0]?.from ?? 0;
      const holder = both.ahead.runs.find(({ start, end }) => start <= first && first < end)?.by;
      both.settle(outcomes, isHolder ? (holder ?? by) : by);
    }),
  );

/** By the clocks of several processes: now and then back, or off by more than anything may last. */
const passing = fc.constantFrom(0, 1, 500, 1000, 30_000, -700, 200_000, -200_000).map(
  told('ms pass:', (ms) => (both) => {
    both.now += ms;
  }),
);
const recovering = fc
  .constantFrom('', '', ...owners)
  .map(told('takes back, gone is', (gone) => (both) => both.recover(gone)));
const burying = fc.record({ at: where, retryMs: fc.constantFrom(undefined, 0, stuckRetryMs) }).map(
  told(
    'buries',
    ({ at, retryMs }) =>
      (both) =>
        retryMs === undefined ? both.bury(rangeOf(both, at)) : both.holdStuck(rangeOf(both, at), retryMs),
  ),
);
const trimming = fc
  .integer({ min: -1, max: 4 })
  .map(told('loses', (count) => (both) => both.trim(both.ahead.committed + count)));
const compacting = fc.array(fc.nat({ max: logEnd - 1 }), { maxLength: 8 }).map(
  told('compacts', (gone) => (both) => {
    for (const offset of gone) both.records.delete(offset);
  }),
);

const step = fc.oneof(
  { arbitrary: handOutFresh, weight: 5 },
  { arbitrary: handOutAgain, weight: 4 },
  { arbitrary: settling, weight: 10 },
  { arbitrary: passing, weight: 4 },
  { arbitrary: recovering, weight: 4 },
  { arbitrary: burying, weight: 2 },
  { arbitrary: compacting, weight: 1 },
  { arbitrary: trimming, weight: 1 },
);

describe('a run list', () => {
  it('says of each offset what a list of all offsets says, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(null, 1, 2, 3),
        fc.constantFrom({ records: 12, runs: 5 }, { records: 40, runs: 3 }, { records: 40, runs: 20 }),
        (steps, maxDeliveries, bounds) => {
          const both = new Both({ ackTimeoutMs: 1000, maxDeliveries }, bounds);
          for (const each of steps) {
            const { committed } = both.ahead;
            each(both);
            both.check();
            expect(both.ahead.committed).toBeGreaterThanOrEqual(committed);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});
