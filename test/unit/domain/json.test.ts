import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, jsonDepth, jsonNumber, parseJson } from '../../../lib/domain/json.ts';

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
  });

  it('gives every number back as it was written, wherever it stands', () => {
    const digits = fc.stringMatching(/^[0-9]{1,20}$/);
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.stringMatching(/^(0|[1-9][0-9]{0,20})$/),
        fc.option(digits),
        fc.option(fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), digits)),
      )
      .map(([sign, whole, fraction, exponent]) =>
        [sign, whole, fraction === null ? '' : `.${fraction}`, ...(exponent ?? [])].join(''),
      );
    fc.assert(
      fc.property(number, (text) => {
        expect(JSON.stringify(parseJson(text))).toBe(text);
        expect(JSON.stringify(parseJson(` [1, ${text},${text}, {"a": ${text}, "b":\n${text} } ] `))).toBe(
          `[1,${text},${text},{"a":${text},"b":${text}}]`,
        );
      }),
      { examples: [['12345678901234.567'], ['1.0'], ['-0'], ['-0.0'], ['1e5'], ['1E400'], ['1e-400']] },
    );
  });

  it('tells a number that a double cannot hold from an object', () => {
    const [large, object] = parseJson('[12345678901234567890, {}]') as [unknown, unknown];
    expect([isJsonObject(large), isJsonObject(object), isJsonObject([]), isJsonObject(null)]).toEqual([
      false,
      true,
      false,
      false,
    ]);
    expect([jsonNumber(large), jsonNumber(7), jsonNumber(object), jsonNumber('7')]).toEqual([
      12345678901234567000,
      7,
      undefined,
      undefined,
    ]);
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
    expect(jsonDepth(parseJson('[12345678901234567890]'), 10)).toBe(1);
  });

  it('is not counted further than one above the limit', () => {
    const deep = JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)) as unknown;
    expect(jsonDepth(deep, 100)).toBe(101);
  });
});
