import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ranges } from '../../../../lib/http/lines/ranges.ts';

describe('ranges of lines', () => {
  test.each([
    [[], ''],
    [[7], '7'],
    [[1, 2, 3], '1-3'],
    [[1, 3, 4, 9], '1,3-4,9'],
  ])('%j are written %j', (numbers, text) => {
    expect(ranges(numbers)).toBe(text);
  });

  test('say every number and no other', () => {
    const numbersOf = (text: string): number[] =>
      text.split(',').flatMap((part) => {
        const [from = 0, to = from] = part.split('-').map(Number);
        return Array.from({ length: to - from + 1 }, (_, step) => from + step);
      });
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 200 }), { minLength: 1 }), (found) => {
        const numbers = found.toSorted((a, b) => a - b);
        expect(numbersOf(ranges(numbers))).toEqual(numbers);
      }),
    );
  });
});
