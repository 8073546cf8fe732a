import { afterAll, describe, expect, it } from 'vitest';
import { ProcessExpressions } from '../../lib/stores/expressions/expressions.ts';
import { memoryExpressions } from '../../lib/stores/memory/expressions.ts';
import { describeExpressions } from './suites/expressions.ts';

describe('in memory', () => {
  const expressions = memoryExpressions();
  describeExpressions(() => expressions, false);
});

describe('in processes', () => {
  const expressions = new ProcessExpressions();
  afterAll(() => expressions.stop());
  describeExpressions(() => expressions, true);

  it('are not evaluated any more once they are stopped', async () => {
    const stopped = new ProcessExpressions();
    expect(await stopped.judge('true', ['{}'])).toHaveLength(1);
    await stopped.stop();
    await expect(stopped.judge('true', ['{}'])).rejects.toThrow();
  });
});
