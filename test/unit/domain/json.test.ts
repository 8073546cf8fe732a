import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonDepth, parseJson } from '../../../lib/domain/json.ts';

describe('parsing JSON', () => {
  it('gives what JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('gives every number back with its digits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (digits) => {
        const text = `[{"id":${digits}}]`;
        expect(JSON.stringify(parseJson(text))).toBe(text);
      }),
    );
    for (const text of ['0.10', '1e-400', '123456789.123456789', '1E400', '0.30000000000000004'])
      expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  it('leaves numbers that a double holds as numbers', () => {
    expect(parseJson('{"big":9007199254740993,"small":1}')).toMatchObject({ small: 1 });
  });

  it('throws a SyntaxError for what is not JSON', () => {
    expect(() => parseJson('{"id":90071992547409931,}')).toThrow(SyntaxError);
    expect(() => parseJson('{')).toThrow(SyntaxError);
  });
});

describe('the depth of a value', () => {
  it('is how many levels of arrays and objects it has', () => {
    expect(jsonDepth('text', 10)).toBe(0);
    expect(jsonDepth([], 10)).toBe(1);
    expect(jsonDepth({ a: [{ b: 1 }], c: 2 }, 10)).toBe(3);
  });

  it('is not counted further than one above the limit', () => {
    const deep = JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)) as unknown;
    expect(jsonDepth(deep, 100)).toBe(101);
  });
});
