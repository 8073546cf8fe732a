import * as z from 'zod/mini';

/** A JSON Schema of draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const place = (name: string): string => `#/components/schemas/${name}`;

/** A reference to a named schema. */
export const refTo = (name: string): { readonly $ref: string } => ({ $ref: place(name) });

type Convertible = Record<string, unknown>;

/** Fields that are known and refused for a reason of their own are no fields of the description. */
const withoutRefused = (schema: Convertible): void => {
  const { properties } = schema;
  if (typeof properties !== 'object' || properties === null) return;
  schema['properties'] = Object.fromEntries(
    Object.entries(properties as Record<string, object>).filter(([, field]) => !('not' in field)),
  );
};

interface Converted {
  readonly zodSchema: z.core.$ZodTypes;
  readonly jsonSchema: Convertible;
}

const convert = ({ zodSchema, jsonSchema }: Converted): void => {
  // What an object may be called is looked at before its fields are: of the two the fields are the schema.
  if (zodSchema._zod.def.type === 'pipe') {
    const { in: first, out } = zodSchema._zod.def as z.core.$ZodPipeDef;
    if ((first as z.core.$ZodTypes)._zod.def.type === 'unknown') {
      const { $schema: _dialect, ...schema } = z.toJSONSchema(out, settings);
      Object.assign(jsonSchema, schema);
    }
  }
  delete jsonSchema['readOnly'];
  // Its text says so: generators of clients take a field that has a default for one that is always there.
  delete jsonSchema['default'];
  withoutRefused(jsonSchema);
};

const settings = { io: 'input', override: convert } as const;

/** What the schemas of a registry take, as JSON Schema, by their ids. */
export const jsonSchemas = (
  registry: z.core.$ZodRegistry<{ id: string }>,
): Readonly<Record<string, JsonSchema>> => {
  const { schemas } = z.toJSONSchema(registry, { ...settings, uri: place });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _place, ...schema }]) => [id, schema]),
  );
};
