import { type FieldError, reportedErrors } from '../../domain/errors.ts';
import type { Compatibility } from '../../domain/schemas.ts';
import { loadAjv } from '../ajv.ts';
import type { SchemaObject } from '../keywords.ts';
import { indexSchema } from '../schema-index.ts';
import { Comparison } from './comparison.ts';
import { conjuncts, rootOf, type Side } from './nodes.ts';

/** A schema, and what it is called. */
export interface NamedSchema {
  readonly schema: SchemaObject;
  readonly name: string;
}

const sideOf = async ({ schema, name }: NamedSchema): Promise<Side> => {
  const { parts } = await loadAjv();
  const check = parts(schema);
  return { name, index: indexSchema(schema), fits: (pointer, value) => check(pointer)(value) === true };
};

const unadmitted = (reader: Side, writer: Side): readonly FieldError[] =>
  new Comparison().admits(rootOf(reader), conjuncts(rootOf(writer)), 'value');

/**
 * What keeps a schema from following another at that level: what one of them allows and the other does not, or may not, and where. None:
 * it is shown that each value which fits the writers' schema fits the readers'. That is transitive, and so the versions of a
 * topic that were checked are compatible with all before them.
 */
export const differences = async (
  former: NamedSchema,
  next: NamedSchema,
  level: Exclude<Compatibility, 'none'>,
): Promise<readonly FieldError[]> => {
  const [old, fresh] = [await sideOf(former), await sideOf(next)];
  const found = [
    ...(level === 'forward' ? [] : unadmitted(fresh, old)),
    ...(level === 'backward' ? [] : unadmitted(old, fresh)),
  ];
  const distinct = new Map(found.map((error) => [`${error.path}\n${error.message}`, error]));
  return [...distinct.values()].slice(0, reportedErrors);
};
