import type { JsonSchema } from './json-schemas.ts';

/**
 * What is said of fields, by their paths, as `backoff.maxSeconds`; the empty path is the schema itself. A text is a
 * description; more is put into the field's schema as it is.
 */
export type FieldTexts = Readonly<Record<string, string | JsonSchema>>;

type Fields = Readonly<Record<string, JsonSchema>>;

const fieldsOf = (schema: JsonSchema): Fields => (schema['properties'] ?? {}) as Fields;

const pathsOf = (schema: JsonSchema, above = ''): string[] =>
  Object.entries(fieldsOf(schema)).flatMap(([name, field]) => [
    `${above}${name}`,
    ...pathsOf(field, `${above}${name}.`),
  ]);

const added = (schema: JsonSchema, texts: FieldTexts, path: string): JsonSchema => {
  const text = texts[path] ?? {};
  const own = typeof text === 'string' ? { description: text } : text;
  const fields = Object.entries(fieldsOf(schema));
  const inside = path === '' ? '' : `${path}.`;
  const properties = fields.map(([name, field]) => [name, added(field, texts, `${inside}${name}`)]);
  return { ...schema, ...own, ...(fields.length > 0 && { properties: Object.fromEntries(properties) }) };
};

/**
 * `schema` with a text for every field.
 * @throws Error where a field has none, or one is for no field: schema and text have to be changed together.
 */
export const withTexts = (name: string, schema: JsonSchema, texts: FieldTexts): JsonSchema => {
  const paths = pathsOf(schema);
  const missing = paths.filter((path) => !Object.hasOwn(texts, path));
  const needless = Object.keys(texts).filter((path) => path !== '' && !paths.includes(path));
  if (missing.length > 0 || needless.length > 0)
    throw new Error(
      `The texts of ${name} (lib/http/description/schemas.ts) are not those of its fields: ${[
        ...missing.map((path) => `"${path}" has none`),
        ...needless.map((path) => `there is no "${path}"`),
      ].join(', ')}.`,
    );
  return added(schema, texts, '');
};
