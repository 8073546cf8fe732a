import type { Expressions } from '../../../lib/stores/expressions.ts';

const fails = (offset: number): boolean => offset % 7 === 2;

/** Whether the simulated filter leaves out the record: some of a third of them it cannot tell of. */
export const leavesOut = (offset: number): boolean => offset % 3 === 1 && !fails(offset);

/** The simulated filter, of records whose value is their offset. What evaluates real ones has tests of its own. */
export const simulatedExpressions: Expressions = {
  judge: async (_filter, records) =>
    records.map((record) => {
      const { value } = JSON.parse(record) as { value: number };
      if (fails(value)) return { kind: 'failed', code: 'T2010', reason: 'It cannot be told.' };
      return { kind: 'judged', matches: !leavesOut(value) };
    }),
  shape: () => Promise.reject(new Error('There is no transform here.')),
};
