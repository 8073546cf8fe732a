import { type Node, said } from './nodes.ts';

/** The types of JSON Schema, where a number is an integer or a fraction. */
export const types = ['null', 'boolean', 'object', 'array', 'string', 'integer', 'fraction'] as const;
export type Type = (typeof types)[number];

const typesNamed = (name: unknown): readonly Type[] =>
  name === 'number' ? ['integer', 'fraction'] : types.filter((type) => type === name);

const typeOf = (value: unknown): Type => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  return typeof value as 'boolean' | 'object' | 'string';
};

/** The values that a node lists, where it does. */
export const valuesOf = (node: Node): readonly unknown[] | undefined => {
  if (typeof node.schema === 'object' && Object.hasOwn(node.schema, 'const')) return [node.schema['const']];
  const list = said(node, 'enum');
  return Array.isArray(list) ? list : undefined;
};

/** The types that a node alone leaves. */
export const ownTypes = (node: Node): ReadonlySet<Type> => {
  if (node.schema === false) return new Set();
  const type = said(node, 'type');
  const named =
    type === undefined ? types : (Array.isArray(type) ? type : [type]).flatMap((name) => typesNamed(name));
  const values = valuesOf(node)?.map(typeOf);
  return new Set(values === undefined ? named : named.filter((name) => values.includes(name)));
};

/** The types of the values that fit all of the nodes. */
export const typesOf = (nodes: readonly Node[]): ReadonlySet<Type> =>
  new Set(types.filter((type) => nodes.every((node) => ownTypes(node).has(type))));

const shown: Readonly<Record<Type, string>> = {
  null: 'null',
  boolean: 'a boolean',
  object: 'an object',
  array: 'an array',
  string: 'a string',
  integer: 'a whole number',
  fraction: 'a fraction',
};

export const typeText = (found: readonly Type[]): string => found.map((type) => shown[type]).join(' or ');

/**
 * Every value that fits all of the nodes, where they leave so few that they can be listed: what one of them lists, or null and the two
 * booleans.
 */
export const finite = (nodes: readonly Node[]): readonly unknown[] | undefined => {
  const listedBy = nodes.map(valuesOf).find((values) => values !== undefined);
  const left = typesOf(nodes);
  const few = [...left].every((type) => type === 'null' || type === 'boolean');
  const candidates =
    listedBy ??
    (few ? [...(left.has('null') ? [null] : []), ...(left.has('boolean') ? [true, false] : [])] : undefined);
  return candidates?.filter((value) =>
    nodes.every(({ side, pointer, schema }) =>
      typeof schema === 'boolean' ? schema : side.fits(pointer, value),
    ),
  );
};
