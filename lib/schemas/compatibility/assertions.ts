import type { FieldError } from '../../domain/errors.ts';
import { allows, type Place, untold } from './comparing.ts';
import { type Node, numberSaid, said, sameSaid } from './nodes.ts';
import { ownTypes, type Type, typesOf, typeText } from './types.ts';

const any = (place: Place, test: (node: Node) => boolean): boolean => place.writer.some(test);

const atLeast = (node: Node, keyword: string, bound: number): boolean =>
  (numberSaid(node, keyword) ?? Number.NEGATIVE_INFINITY) >= bound;
const atMost = (node: Node, keyword: string, bound: number): boolean =>
  (numberSaid(node, keyword) ?? Number.POSITIVE_INFINITY) <= bound;
const above = (node: Node, keyword: string, bound: number): boolean =>
  (numberSaid(node, keyword) ?? Number.NEGATIVE_INFINITY) > bound;
const below = (node: Node, keyword: string, bound: number): boolean =>
  (numberSaid(node, keyword) ?? Number.POSITIVE_INFINITY) < bound;

/** A bound of a reader: the types that it is for, when a node of the writer keeps to it, and what it keeps out. */
interface Bound {
  readonly types: readonly Type[];
  readonly keeps: (node: Node, bound: number) => boolean;
  readonly out: (bound: number) => string;
}

const numbers = ['integer', 'fraction'] as const;

const least = (type: Type, keyword: string, what: string): Bound => ({
  types: [type],
  keeps: (node, bound) => bound <= 0 || atLeast(node, keyword, bound),
  out: (bound) => `fewer than ${bound} ${what}`,
});
const most = (type: Type, keyword: string, what: string): Bound => ({
  types: [type],
  keeps: (node, bound) => atMost(node, keyword, bound),
  out: (bound) => `more than ${bound} ${what}`,
});

const requiredNames = (node: Node): readonly unknown[] => {
  const names = said(node, 'required');
  return Array.isArray(names) ? names : [];
};

const bounds: Readonly<Record<string, Bound>> = {
  minimum: {
    types: numbers,
    keeps: (node, bound) => atLeast(node, 'minimum', bound) || atLeast(node, 'exclusiveMinimum', bound),
    out: (bound) => `numbers below ${bound}`,
  },
  exclusiveMinimum: {
    types: numbers,
    keeps: (node, bound) => above(node, 'minimum', bound) || atLeast(node, 'exclusiveMinimum', bound),
    out: (bound) => `${bound} and numbers below`,
  },
  maximum: {
    types: numbers,
    keeps: (node, bound) => atMost(node, 'maximum', bound) || atMost(node, 'exclusiveMaximum', bound),
    out: (bound) => `numbers above ${bound}`,
  },
  exclusiveMaximum: {
    types: numbers,
    keeps: (node, bound) => below(node, 'maximum', bound) || atMost(node, 'exclusiveMaximum', bound),
    out: (bound) => `${bound} and numbers above`,
  },
  minLength: least('string', 'minLength', 'characters'),
  maxLength: most('string', 'maxLength', 'characters'),
  minItems: least('array', 'minItems', 'items'),
  maxItems: most('array', 'maxItems', 'items'),
  minProperties: {
    ...least('object', 'minProperties', 'fields'),
    keeps: (node, bound) =>
      bound <= new Set(requiredNames(node)).size || atLeast(node, 'minProperties', bound),
  },
  maxProperties: most('object', 'maxProperties', 'fields'),
};

const boundFaults = (place: Place, types: ReadonlySet<Type>): FieldError[] =>
  Object.entries(bounds).flatMap(([keyword, bound]) => {
    const value = numberSaid(place.reader, keyword);
    const isMet =
      value === undefined ||
      !bound.types.some((type) => types.has(type)) ||
      any(place, (node) => bound.keeps(node, value));
    return isMet ? [] : [allows(place, bound.out(value))];
  });

const multipleFaults = (place: Place, types: ReadonlySet<Type>): FieldError[] => {
  const step = numberSaid(place.reader, 'multipleOf');
  if (step === undefined || !(types.has('integer') || types.has('fraction'))) return [];
  const isMet =
    (Number.isInteger(1 / step) && !types.has('fraction')) ||
    any(place, (node) => {
      const own = numberSaid(node, 'multipleOf');
      // Of whole numbers alone, whose division is exact.
      return (
        own === step ||
        (Number.isInteger(step) && Number.isInteger((own ?? Number.NaN) / step) && Number.isInteger(own))
      );
    });
  return isMet ? [] : [allows(place, `numbers that are no multiple of ${step}`)];
};

/** Of these it is told only whether both say the same. */
const texts: Readonly<Record<string, Type>> = { pattern: 'string', format: 'string', uniqueItems: 'array' };

/** Formats that say something of numbers do not exist in draft 2020-12; some of ajv's do. */
const numberFormats = ['int32', 'int64', 'float', 'double'];

const textFaults = (place: Place, types: ReadonlySet<Type>): FieldError[] =>
  Object.entries(texts).flatMap(([keyword, type]) => {
    const value = said(place.reader, keyword);
    const isFor = types.has(type) || numberFormats.includes(String(value));
    const isMet =
      value === undefined ||
      value === false ||
      !isFor ||
      any(place, (node) => sameSaid(place.reader, node, keyword));
    return isMet ? [] : [untold(place, keyword)];
  });

const typeFaults = (place: Place, types: ReadonlySet<Type>): FieldError[] => {
  const taken = ownTypes(place.reader);
  const out = [...types].filter((type) => !taken.has(type));
  return out.length === 0 ? [] : [allows(place, typeText(out))];
};

const listFaults = (place: Place): FieldError[] => {
  const lists = said(place.reader, 'enum') !== undefined || said(place.reader, 'const') !== undefined;
  return lists ? [allows(place, 'values beside those listed')] : [];
};

const requiredFaults = (place: Place): FieldError[] =>
  requiredNames(place.reader)
    .filter((name) => !any(place, (node) => requiredNames(node).includes(name)))
    .map((name) => allows(place, `${JSON.stringify(name)} to be left out`));

const dependentFaults = (place: Place): FieldError[] => {
  const wanted = Object.entries(said(place.reader, 'dependentRequired') ?? {}) as [
    string,
    readonly string[],
  ][];
  const isMet = (name: string, other: string): boolean =>
    any(place, (node) => {
      const own = said(node, 'dependentRequired') as Readonly<Record<string, readonly string[]>> | undefined;
      const names = own !== undefined && Object.hasOwn(own, name) ? own[name] : [];
      return requiredNames(node).includes(other) || names?.includes(other) === true;
    });
  return wanted.flatMap(([name, others]) =>
    others
      .filter((other) => !isMet(name, other))
      .map((other) => allows(place, `${JSON.stringify(name)} without ${JSON.stringify(other)}`)),
  );
};

/** By keywords that hold no schemas. Values that can be listed are not for here. */
export const assertionFaults = (place: Place): FieldError[] => {
  const types = typesOf(place.writer);
  const faults = typeFaults(place, types);
  if (faults.length > 0) return faults;
  return [
    ...listFaults(place),
    ...boundFaults(place, types),
    ...multipleFaults(place, types),
    ...textFaults(place, types),
    ...(types.has('object') ? [...requiredFaults(place), ...dependentFaults(place)] : []),
  ];
};
