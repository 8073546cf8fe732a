import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import type { Expressions } from '../../../lib/stores/expressions.ts';

const matched = { kind: 'judged', matches: true };
const skipped = { kind: 'judged', matches: false };
const failed = {
  kind: 'failed',
  code: expect.stringMatching(/^[\w-]+$/) as string,
  reason: expect.stringMatching(/./) as string,
};

const order = { key: 'c1', headers: { source: 'shop' }, value: { type: 'order', amount: 120 } };

type Comparison = {
  readonly of: 'equals' | 'less' | 'exists';
  readonly field: string;
  readonly number: number;
};
type Both = { readonly of: 'and' | 'or'; readonly tests: readonly [Test, Test] };
type Test = Comparison | Both | { readonly of: 'not'; readonly test: Test };

const fields = ['a', 'b', 'c'];
const { test } = fc.letrec<{ test: Test }>((tie) => ({
  test: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({
      of: fc.constantFrom('equals' as const, 'less' as const, 'exists' as const),
      field: fc.constantFrom(...fields),
      number: fc.integer({ min: 0, max: 3 }),
    }),
    fc.record({
      of: fc.constantFrom('and' as const, 'or' as const),
      tests: fc.tuple(tie('test'), tie('test')),
    }),
    fc.record({ of: fc.constant('not' as const), test: tie('test') }),
  ),
}));

const textOf = (test: Test): string => {
  if ('test' in test) return `$not(${textOf(test.test)})`;
  if ('tests' in test) return `(${test.tests.map(textOf).join(` ${test.of} `)})`;
  if (test.of === 'exists') return `$exists(value.${test.field})`;
  return `(value.${test.field} ${test.of === 'equals' ? '=' : '<'} ${test.number})`;
};

/** Undefined where less is asked of a field that is missing: that is nothing, and so is its negation. */
const holds = (test: Test, value: Readonly<Record<string, number>>): boolean | undefined => {
  if ('test' in test) {
    const held = holds(test.test, value);
    return held === undefined ? undefined : !held;
  }
  if ('tests' in test)
    return test.of === 'and'
      ? test.tests.every((each) => holds(each, value))
      : test.tests.some((each) => holds(each, value));
  const found = value[test.field];
  if (test.of === 'exists') return found !== undefined;
  if (test.of === 'equals') return found === test.number;
  return found === undefined ? undefined : found < test.number;
};

const values = fc.array(fc.dictionary(fc.constantFrom(...fields), fc.integer({ min: 0, max: 3 })), {
  minLength: 1,
  maxLength: 20,
});

/** What takes more than its share, on the records whose value says so; all others match. */
const greedy: Readonly<Record<string, string>> = {
  'a function that calls itself for ever': '($f := function($x) { $f($x) }; $f(1))',
  'a regular expression that goes back and forth': `$match("${'a'.repeat(40)}!", /^(a+)+$/)`,
  'more and more nested ranges': '$sum([1..10000].([1..10000]))',
  'a range of ten million': '$sum([1..10000000])',
  'a recursion without an end': '($f := function($x) { 1 + $f($x) }; $f(1))',
};

const describeOutcomes = (open: () => Expressions): void => {
  const judge = async (filter: string, ...records: readonly object[]) =>
    open().judge(
      filter,
      records.map((record) => JSON.stringify(record)),
    );

  it('judge headers, key and paths of the value', async () => {
    expect(await judge('headers.source = "shop" and key = "c1" and value.amount > 100', order)).toEqual([
      matched,
    ]);
    expect(await judge('value.amount > 120', order)).toEqual([skipped]);
    expect(await judge('value.nothing.of.it = 1', order)).toEqual([skipped]);
  });

  it('judge each record by itself, in their order', async () => {
    const records = [1, 2, 3, 4].map((number) => ({ value: { number } }));
    expect(await judge('value.number % 2 = 0', ...records)).toEqual([skipped, matched, skipped, matched]);
  });

  it('agree with a plain reading of comparisons, whatever is put together of them', async () => {
    await fc.assert(
      fc.asyncProperty(test, values, async (filter, all) => {
        const records = all.map((value) => ({ value }));
        const expected = all.map((value) => (holds(filter, value) === true ? matched : skipped));
        expect(await judge(textOf(filter), ...records)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it('cannot tell of a record that does not fit, and say why', async () => {
    expect(await judge('value.type > 3', order, { value: { type: 4 } })).toEqual([
      { ...failed, code: 'T2009', reason: expect.stringMatching(/"order" and 3/) as string },
      matched,
    ]);
  });

  it('give what a transform makes', async () => {
    const [given] = await open().shape('{"id": key, "cents": value.amount * 100}', [JSON.stringify(order)]);
    expect(given).toEqual({ kind: 'shaped', json: '{"id":"c1","cents":12000}' });
  });

  it('fail where a transform gives nothing, or too much', async () => {
    const shape = (transform: string) => open().shape(transform, [JSON.stringify(order)]);
    expect(await shape('value.nothing')).toEqual([{ ...failed, reason: 'It gave nothing.' }]);
    expect(await shape(`$pad("x", ${limits.recordBytes + 1})`)).toEqual([failed]);
  });

  it.each(['$now()', '$millis()', '$random()', '$eval("1")', '($a := $shuffle; $a([1, 2]))'])(
    'know no %s, whatever was stored',
    async (transform) => {
      expect(await open().shape(transform, ['{}'])).toEqual([failed]);
    },
  );

  it.each([
    '$process',
    '$require',
    '$globalThis',
    'value.constructor',
    '$sum.constructor',
    'value.__proto__',
  ])('find nothing of the process by %s', async (filter) => {
    expect(await judge(`$exists(${filter})`, order)).toEqual([skipped]);
  });

  it('leave other records alone, whatever prototype a transform writes to', async () => {
    const polluting = 'value ~> |$|{"__proto__": {"polluted": true}}|';
    await open().shape(polluting, [JSON.stringify(order)]);
    expect(await judge('$exists(polluted) or $exists(value.polluted)', order)).toEqual([skipped]);
    expect('polluted' in {}).toBe(false);
  });
};

/** @param endsMemory whether it bounds memory too. */
export const describeExpressions = (open: () => Expressions, endsMemory: boolean): void => {
  describe('expressions', () => {
    describeOutcomes(open);

    it.each(Object.entries(greedy))('end %s, and go on with the next record', async (_what, expression) => {
      const records = [1, 2, 3].map((number) => JSON.stringify({ value: { number } }));
      const filter = `value.number = 2 ? ${expression} : true`;
      expect(await open().judge(filter, records)).toEqual([matched, failed, matched]);
    });

    it('end a message that takes long in all, and none of its records is without a word', async () => {
      const records = Array.from({ length: 30 }, () => '{}');
      const answers = await open().judge(
        greedy['a regular expression that goes back and forth'] ?? '',
        records,
      );
      expect(answers).toEqual(records.map(() => failed));
    });

    if (endsMemory)
      it('end an expression that takes all memory, and nothing else', async () => {
        const doubling = '$uppercase($reduce([1..25], function($a, $b) { $a & $a }, "xx"))';
        const records = [1, 2, 3].map((number) => JSON.stringify({ value: { number } }));
        expect(await open().judge(`value.number = 2 ? ${doubling} : true`, records)).toEqual([
          matched,
          failed,
          matched,
        ]);
        expect(await open().judge('true', ['{}'])).toEqual([matched]);
      });
  });
};
