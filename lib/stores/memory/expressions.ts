import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { judgementOf, shapedOf } from '../expressions/answers.ts';
import { Evaluator, type Job } from '../expressions/evaluator.ts';
import type { Expressions } from '../expressions.ts';

const require = createRequire(import.meta.url);

/** Expressions in this process: bounded in time, not in memory. */
export const memoryExpressions = (): Expressions => {
  let made: Evaluator | undefined;
  const evaluate = (job: Job) => {
    made ??= new Evaluator(readFileSync(require.resolve('jsonata/jsonata.js'), 'utf8'));
    return made.evaluate(job);
  };
  return {
    judge: async (expression, records) =>
      evaluate({ purpose: 'judge', expression, records }).map(judgementOf),
    shape: async (expression, records) => evaluate({ purpose: 'shape', expression, records }).map(shapedOf),
  };
};
