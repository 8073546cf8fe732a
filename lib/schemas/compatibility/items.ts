import type { FieldError } from '../../domain/errors.ts';
import { allows, type Comparing, type Place, untold } from './comparing.ts';
import { conjuncts, inside, listed, type Node, numberSaid, plain, said, sameSaid } from './nodes.ts';

/** Keywords by which items count as looked at for `unevaluatedItems`, beside `prefixItems` and `items`. */
const looking = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'contains'];

const isPlainlyUnevaluated = (node: Node): boolean =>
  said(node, 'unevaluatedItems') !== undefined &&
  looking.every((keyword) => said(node, keyword) === undefined);

/** What a node asks of the items behind those of `prefixItems`. */
const rest = (node: Node): Node[] => {
  if (said(node, 'items') !== undefined) return [inside(node, '/items')];
  return isPlainlyUnevaluated(node) ? [inside(node, '/unevaluatedItems')] : [];
};

const ofIndex = (node: Node, index: number): Node[] => {
  const prefix = listed(node, 'prefixItems')[index];
  return prefix === undefined ? rest(node) : [prefix];
};

const asked = ({ writer }: Place, of: (node: Node) => readonly Node[]): readonly Node[] => {
  const nodes = writer.flatMap(of).flatMap(conjuncts);
  const [first] = writer;
  return nodes.length === 0 && first !== undefined ? [plain(first.side, true)] : nodes;
};

const indexFaults = (
  comparing: Comparing,
  place: Place,
  { of, path, what }: { of: (node: Node) => readonly Node[]; path: string; what: string },
): readonly FieldError[] => {
  const writer = asked(place, of);
  if (writer.some(({ schema }) => schema === false)) return [];
  return of(place.reader).flatMap((reader) =>
    reader.schema === false ? [allows(place, what)] : comparing.admits(reader, writer, path),
  );
};

const countFaults = (place: Place): readonly FieldError[] => {
  const counts = ['contains', 'minContains', 'maxContains'];
  if (said(place.reader, 'contains') === undefined) return [];
  const isSame = place.writer.some((node) =>
    counts.every(
      (keyword) =>
        (said(place.reader, keyword) === undefined && said(node, keyword) === undefined) ||
        sameSaid(place.reader, node, keyword),
    ),
  );
  return isSame ? [] : [untold(place, 'contains')];
};

const unevaluatedFaults = (place: Place): readonly FieldError[] => {
  const isSettled =
    [undefined, true].includes(said(place.reader, 'unevaluatedItems') as undefined) ||
    said(place.reader, 'items') !== undefined ||
    isPlainlyUnevaluated(place.reader);
  return isSettled ? [] : [untold(place, 'unevaluatedItems')];
};

/** By the keywords that are for the items of arrays. */
export const itemFaults = (comparing: Comparing, place: Place): readonly FieldError[] => {
  const nodes = [place.reader, ...place.writer];
  const prefix = Math.max(...nodes.map((node) => listed(node, 'prefixItems').length));
  const most = Math.min(
    ...place.writer.map((node) => numberSaid(node, 'maxItems') ?? Number.POSITIVE_INFINITY),
  );
  const indexes = Array.from({ length: Math.min(prefix, most) }, (_, index) => index);
  return [
    ...indexes.flatMap((index) =>
      indexFaults(comparing, place, {
        of: (node) => ofIndex(node, index),
        path: `${place.path}/${index}`,
        what: `an item at index ${index}`,
      }),
    ),
    ...(prefix < most
      ? indexFaults(comparing, place, {
          of: rest,
          path: `${place.path}/*`,
          what: prefix === 0 ? 'items' : `more than ${prefix} items`,
        })
      : []),
    ...countFaults(place),
    ...unevaluatedFaults(place),
  ];
};
