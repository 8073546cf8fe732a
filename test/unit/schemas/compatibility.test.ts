import { describe, expect, it } from 'vitest';
import { differences } from '../../../lib/schemas/compatibility/differences.ts';
import type { SchemaObject } from '../../../lib/schemas/keywords.ts';

const compare = (
  former: SchemaObject,
  next: SchemaObject,
  level: 'backward' | 'forward' | 'full' = 'backward',
) => differences({ schema: former, name: 'version 1' }, { schema: next, name: 'the new schema' }, level);

const string = { type: 'string' };
const number = { type: 'number' };
const integer = { type: 'integer' };
const object = (properties: object, more: object = {}): SchemaObject => ({
  type: 'object',
  properties,
  ...more,
});
const closed = { additionalProperties: false };
const tree = (more: object = {}): SchemaObject => ({
  $defs: {
    node: object(
      { value: string, children: { type: 'array', items: { $ref: '#/$defs/node' } }, ...more },
      closed,
    ),
  },
  $ref: '#/$defs/node',
});
const tagged = (kind: string, properties: object): SchemaObject =>
  object({ kind: { const: kind }, ...properties }, { required: ['kind'] });

/** What has the one has the other. */
const when = (name: string, other: string): SchemaObject =>
  JSON.parse(`{"if":{"required":["${name}"]},"then":{"required":["${other}"]}}`) as SchemaObject;

/** What a change of a schema is: from the first to the second, and back. */
type Change = readonly [name: string, former: SchemaObject, next: SchemaObject];

/** Those that Confluent's documentation tells of are marked with C. */
const widening: readonly Change[] = [
  [
    'C a field more in a closed object',
    object({ a: string }, closed),
    object({ a: string, b: number }, closed),
  ],
  ['C a field less in an open object', object({ a: string, b: number }), object({ a: string })],
  ['C a closed object is opened', object({ a: string }, closed), object({ a: string })],
  ['C a field is not required any more', object({ a: string }, { required: ['a'] }), object({ a: string })],
  ['C integer to number', integer, number],
  ['C a type more', string, { type: ['string', 'null'] }],
  ['C a value more in an enum', { enum: ['a'] }, { enum: ['b', 'a'] }],
  ['C a way more in oneOf', { oneOf: [string] }, { oneOf: [{ type: 'null' }, string] }],
  ['C a way more in anyOf', { anyOf: [string] }, { anyOf: [{ type: 'null' }, string] }],
  ['C a rule less in allOf', { allOf: [{ minLength: 2 }, { maxLength: 9 }] }, { allOf: [{ maxLength: 9 }] }],
  ['C a longer maxLength', { type: 'string', maxLength: 5 }, { type: 'string', maxLength: 6 }],
  ['C a lower minimum', { minimum: 5 }, { minimum: 4.5 }],
  ['C a pattern is dropped', { type: 'string', pattern: '^a' }, string],
  ['C uniqueItems is dropped', { type: 'array', uniqueItems: true }, { type: 'array' }],
  ['an enum becomes its type', { enum: ['a', 'bb'] }, { type: 'string', maxLength: 2 }],
  ['a const becomes an enum', { const: 1 }, { enum: [1, null] }],
  ['an exclusive bound becomes an inclusive one', { exclusiveMaximum: 3 }, { maximum: 3 }],
  ['a coarser step', { type: 'integer', multipleOf: 6 }, { type: 'integer', multipleOf: 3 }],
  ['items of a wider type', { type: 'array', items: integer }, { type: 'array', items: number }],
  [
    'a tuple becomes a list',
    { type: 'array', prefixItems: [integer, integer], items: false },
    { items: number },
  ],
  ['a recursive schema of wider nodes', tree(), tree({ label: string })],
  [
    'fields of a name of that pattern, wider',
    { patternProperties: { '^x': integer } },
    { patternProperties: { '^x': number } },
  ],
  [
    'a map whose values are wider',
    { additionalProperties: integer },
    { additionalProperties: { type: ['number', 'null'] } },
  ],
  [
    'a record of a tagged union more',
    { oneOf: [tagged('a', { n: number })] },
    { oneOf: [tagged('b', {}), tagged('a', { n: number })] },
  ],
  ['dependentRequired is dropped', { dependentRequired: { a: ['b'] } }, {}],
  [
    'unevaluatedProperties beside nothing is as additionalProperties',
    object({ a: string }, { unevaluatedProperties: false }),
    object({ a: string, b: string }, closed),
  ],
  [
    'what it refers to is wider',
    { $defs: { x: integer }, properties: { a: { $ref: '#/$defs/x' } } },
    { properties: { a: number } },
  ],
  ['a negation of less', { type: 'integer', not: { enum: [1, 2] } }, { type: 'integer' }],
];

/** Neither is shown to take what the other does. */
const parting: readonly Change[] = [
  ['C another type', string, number],
  ['C a field of another type', object({ a: string }), object({ a: number })],
  [
    'a field more that is required in a closed object',
    object({ a: string }, closed),
    object({ a: string, b: string }, { required: ['b'], ...closed }),
  ],
  ['another format', { type: 'string', format: 'date' }, { type: 'string', format: 'time' }],
  ['another pattern', { type: 'string', pattern: 'a' }, { type: 'string', pattern: 'b' }],
  ['other conditions', when('a', 'b'), when('a', 'c')],
  [
    'unevaluatedProperties over other ways',
    { anyOf: [object({ a: string }), object({ b: string })], unevaluatedProperties: false },
    { anyOf: [object({ a: string })], properties: { c: string }, unevaluatedProperties: false },
  ],
];

