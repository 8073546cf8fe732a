/** A schema, or a part of one that is a schema itself. */
export type Schema = boolean | SchemaObject;
export type SchemaObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is SchemaObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isSchema = (value: unknown): value is Schema => typeof value === 'boolean' || isObject(value);

/** Keywords of JSON Schema 2020-12 by what is in them: one schema, a list of schemas, or schemas by name. */
const holdingOne = [
  'additionalProperties',
  'propertyNames',
  'unevaluatedProperties',
  'items',
  'contains',
  'unevaluatedItems',
  'not',
  'if',
  'then',
  'else',
] as const;
const holdingMany = ['allOf', 'anyOf', 'oneOf', 'prefixItems'] as const;
const holdingNamed = ['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'] as const;

/** Those that say nothing of what a value may be. */
const annotations = [
  '$schema',
  '$id',
  '$anchor',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
] as const;

const assertions = [
  '$ref',
  'type',
  'enum',
  'const',
  'multipleOf',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minContains',
  'maxContains',
  'minProperties',
  'maxProperties',
  'required',
  'dependentRequired',
] as const;

const known: ReadonlySet<string> = new Set([
  ...holdingOne,
  ...holdingMany,
  ...holdingNamed,
  ...annotations,
  ...assertions,
]);

/** Names that programs give what they note for themselves: `x-…`, and names with a dot, as `connect.index`. */
const isVendors = (keyword: string): boolean => keyword.startsWith('x-') || keyword.includes('.');

const silent: ReadonlySet<string> = new Set([...annotations, '$defs', 'definitions']);

/** Whether a keyword has no say in what a value may be. */
export const isSilent = (keyword: string): boolean => silent.has(keyword) || isVendors(keyword);

/** What to write in the place of a keyword of another draft or another language. */
const instead: Readonly<Record<string, string>> = {
  nullable: 'Give "null" as one of the types.',
  dependencies: 'Use "dependentRequired" or "dependentSchemas".',
  additionalItems: 'Use "items" after "prefixItems".',
  id: 'Use "$id".',
  discriminator: 'Use "oneOf", with a "const" in each.',
  example: 'Use "examples".',
  $async: 'Records are checked at once.',
  $dynamicRef: 'Use "$ref".',
  $dynamicAnchor: 'Use "$anchor".',
  $recursiveRef: 'Use "$ref".',
  $vocabulary: 'Leave it out.',
};

/** Why a keyword cannot be used; undefined when it can. */
export const keywordFault = (keyword: string): string | undefined => {
  if (known.has(keyword) || isVendors(keyword)) return undefined;
  const advice = Object.hasOwn(instead, keyword) ? instead[keyword] : 'A note of your own begins with "x-".';
  return `Unknown keyword. ${advice}`;
};

/** A part of a JSON Pointer (RFC 6901). */
export const pointerPart = (name: string | number): string =>
  `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The schemas right inside one: where each is, from it on, and under which keyword. */
export function* schemasIn(schema: SchemaObject): Generator<{ at: string; keyword: string; inner: unknown }> {
  for (const keyword of holdingOne)
    if (Object.hasOwn(schema, keyword)) yield { at: `/${keyword}`, keyword, inner: schema[keyword] };
  for (const keyword of [...holdingMany, ...holdingNamed]) {
    const held = Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;
    if (typeof held !== 'object' || held === null) continue;
    for (const [name, inner] of Object.entries(held))
      yield { at: `/${keyword}${pointerPart(name)}`, keyword, inner };
  }
}

/** Keywords whose schemas are for the value itself, and not for what is in it. */
export const inPlace: ReadonlySet<string> = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'dependentSchemas',
]);
