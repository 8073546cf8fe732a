import { dropOldest } from '../../domain/drop-oldest.ts';
import { limits } from '../../domain/limits.ts';
import type { Expressions, Judgement, Shaped } from '../expressions.ts';
import { judgementOf, shapedOf } from './answers.ts';
import type { Job } from './evaluator.ts';
import { ExpressionProcess } from './process.ts';
import type { Mark } from './program.ts';

/** An expression that has kept its process for longer than this and a millisecond a record has others wait no more. */
const slowMs = 250;
const maxSlow = 1000;

const lethal = `!ended It took more than ${limits.expressionHeapMb} MB of memory (limit expressionHeapMb), or could not be ended in time.`;
const late = `!overtime Its message took longer than ${limits.expressionsMs} ms (limit expressionsMs).`;

/**
 * Expressions in processes of their own: neither their time nor their memory is this one's. One process is for expressions that
 * are quick, and one for those that once were not. A process is started when something is asked of it.
 */
export class ProcessExpressions implements Expressions {
  readonly #quick = new ExpressionProcess();
  readonly #slow = new ExpressionProcess();
  readonly #slowOnes = new Map<string, true>();

  async judge(filter: string, records: readonly string[]): Promise<readonly Judgement[]> {
    return (await this.#evaluate({ purpose: 'judge', expression: filter, records })).map(judgementOf);
  }

  async shape(transform: string, records: readonly string[]): Promise<readonly Shaped[]> {
    return (await this.#evaluate({ purpose: 'shape', expression: transform, records })).map(shapedOf);
  }

  /** Ends the processes. */
  async stop(): Promise<void> {
    await Promise.all([this.#quick.stop(), this.#slow.stop()]);
  }

  async #evaluate(job: Job): Promise<readonly Mark[]> {
    if (job.records.length === 0) return [];
    const isSlow = this.#slowOnes.has(job.expression);
    const { marks, ms } = await (isSlow ? this.#slow : this.#quick).evaluate(job);
    if (!isSlow && (marks === undefined || ms > slowMs + job.records.length)) this.#noteSlow(job.expression);
    return marks ?? this.#oneByOne(job);
  }

  /** Which of the records ends the process is found by asking for each alone. */
  async #oneByOne({ records, ...job }: Job): Promise<readonly Mark[]> {
    const until = performance.now() + limits.expressionsMs;
    const marks: Mark[] = [];
    for (const record of records) {
      const isLate = performance.now() >= until;
      const alone = isLate ? undefined : await this.#slow.evaluate({ ...job, records: [record] });
      marks.push(isLate ? late : (alone?.marks?.[0] ?? lethal));
    }
    return marks;
  }

  #noteSlow(expression: string): void {
    this.#slowOnes.set(expression, true);
    dropOldest(this.#slowOnes, maxSlow);
  }
}
