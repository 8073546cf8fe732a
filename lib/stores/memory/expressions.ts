import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { judgementOf, shapedOf } from '../expressions/answers.ts';
import { Evaluator } from '../expressions/evaluator.ts';
import type { Expressions } from '../expressions.ts';

/** Expressions in this process: bounded in time, not in memory. */
export const memoryExpressions = (): Expressions => {
  const library = createRequire(import.meta.url).resolve('jsonata/jsonata.js');
  const evaluator = new Evaluator(readFileSync(library, 'utf8'));
  return {
    judge: async (expression, records) =>
      evaluator.evaluate({ purpose: 'judge', expression, records }).map(judgementOf),
    shape: async (expression, records) =>
      evaluator.evaluate({ purpose: 'shape', expression, records }).map(shapedOf),
  };
};
