import type { FieldError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import { isObject, isSchema, keywordFault, type Schema, type SchemaObject, schemasIn } from './keywords.ts';

/** Every schema in a schema, by its JSON Pointer. */
export interface SchemaIndex {
  readonly root: SchemaObject;
  readonly schemas: ReadonlyMap<string, Schema>;
  /** Pointers by the `$anchor` that is there. */
  readonly anchors: ReadonlyMap<string, string>;
}

/** Notes that what is at a pointer is wrong. */
export type Report = (pointer: string, message: string) => void;

const nestedId =
  'Only the schema as a whole has an "$id". Put this schema under "$defs", and refer to it as "#/$defs/…".';

const reportKeywords = (schema: SchemaObject, pointer: string, report: Report): void => {
  for (const keyword of Object.keys(schema)) {
    const fault = keywordFault(keyword);
    if (fault !== undefined) report(`${pointer}/${keyword.slice(0, 100)}`, fault);
  }
  if (pointer !== '' && Object.hasOwn(schema, '$id')) report(`${pointer}/$id`, nestedId);
  // JavaScript has a use of its own for it, and ajv passes over it.
  for (const named of [schema['properties'], schema['dependentSchemas']])
    if (isObject(named) && Object.hasOwn(named, '__proto__'))
      report(pointer, 'The name "__proto__" cannot be used.');
};

/** Finds every schema in `root`, and reports what is none and keywords that cannot be used. */
export const indexSchema = (root: SchemaObject, report: Report = () => undefined): SchemaIndex => {
  const schemas = new Map<string, Schema>();
  const anchors = new Map<string, string>();
  const visit = (schema: unknown, pointer: string): void => {
    if (schemas.size > limits.schemaParts) return;
    if (!isSchema(schema)) {
      report(pointer, 'A schema is an object, true or false.');
      return;
    }
    schemas.set(pointer, schema);
    if (typeof schema === 'boolean') return;
    reportKeywords(schema, pointer, report);
    const anchor = schema['$anchor'];
    if (typeof anchor === 'string') anchors.set(anchor, pointer);
    for (const { at, inner } of schemasIn(schema)) visit(inner, `${pointer}${at}`);
  };
  visit(root, '');
  if (schemas.size > limits.schemaParts)
    report('', `A schema has at most ${limits.schemaParts} schemas in it (limit schemaParts).`);
  return { root, schemas, anchors };
};

const decoded = (fragment: string): string | undefined => {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
};

/** The pointer that a `$ref` leads to; undefined when that is no schema in here. */
export const pointerOf = ({ root, schemas, anchors }: SchemaIndex, ref: unknown): string | undefined => {
  if (typeof ref !== 'string') return undefined;
  const hash = ref.indexOf('#');
  const base = hash < 0 ? ref : ref.slice(0, hash);
  if (base !== '' && base !== String(root['$id'] ?? '').replace(/#$/, '')) return undefined;
  const fragment = decoded(hash < 0 ? '' : ref.slice(hash + 1));
  if (fragment === undefined) return undefined;
  const pointer = fragment === '' || fragment.startsWith('/') ? fragment : anchors.get(fragment);
  return pointer !== undefined && schemas.has(pointer) ? pointer : undefined;
};

/** Faults as an answer tells them: where in the request, each once. */
export const reportInto =
  (errors: FieldError[], most: number): Report =>
  (pointer, message) => {
    const path = `schema${pointer}`.slice(0, 300);
    const isNew = errors.every((error) => error.path !== path || error.message !== message);
    if (isNew && errors.length < most) errors.push({ path, message });
  };
