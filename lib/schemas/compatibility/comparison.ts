import type { FieldError } from '../../domain/errors.ts';
import { assertionFaults } from './assertions.ts';
import { allows, type Comparing, type Place, untold } from './comparing.ts';
import { disjointFields, fieldFaults } from './fields.ts';
import { itemFaults } from './items.ts';
import { conjuncts, inside, listed, type Node, said, same, sameSaid, target } from './nodes.ts';
import { finite, typesOf } from './types.ts';

/** A comparison is given up where it would have more to do. */
const stepsAtMost = 20_000;
const shownValue = (value: unknown): string => JSON.stringify(value).slice(0, 100);

/** A node's first choice between ways that is not looked at way by way yet. */
const choiceIn = (node: Node): string | undefined =>
  ['anyOf', 'oneOf'].find((keyword) => said(node, keyword) !== undefined && !node.split?.includes(keyword));

/** The nodes, once for each type that their first list of types has; undefined when they have none. */
const typeWays = (nodes: readonly Node[]): readonly (readonly Node[])[] | undefined => {
  const index = nodes.findIndex((node) => Array.isArray(said(node, 'type')) && !node.split?.includes('type'));
  const node = nodes[index];
  if (node === undefined) return undefined;
  const beside = nodes.with(index, { ...node, split: [...(node.split ?? []), 'type'] });
  return (said(node, 'type') as readonly string[]).map((type) => [
    ...beside,
    { ...node, schema: { type }, split: ['type', type] },
  ]);
};

/** The nodes, once for each way of their first choice; undefined when they have none. */
const ways = (nodes: readonly Node[]): readonly (readonly Node[])[] | undefined => {
  const index = nodes.findIndex((node) => choiceIn(node) !== undefined);
  const node = nodes[index];
  const keyword = node && choiceIn(node);
  if (node === undefined || keyword === undefined) return typeWays(nodes);
  const beside = nodes.with(index, { ...node, split: [...(node.split ?? []), keyword] });
  return listed(node, keyword).map((way) => [...beside, ...conjuncts(way)]);
};

const nameOf = ({ side, pointer, schema, split = [] }: Node): string =>
  `${side.name}${pointer}${typeof schema === 'boolean' ? `=${schema}` : ''}!${split}`;

/**
 * Compares what two schemas allow, keyword by keyword. What it shows is so: where it finds nothing, each value that fits the writer fits the
 * reader. What it finds may be more than there is, since it does not look at what several keywords together keep out.
 */
export class Comparison implements Comparing {
  /** Pairs under comparison: one met again within itself is further inside a value, and holds if it holds for all that is before. */
  readonly #entered = new Set<string>();
  #steps = 0;

  admits(reader: Node, writer: readonly Node[], path: string): readonly FieldError[] {
    const place = { reader, writer, path };
    this.#steps += 1;
    if (this.#steps > stepsAtMost)
      return [{ path, message: 'The schemas have too many ways to fit for a comparison to come to an end.' }];
    if (reader.schema === true || writer.some(({ schema }) => schema === false)) return [];
    if (writer.some((node) => same(reader, node))) return [];
    if (reader.schema === false) return [allows(place, 'values')];
    const values = finite(writer);
    if (values !== undefined) return valueFaults(place, values);
    const pair = `${nameOf(reader)}\n${writer.map(nameOf).join('\n')}`;
    if (this.#entered.has(pair)) return [];
    this.#entered.add(pair);
    try {
      return this.#compare(place);
    } finally {
      this.#entered.delete(pair);
    }
  }

  #compare(place: Place): readonly FieldError[] {
    const faults = this.#faults(place);
    const split = faults.length === 0 ? undefined : ways(place.writer);
    if (split === undefined) return faults;
    for (const way of split) {
      const found = this.admits(place.reader, way, place.path);
      if (found.length > 0) return found;
    }
    return [];
  }

  #faults(place: Place): readonly FieldError[] {
    const types = typesOf(place.writer);
    if (types.size === 0) return [];
    const found = assertionFaults(place);
    if (found.length > 0) return found;
    return [
      ...(types.has('object') ? fieldFaults(this, place) : []),
      ...(types.has('array') ? itemFaults(this, place) : []),
      ...this.#combined(place),
    ];
  }

