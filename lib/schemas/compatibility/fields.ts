import type { FieldError } from '../../domain/errors.ts';
import { isObject, pointerPart } from '../keywords.ts';
import { allows, type Comparing, type Place, untold } from './comparing.ts';
import { conjuncts, inside, type Node, plain, said, same } from './nodes.ts';

const named = (node: Node, keyword: string): readonly string[] => {
  const held = said(node, keyword);
  return isObject(held) ? Object.keys(held) : [];
};

const matches = (pattern: string, name: string): boolean => new RegExp(pattern, 'u').test(name);

/** Keywords by which fields count as looked at for `unevaluatedProperties`, beside those of this file. */
const looking = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas'];

/** Whether `unevaluatedProperties` says what `additionalProperties` would. */
const isPlainlyUnevaluated = (node: Node): boolean =>
  said(node, 'unevaluatedProperties') !== undefined &&
  looking.every((keyword) => said(node, keyword) === undefined);

/** What a node asks of fields that it neither names nor has a pattern for. */
const others = (node: Node): Node[] => {
  if (said(node, 'additionalProperties') !== undefined) return [inside(node, '/additionalProperties')];
  return isPlainlyUnevaluated(node) ? [inside(node, '/unevaluatedProperties')] : [];
};

const patternNode = (node: Node, pattern: string): Node =>
  inside(node, `/patternProperties${pointerPart(pattern)}`);

/** What a node asks of a field of this name. */
const ofName = (node: Node, name: string): Node[] => {
  const own = named(node, 'properties').includes(name)
    ? [inside(node, `/properties${pointerPart(name)}`)]
    : [];
  const patterns = named(node, 'patternProperties').filter((pattern) => matches(pattern, name));
  const asked = [...own, ...patterns.map((pattern) => patternNode(node, pattern))];
  return asked.length === 0 ? others(node) : asked;
};

/** What a node asks for certain of a field that matches `pattern` and that nobody names. */
const ofPattern = (node: Node, pattern: string): Node[] => {
  const patterns = named(node, 'patternProperties');
  if (patterns.includes(pattern)) return [patternNode(node, pattern)];
  return patterns.length === 0 ? others(node) : [];
};

const everyName = (place: Place): ReadonlySet<string> =>
  new Set([place.reader, ...place.writer].flatMap((node) => named(node, 'properties')));

/** What the writer asks, as the nodes that apply; of what it asks nothing of, that anything goes. */
const asked = ({ writer }: Place, of: (node: Node) => readonly Node[]): readonly Node[] => {
  const nodes = writer.flatMap(of).flatMap(conjuncts);
  const [first] = writer;
  return nodes.length === 0 && first !== undefined ? [plain(first.side, true)] : nodes;
};

const isNothing = (nodes: readonly Node[]): boolean => nodes.some(({ schema }) => schema === false);

const nameFaults = (comparing: Comparing, place: Place, name: string): readonly FieldError[] => {
  const writer = asked(place, (node) => ofName(node, name));
  if (isNothing(writer)) return [];
  const readers = ofName(place.reader, name);
  if (isNothing(readers)) return [allows(place, JSON.stringify(name))];
  const path = `${place.path}${pointerPart(name)}`;
  return readers.flatMap((reader) => comparing.admits(reader, writer, path));
};

const patternFaults = (comparing: Comparing, place: Place): readonly FieldError[] =>
  named(place.reader, 'patternProperties').flatMap((pattern) =>
    comparing.admits(
      patternNode(place.reader, pattern),
      asked(place, (node) => ofPattern(node, pattern)),
      `${place.path}/*`,
    ),
  );

/** Fields that the reader neither names nor has a pattern for, and that the writer has a pattern for, or nothing. */
const otherFaults = (comparing: Comparing, place: Place): readonly FieldError[] => {
  const own = named(place.reader, 'patternProperties');
  const patterns = place.writer
    .flatMap((node) => named(node, 'patternProperties'))
    .filter((pattern) => !own.includes(pattern));
  const writers = [
    asked(place, others),
    ...patterns.map((pattern) => asked(place, (node) => ofPattern(node, pattern))),
  ];
  return others(place.reader).flatMap((reader) =>
    writers.flatMap((writer) => {
      if (isNothing(writer)) return [];
      if (reader.schema === false) return [allows(place, 'fields of other names')];
      return comparing.admits(reader, writer, `${place.path}/*`);
    }),
  );
};

const namesFaults = (comparing: Comparing, place: Place): readonly FieldError[] => {
  if (said(place.reader, 'propertyNames') === undefined) return [];
  const reader = inside(place.reader, '/propertyNames');
  const writer = asked(place, (node) =>
    said(node, 'propertyNames') === undefined ? [] : [inside(node, '/propertyNames')],
  );
  return comparing.admits(reader, writer, place.path).length === 0 ? [] : [untold(place, 'propertyNames')];
};

const dependentFaults = (comparing: Comparing, place: Place): readonly FieldError[] =>
  named(place.reader, 'dependentSchemas').flatMap((name) => {
    const at = `/dependentSchemas${pointerPart(name)}`;
    const reader = inside(place.reader, at);
    const isSame = place.writer.some(
      (node) => named(node, 'dependentSchemas').includes(name) && same(reader, inside(node, at)),
    );
    const isMet = isSame || comparing.admits(reader, place.writer, place.path).length === 0;
    return isMet ? [] : [untold(place, 'dependentSchemas')];
  });

const unevaluatedFaults = (place: Place): readonly FieldError[] => {
  const isSettled =
    [undefined, true].includes(said(place.reader, 'unevaluatedProperties') as undefined) ||
    said(place.reader, 'additionalProperties') !== undefined ||
    isPlainlyUnevaluated(place.reader);
  return isSettled ? [] : [untold(place, 'unevaluatedProperties')];
};

/** By the keywords that are for the fields of objects. */
export const fieldFaults = (comparing: Comparing, place: Place): readonly FieldError[] => [
  ...[...everyName(place)].flatMap((name) => nameFaults(comparing, place, name)),
  ...patternFaults(comparing, place),
  ...otherFaults(comparing, place),
  ...namesFaults(comparing, place),
  ...dependentFaults(comparing, place),
  ...unevaluatedFaults(place),
];

/** Whether two groups of nodes ask of a field, which one of them requires, what no value can be. */
export const disjointFields = (comparing: Comparing, a: readonly Node[], b: readonly Node[]): boolean => {
  const required = (nodes: readonly Node[]): readonly string[] =>
    nodes.flatMap((node) => (said(node, 'required') as readonly string[] | undefined) ?? []);
  return [...new Set([...required(a), ...required(b)])].some((name) => {
    const asks = (nodes: readonly Node[]): readonly Node[] =>
      nodes.flatMap((node) => ofName(node, name)).flatMap(conjuncts);
    const [one, other] = [asks(a), asks(b)];
    return (
      isNothing(one) ||
      isNothing(other) ||
      (one.length > 0 && other.length > 0 && comparing.disjoint(one, other))
    );
  });
};
