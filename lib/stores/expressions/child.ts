/**
 * What evaluates expressions, a process of its own (`process.ts`): where an expression takes all memory, this is what ends. It
 * answers one message at a time, and ends when nobody can send it any more.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Evaluator, type Job } from './evaluator.ts';

const require = createRequire(import.meta.url);
const evaluator = new Evaluator(readFileSync(require.resolve('jsonata/jsonata.js'), 'utf8'));

process.on('message', (job: Job) => {
  process.send?.(evaluator.evaluate(job));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
