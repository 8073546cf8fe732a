import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/domain/errors.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { produceRequestSchema } from '../../../lib/http/schemas/produce-request.ts';
import { parseProduceRequest } from '../../../lib/http/schemas/records.ts';

const fits = new Ajv2020({ strict: false, validateFormats: false }).compile(produceRequestSchema);

/** What the parser says against a request; undefined where it takes it. */
const refusal = (request: unknown): Problem | undefined => {
  try {
    parseProduceRequest(Buffer.from(JSON.stringify(request)));
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
};

/** Values that a field may have, and others that look like them. */
const plainText = fc.string({ maxLength: 20 });
const withControl = fc.tuple(plainText, fc.constantFrom('\u0000', '\n', '\u001f', '\u007f'), plainText);
const someText = fc.oneof(
  { weight: 4, arbitrary: plainText },
  withControl.map((parts) => parts.join('')),
);
const base64 = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const nearlyBase64 = fc.oneof(
  base64,
  base64.map((text) => text.replace('=', '')),
  base64.map((text) => `${text}=`),
  base64.map((text) => text.replace(/[AQgw](==)$/, 'B$1')),
  base64.map((text) => text.replace(/[A-Za-z0-9+/](=)$/, 'B$1')),
  base64.map((text) => text.replace('+', '-').replace('/', '_')),
  fc.constantFrom('AAA', 'AA=A', '====', 'A===', 'AA\n', ' AA==', 'AAA='),
);
const number = fc.constantFrom(0, -0, 1, 7, 1023, 2 ** 53 - 1, 2 ** 53, -1, 0.5, 1e300);
const time = fc.oneof(
  fc
    .date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc.constantFrom(
    '2024-05-01T12:00Z',
    '2024-05-01T12:00:00+02:00',
    '2024-05-01T12:00:00.123456789-11:30',
    '2024-05-01T12:00:00',
    '2024-05-01 12:00:00Z',
    '2024-05-01',
    '2024-05-01T12:00:00.1234567891Z',
    '24-05-01T12:00:00Z',
    'now',
    '',
  ),
);
const odd = fc.constantFrom(null, true, 1, '1', [], {}, [null], { a: 1 });
const orOdd = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: odd });

const headers = fc.dictionary(someText, orOdd(someText), { maxKeys: 4 });
const record = fc.record(
  {
    key: orOdd(fc.string({ maxLength: 20 })),
    value: fc.jsonValue({ maxDepth: 2 }),
    valueBase64: orOdd(nearlyBase64),
    headers: orOdd(headers),
    partition: orOdd(number),
    timestamp: orOdd(time),
    colour: plainText,
  },
  { requiredKeys: [] },
);
/** Half of them with nothing but what a record has, so that not nearly all are refused. */
const plainRecord = fc.record(
  {
    value: fc.jsonValue({ maxDepth: 2 }),
    key: plainText,
    headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 9 }), plainText, { maxKeys: 3 }),
    partition: fc.nat(),
  },
  { requiredKeys: ['value'] },
);
const request = fc.record(
  {
    records: orOdd(fc.array(fc.oneof(record, plainRecord), { maxLength: 3 })),
    expectedOffset: orOdd(number),
    wait: fc.boolean(),
  },
  { requiredKeys: ['records'] },
);
/** A record with which nothing is wrong but, perhaps, one field: with several faults it would not matter which is seen. */
const oneField: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  key: orOdd(someText),
  headers: orOdd(headers),
  partition: orOdd(number),
  timestamp: orOdd(time),
  valueBase64: orOdd(nearlyBase64),
};
const nearlyPlain = fc.oneof(
  ...Object.entries(oneField).map(([field, values]) =>
    fc.tuple(plainRecord, values, fc.boolean()).map(([{ value, ...rest }, given, hasValue]) => ({
      ...rest,
      ...((field !== 'valueBase64' || hasValue) && { value }),
      [field]: given,
    })),
  ),
);
const plainRequest = fc.record({ records: fc.tuple(nearlyPlain) });

describe('the schema of a produce request and the parser', () => {
  it('take the same requests, of all that are nearly one', () => {
    const taken = { by: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.oneof({ weight: 1, arbitrary: request }, { weight: 3, arbitrary: plainRequest }),
        (given) => {
          const told = JSON.parse(JSON.stringify(given)) as unknown;
          const said = refusal(told);
          taken[said === undefined ? 'by' : 'refused'] += 1;
          expect({ fits: fits(told), said: said?.details.errors }).toMatchObject({
            fits: said === undefined,
          });
        },
      ),
      { numRuns: 5000 },
    );
    // Neither is rare, or nothing much would be compared.
    expect(Math.min(taken.by, taken.refused)).toBeGreaterThan(1000);
  });

  it('take the same of whatever JSON there is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.record({ records: fc.jsonValue() })), (given) => {
        expect(fits(given)).toBe(refusal(given) === undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuse alike what is longer than they can both say', () => {
    const value = 1;
    const many = (count: number) => ({ records: Array.from({ length: count }, () => ({ value })) });
    const manyHeaders = (count: number) => ({
      records: [
        { value, headers: Object.fromEntries(Array.from({ length: count }, (_, at) => [`h${at}`, ''])) },
      ],
    });
    const longKey = (length: number) => ({ records: [{ value, key: 'k'.repeat(length) }] });
    for (const [make, most] of [
      [many, limits.requestRecords],
      [manyHeaders, limits.recordHeaders],
      [longKey, limits.recordKeyBytes],
    ] as const)
      for (const [size, isFine] of [
        [most, true],
        [most + 1, false],
      ] as const) {
        expect(fits(make(size))).toBe(isFine);
        expect(refusal(make(size)) === undefined).toBe(isFine);
      }
  });

  it('differ where a schema cannot say it: bytes, days that no month has, halves of surrogate pairs, depth', () => {
    const deep = (levels: number): unknown => (levels === 0 ? 0 : [deep(levels - 1)]);
    for (const differing of [
      { value: 1, key: 'ä'.repeat(limits.recordKeyBytes) },
      { value: 'x'.repeat(limits.recordBytes) },
      { value: 1, headers: { h: 'x'.repeat(limits.recordHeadersBytes) } },
      { value: 1, timestamp: '2024-02-30T00:00:00Z' },
      { value: '\ud800' },
      { value: deep(limits.jsonDepth + 1) },
    ]) {
      expect(fits({ records: [differing] })).toBe(true);
      expect(refusal({ records: [differing] })).toBeInstanceOf(Problem);
    }
  });
});