  #combined(place: Place): readonly FieldError[] {
    const { reader, writer, path } = place;
    const referred = target(reader);
    return [
      ...(referred === undefined ? [] : this.admits(referred, writer, path)),
      ...listed(reader, 'allOf').flatMap((each) => this.admits(each, writer, path)),
      ...this.#chosen(place),
      ...this.#excluded(place),
      ...conditional(place),
    ];
  }

  #chosen(place: Place): readonly FieldError[] {
    const { reader, writer, path } = place;
    return ['anyOf', 'oneOf'].flatMap((keyword) => {
      if (said(reader, keyword) === undefined) return [];
      if (writer.some((node) => sameSaid(reader, node, keyword))) return [];
      const choices = listed(reader, keyword);
      const isMet = choices.some(
        (way) =>
          this.admits(way, writer, path).length === 0 &&
          (keyword === 'anyOf' ||
            choices.every((other) => other === way || this.disjoint(conjuncts(other), writer))),
      );
      return isMet ? [] : [untold(place, keyword)];
    });
  }

  #excluded(place: Place): readonly FieldError[] {
    const { reader, writer } = place;
    if (said(reader, 'not') === undefined) return [];
    const isMet =
      writer.some((node) => sameSaid(reader, node, 'not')) ||
      this.disjoint(conjuncts(inside(reader, '/not')), writer);
    return isMet ? [] : [untold(place, 'not')];
  }

  disjoint(a: readonly Node[], b: readonly Node[]): boolean {
    this.#steps += 1;
    if (this.#steps > stepsAtMost) return false;
    const left = typesOf([...a, ...b]);
    if (left.size === 0) return true;
    const values = finite(a) ?? finite(b);
    if (values !== undefined) return values.every((value) => !fitsAll([...a, ...b], value));
    if ([...left].every((type) => type === 'object') && this.#once(a, b, () => disjointFields(this, a, b)))
      return true;
    const choice = ways(a);
    if (choice !== undefined) return choice.every((way) => this.disjoint(way, b));
    return ways(b)?.every((way) => this.disjoint(a, way)) ?? false;
  }

  /** What two groups are within themselves shows nothing. */
  #once(a: readonly Node[], b: readonly Node[], look: () => boolean): boolean {
    const pair = `disjoint\n${[...a, ...b].map(nameOf).join('\n')}`;
    if (this.#entered.has(pair)) return false;
    this.#entered.add(pair);
    try {
      return look();
    } finally {
      this.#entered.delete(pair);
    }
  }
}

const fitsAll = (nodes: readonly Node[], value: unknown): boolean =>
  nodes.every(({ side, pointer, schema }) =>
    typeof schema === 'boolean' ? schema : side.fits(pointer, value),
  );

const valueFaults = (place: Place, values: readonly unknown[]): readonly FieldError[] => {
  const out = values.find((value) => !fitsAll([place.reader], value));
  return out === undefined ? [] : [allows(place, shownValue(out))];
};

/** `if`, `then` and `else` are told apart alone, and as one. */
const conditional = (place: Place): readonly FieldError[] => {
  const { reader, writer } = place;
  const keywords = ['if', 'then', 'else'];
  const isIdle =
    said(reader, 'if') === undefined || keywords.slice(1).every((each) => said(reader, each) === undefined);
  const isSame = writer.some((node) =>
    keywords.every(
      (keyword) =>
        (said(reader, keyword) === undefined && said(node, keyword) === undefined) ||
        sameSaid(reader, node, keyword),
    ),
  );
  return isIdle || isSame ? [] : [untold(place, 'if')];
};
