import { isDeepStrictEqual } from 'node:util';
import { isSilent, type Schema, type SchemaObject, schemasIn } from '../keywords.ts';
import { pointerOf, type SchemaIndex } from '../schema-index.ts';

/** One of the two schemas that are compared. */
export interface Side {
  readonly index: SchemaIndex;
  /** What it is called, as `version 3`. */
  readonly name: string;
  /** Whether a value fits the schema at a pointer. */
  readonly fits: (pointer: string, value: unknown) => boolean;
}

/** A schema in one of them. */
export interface Node {
  readonly side: Side;
  readonly pointer: string;
  readonly schema: Schema;
  /** `anyOf` and `oneOf` that are looked at way by way already. */
  readonly split?: readonly string[];
}

/** What a keyword of a node says; undefined where it says nothing. */
export const said = ({ schema }: Node, keyword: string): unknown =>
  typeof schema === 'object' && Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;

export const numberSaid = (node: Node, keyword: string): number | undefined => {
  const value = said(node, keyword);
  return typeof value === 'number' ? value : undefined;
};

const at = (side: Side, pointer: string): Node => ({
  side,
  pointer,
  schema: side.index.schemas.get(pointer) ?? true,
});

export const rootOf = (side: Side): Node => at(side, '');

/** The schema inside a node, from it on. */
export const inside = ({ side, pointer }: Node, further: string): Node => at(side, `${pointer}${further}`);

/** A schema that allows anything, or nothing. */
export const plain = (side: Side, schema: boolean): Node => ({ side, pointer: '', schema });

export const target = (node: Node): Node | undefined => {
  const pointer = pointerOf(node.side.index, said(node, '$ref'));
  return pointer === undefined ? undefined : at(node.side, pointer);
};

/** The schemas in a keyword that holds a list. */
export const listed = (node: Node, keyword: string): Node[] => {
  const list = said(node, keyword);
  return Array.isArray(list) ? list.map((_, index) => inside(node, `/${keyword}/${index}`)) : [];
};

/** The nodes that all apply where this one does: itself, what it refers to and what is in its `allOf`. */
export const conjuncts = (node: Node): Node[] => {
  const referred = target(node);
  return [
    node,
    ...(referred === undefined ? [] : conjuncts(referred)),
    ...listed(node, 'allOf').flatMap(conjuncts),
  ];
};

const inOrder = (value: unknown): unknown => (Array.isArray(value) ? [...value].sort() : value);

/** Keywords of a schema that have a say, without those that hold schemas. */
const plainKeywords = (schema: SchemaObject): Map<string, unknown> => {
  const holding = new Set([...schemasIn(schema)].map(({ keyword }) => keyword));
  const entries = Object.entries(schema).filter(
    ([keyword]) => !isSilent(keyword) && !holding.has(keyword) && keyword !== '$ref',
  );
  return new Map(
    entries.map(([keyword, value]) => [
      keyword,
      ['required', 'type'].includes(keyword) ? inOrder(value) : value,
    ]),
  );
};

type Seen = Set<string>;

const sameInside = (a: Node, b: Node, keyword: string | undefined, seen: Seen): boolean => {
  const held = ({ schema }: Node): string[] =>
    typeof schema === 'boolean'
      ? []
      : [...schemasIn(schema)]
          .filter((inner) => (keyword === undefined ? !isSilent(inner.keyword) : inner.keyword === keyword))
          .map((inner) => inner.at)
          .sort();
  const names = held(a);
  return (
    isDeepStrictEqual(names, held(b)) && names.every((name) => same(inside(a, name), inside(b, name), seen))
  );
};

/** Whether two nodes say the same, word for word but for what has no say. False does not mean that they allow other values. */
export const same = (a: Node, b: Node, seen: Seen = new Set()): boolean => {
  const pair = `${a.pointer}\n${b.pointer}`;
  if (seen.has(pair)) return true;
  seen.add(pair);
  if (typeof a.schema === 'boolean' || typeof b.schema === 'boolean') return a.schema === b.schema;
  if (!isDeepStrictEqual(plainKeywords(a.schema), plainKeywords(b.schema))) return false;
  const [targetA, targetB] = [target(a), target(b)];
  if ((targetA === undefined) !== (targetB === undefined)) return false;
  if (targetA !== undefined && targetB !== undefined && !same(targetA, targetB, seen)) return false;
  return sameInside(a, b, undefined, seen);
};

/** Whether two nodes say the same by one keyword. */
export const sameSaid = (a: Node, b: Node, keyword: string): boolean => {
  if (said(a, keyword) === undefined || said(b, keyword) === undefined) return false;
  const holds = ({ schema }: Node): boolean =>
    typeof schema === 'object' && [...schemasIn(schema)].some((inner) => inner.keyword === keyword);
  return holds(a) || holds(b)
    ? sameInside(a, b, keyword, new Set())
    : isDeepStrictEqual(said(a, keyword), said(b, keyword));
};
