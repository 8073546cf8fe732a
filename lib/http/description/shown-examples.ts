import type { JsonSchema } from './json-schemas.ts';
import { type Example, json, type Operation } from './operation.ts';
import { problemType } from './problems.ts';

/**
 * An example is shown in three places under its one name: with the parameters and the body of its request, and with the
 * status that it is answered.
 */

const shown = (
  examples: readonly Example[],
  toShow: (example: Example) => unknown,
): { readonly examples?: JsonSchema } => {
  const values = examples.flatMap((example) => {
    const value = toShow(example);
    return value === undefined ? [] : [[example.name, { summary: example.summary, value }] as const];
  });
  return values.length === 0 ? {} : { examples: Object.fromEntries(values) };
};

/** Those of the bodies of a content type that requests have. */
export const requestExamples = ({ examples }: Operation, type: string) =>
  shown(
    examples.filter(({ contentType = json }) => contentType === type),
    ({ body }) => body,
  );

/** Those of the answers of a status and content type. */
export const examplesOf = ({ examples }: Operation, status: number, type: string) =>
  shown(
    examples.filter((example) => {
      const { answerType = example.status < 400 ? json : problemType } = example;
      return example.status === status && answerType === type;
    }),
    ({ answer }) => answer,
  );

/**
 * Those of a parameter. A page that lets people try an operation out fills in the first example of each parameter: so what the
 * operation's first example does not give stands under a name that such a page passes over.
 */
export const parameterExamples = (
  { examples }: Operation,
  place: 'path' | 'query' | 'header',
  parameter: string,
): JsonSchema => {
  const valueIn = (example: Example | undefined) =>
    (place === 'header' ? example?.headers : example?.[place])?.[parameter];
  const { examples: own } = shown(examples, valueIn);
  if (own === undefined) return {};
  return { [valueIn(examples[0]) === undefined ? 'x-examples' : 'examples']: own };
};
