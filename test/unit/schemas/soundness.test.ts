import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Check, loadAjv } from '../../../lib/schemas/ajv.ts';
import { differences } from '../../../lib/schemas/compatibility/differences.ts';
import { isObject, type SchemaObject } from '../../../lib/schemas/keywords.ts';
import { reportCircles, reportReferences } from '../../../lib/schemas/references.ts';
import { indexSchema } from '../../../lib/schemas/schema-index.ts';

const names = ['a', 'b', 'xc'];
const name = fc.constantFrom(...names);
const scalar = fc.constantFrom<unknown>(null, true, false, 0, 1, 2, 3, 1.5, -1, '', 'a', 'xb', 'abcd');
const small = fc.integer({ min: 0, max: 3 });
const typeName = fc.constantFrom('null', 'boolean', 'integer', 'number', 'string', 'object', 'array');

/** Few names and small numbers, so that values and schemas meet. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
}));

const { schema } = fc.letrec<{ schema: SchemaObject | boolean; keywords: SchemaObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 2, arbitrary: fc.record({ type: typeName }) },
    { weight: 1, arbitrary: fc.boolean() },
    { weight: 1, arbitrary: fc.record({ enum: fc.uniqueArray(scalar, { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.constant({ $ref: '#/$defs/d' }) },
    { weight: 4, arbitrary: tie('keywords') },
  ),
  keywords: fc
    .record(
      {
        type: fc.oneof(typeName, fc.uniqueArray(typeName, { minLength: 1, maxLength: 3 })),
        const: scalar,
        minimum: small,
        exclusiveMinimum: small,
        maximum: small,
        exclusiveMaximum: small,
        multipleOf: fc.constantFrom(0.5, 1, 2, 4),
        minLength: small,
        maxLength: small,
        pattern: fc.constantFrom('^x', 'b'),
        minItems: small,
        maxItems: small,
        uniqueItems: fc.boolean(),
        minProperties: small,
        maxProperties: small,
        required: fc.uniqueArray(name, { maxLength: 2 }),
        dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 1 }), { maxKeys: 1 }),
        properties: fc.dictionary(name, tie('schema'), { maxKeys: 2 }),
        patternProperties: fc.dictionary(fc.constantFrom('^x', 'b'), tie('schema'), { maxKeys: 1 }),
        additionalProperties: tie('schema'),
        unevaluatedProperties: tie('schema'),
        propertyNames: fc.constantFrom({ maxLength: 1 }, { pattern: '^x' }, false),
        dependentSchemas: fc.dictionary(name, tie('schema'), { maxKeys: 1 }),
        prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        items: tie('schema'),
        unevaluatedItems: tie('schema'),
        contains: tie('schema'),
        maxContains: small,
        allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        not: tie('schema'),
        if: tie('schema'),
        ...Object.fromEntries([['then', tie('schema')]]),
        else: tie('schema'),
      },
      { requiredKeys: [] },
    )
    .chain((all) =>
      fc
        .subarray(Object.keys(all), { maxLength: 4 })
        .map((kept) => Object.fromEntries(kept.map((key) => [key, all[key as keyof typeof all]]))),
    ) as fc.Arbitrary<SchemaObject>,
}));

const whole = fc
  .tuple(schema, schema)
  .map(([root, d]): SchemaObject => ({ ...(isObject(root) ? root : { not: { not: root } }), $defs: { d } }));

/** A schema and what is left of it when some of it is changed, so that many pairs are near to each other. */
const pair = fc.tuple(whole, whole, fc.integer(), fc.boolean()).map(([a, b, seed, isNear]) => {
  if (!isNear) return [a, b] as const;
  let random = seed;
  const mixed = (one: unknown, other: unknown): unknown => {
    random = (Math.imul(random, 1103515245) + 12345) | 0;
    const roll = (random >>> 16) % 8;
    if (!isObject(one)) return roll === 0 ? other : one;
    return Object.fromEntries(
      Object.entries(one).flatMap(([key, inner]) => {
        random = (Math.imul(random, 1103515245) + 12345) | 0;
        const lost = (random >>> 16) % 8 === 0 && key !== '$defs' && key !== 'd';
        return lost ? [] : [[key, mixed(inner, isObject(other) && key in other ? other[key] : inner)]];
      }),
    );
  };
  return [a, mixed(a, b) as SchemaObject] as const;
});

/** `SCHEMA_PAIRS=4000` compares as many. */
const runs = Number(process.env['SCHEMA_PAIRS'] ?? 150);

test('what is said to be compatible takes every value that the other takes', async () => {
  const { compile } = await loadAjv();
  let shown = 0;
  const check = (schema: SchemaObject): Check | undefined => {
    const faults: string[] = [];
    const report = (_pointer: string, message: string): void => void faults.push(message);
    const index = indexSchema(schema, report);
    reportReferences(index, report);
    reportCircles(index, report);
    return faults.length === 0 ? compile(schema) : undefined;
  };
  await fc.assert(
    fc.asyncProperty(
      pair,
      fc
        .array(value, { minLength: 60, maxLength: 60 })
        .map((all) => JSON.parse(JSON.stringify(all)) as unknown[]),
      async ([former, next], values) => {
        const [old, fresh] = [check(former), check(next)];
        if (old === undefined || fresh === undefined) return;
        const found = await differences(
          { schema: former, name: 'version 1' },
          { schema: next, name: 'the new schema' },
          'backward',
        );
        if (found.length > 0) return;
        shown += 1;
        for (const each of values)
          if (old(each) === true) expect(fresh(each), JSON.stringify(each)).toBe(true);
      },
    ),
    { numRuns: runs },
  );
  expect(shown).toBeGreaterThan(runs / 20);
}, 600_000);