/** Both take the same. */
const alike: readonly Change[] = [
  ['the same', tree(), tree()],
  [
    'other titles and notes',
    { title: 'a', type: 'string', 'x-owner': 1 },
    { type: 'string', description: 'b', default: 'c' },
  ],
  ['another order of what is required', { required: ['a', 'b'] }, { required: ['b', 'a'] }],
  [
    '$defs under another name',
    { $defs: { x: string }, $ref: '#/$defs/x' },
    { definitions: { y: string }, $ref: '#/definitions/y' },
  ],
  ['a list of types as ways', { type: ['string', 'null'] }, { anyOf: [{ type: 'null' }, string] }],
  ['all booleans', { type: 'boolean' }, { enum: [true, false] }],
  [
    'conditions as they were beside a field',
    { ...when('a', 'b'), title: 'x' },
    Object.fromEntries(Object.entries(when('a', 'b')).reverse()),
  ],
  [
    'one way or the other, told apart by what they require',
    { oneOf: [tagged('a', {}), tagged('b', {})] },
    { anyOf: [tagged('b', {}), tagged('a', {})] },
  ],
];

describe('a change of a schema', () => {
  it.each(widening)('is backward compatible and not forward: %s', async (_name, former, next) => {
    expect(await compare(former, next)).toEqual([]);
    expect(await compare(former, next, 'forward')).not.toEqual([]);
    expect(await compare(next, former, 'forward')).toEqual([]);
    expect(await compare(next, former)).not.toEqual([]);
    expect(await compare(former, next, 'full')).not.toEqual([]);
  });

  it.each(parting)('is neither: %s', async (_name, former, next) => {
    expect(await compare(former, next)).not.toEqual([]);
    expect(await compare(former, next, 'forward')).not.toEqual([]);
  });

  it.each(alike)('is both: %s', async (_name, former, next) => {
    expect(await compare(former, next, 'full')).toEqual([]);
  });

  it.each([
    [
      'C a field more in an open object: what was written there may be anything',
      object({ a: string }),
      object({ a: string, b: number }),
    ],
    ['C a field that is required now', object({ a: string }), object({ a: string }, { required: ['a'] })],
    [
      'C a field less in a closed object',
      object({ a: string, b: number }, closed),
      object({ a: string }, closed),
    ],
  ])('is refused: %s', async (_name, former, next) => {
    expect(await compare(former, next)).not.toEqual([]);
  });

  it('is refused where a way more in oneOf takes what another takes too: then neither is the only one', async () => {
    expect(await compare({ oneOf: [integer] }, { oneOf: [integer, number] })).not.toEqual([]);
    expect(await compare({ oneOf: [integer] }, { oneOf: [integer, string] })).toEqual([]);
  });

  it('C of a half-open object takes a field more of the type that all others have', async () => {
    const half = { additionalProperties: string };
    expect(await compare(object({ a: number }, half), object({ a: number, b: string }, half))).toEqual([]);
    expect(await compare(object({ a: number }, half), object({ a: number, b: number }, half))).not.toEqual(
      [],
    );
  });

  it('is told by where in a value it is, and what the one allows and the other does not', async () => {
    const address = (more: object): SchemaObject => object({ address: object({ zip: string }, more) });
    expect(await compare(address({}), address({ required: ['zip'] }))).toEqual([
      { path: 'value/address', message: 'Version 1 allows "zip" to be left out, the new schema does not.' },
    ]);
    const list = (items: object): SchemaObject => object({ 'a/b': { type: 'array', items } });
    expect(await compare(list(number), list(integer))).toEqual([
      { path: 'value/a~1b/*', message: 'Version 1 allows a fraction, the new schema does not.' },
    ]);
    expect(await compare(object({ a: string }, closed), object({ a: string }), 'forward')).toEqual([
      { path: 'value', message: 'The new schema allows fields of other names, version 1 does not.' },
    ]);
    expect(await compare(object({ a: { enum: ['x', 'y'] } }), object({ a: { enum: ['x'] } }))).toEqual([
      { path: 'value/a', message: 'Version 1 allows "y", the new schema does not.' },
    ]);
    expect(await compare(object({ a: string }), object({ a: { type: 'string', pattern: '^x' } }))).toEqual([
      {
        path: 'value/a',
        message:
          'The new schema has "pattern" otherwise than version 1: whether it allows as much cannot be told.',
      },
    ]);
  });

  it('is given up where schemas have more ways to fit than can be gone through', async () => {
    const ways = (count: number): SchemaObject => ({
      allOf: Array.from({ length: count }, (_, index) => ({
        anyOf: [{ required: [`a${index}`] }, { required: [`b${index}`] }, { required: [`c${index}`] }],
      })),
    });
    const found = await compare({ ...ways(20), type: 'object' }, { allOf: [{ minProperties: 99 }] });
    expect(found.length).toBeGreaterThan(0);
  });
});
