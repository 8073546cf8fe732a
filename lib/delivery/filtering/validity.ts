import { type FieldError, firstFault, Problem } from '../../domain/errors.ts';
import { withheldFunctions } from '../../domain/expressions.ts';
import type { DeliveryChange } from '../../domain/groups/groups.ts';

type Library = typeof import('jsonata');

let loading: Promise<Library> | undefined;
/** Loaded when the first filter or transform is set. By the path that infra/constructs/bundling.ts puts it under. */
const load = (): Promise<Library> => {
  loading ??= import('jsonata/jsonata.js').then(({ default: library }) => library);
  return loading;
};

/** A node of a syntax tree, as far as it says something of variables. */
interface Node {
  readonly type?: unknown;
  readonly value?: unknown;
  readonly lhs?: unknown;
  readonly arguments?: unknown;
  /** Names that `@$name` and `#$name` give. */
  readonly focus?: unknown;
  readonly index?: unknown;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

const nodesOf = (tree: unknown): readonly Node[] => {
  const found = new Set<Node>();
  for (const waiting = [tree]; waiting.length > 0; ) {
    const node = waiting.pop();
    if (!isNode(node) || found.has(node)) continue;
    found.add(node);
    waiting.push(...Object.values(node));
  }
  return [...found];
};

const variableOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'variable' && typeof node.value === 'string' ? node.value : undefined;

const namesGivenBy = ({ type, lhs, arguments: parameters, focus, index }: Node): readonly unknown[] => [
  ...(type === 'bind' ? [variableOf(lhs)] : []),
  ...(type === 'lambda' && Array.isArray(parameters) ? parameters.map(variableOf) : []),
  focus,
  index,
];

/** What is wrong with the variables of an expression; functions are such. */
const variableFault = async (jsonata: Library, tree: unknown): Promise<string | undefined> => {
  const nodes = nodesOf(tree);
  const given = new Set(nodes.flatMap(namesGivenBy));
  for (const name of new Set(nodes.map(variableOf))) {
    // `$` is what is looked at, and `$$` the record.
    if (name === undefined || name === '' || name === '$' || given.has(name)) continue;
    const withheld = Object.hasOwn(withheldFunctions, name) ? withheldFunctions[name] : undefined;
    if (withheld !== undefined) return `There can be no $${name} here: ${withheld}`;
    if ((await jsonata(`$${name}`).evaluate(null)) === undefined)
      return `There is no $${name}: give it a value with $${name} := …, or see https://docs.jsonata.org for the functions.`;
  }
  return undefined;
};

const syntaxFault = (error: unknown): string => {
  const { message, position } = error as { readonly message?: unknown; readonly position?: unknown };
  const where = typeof position === 'number' ? ` at character ${position}` : '';
  const words = String(message).slice(0, 200).replace(/\.?$/, '.');
  return `This is no expression of JSONata${where}: ${words} See https://docs.jsonata.org.`;
};

const expressionNames = ['filter', 'transform'] as const;

/** @throws Problem `invalid_request` when what is given of them are no expressions that can be used. */
export const requireExpressions = async (
  delivery: Pick<DeliveryChange, 'filter' | 'transform'> = {},
): Promise<void> => {
  const errors: FieldError[] = [];
  for (const name of expressionNames) {
    const given = delivery[name];
    const message = typeof given === 'string' ? await expressionFault(given) : undefined;
    if (message !== undefined) errors.push({ path: `delivery.${name}`, message });
  }
  if (errors.length === 0) return;
  const text = `The request is not valid. ${firstFault(errors)} Nothing was changed.`;
  throw new Problem('invalid_request', text, { errors });
};

/** Why `text` cannot be a filter or a transform, and what to do; undefined when it can. */
export const expressionFault = async (text: string): Promise<string | undefined> => {
  const jsonata = await load();
  try {
    return await variableFault(jsonata, jsonata(text).ast());
  } catch (error) {
    return syntaxFault(error);
  }
};
