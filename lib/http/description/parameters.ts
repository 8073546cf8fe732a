import { limits } from '../../domain/limits.ts';
import { namePattern } from '../../domain/text/names.ts';
import type { JsonSchema } from './json-schemas.ts';
import type { Operation, Parameter } from './operation.ts';
import { parameterExamples } from './shown-examples.ts';

const name: JsonSchema = { type: 'string', pattern: namePattern.source, maxLength: limits.nameLength };

/** What stands in the paths. */
const inPaths: Readonly<Record<string, Parameter>> = {
  topic: { description: 'The name of the topic.', schema: name },
  group: { description: 'The name of the group.', schema: name },
  partition: {
    description: 'The number of the partition.',
    schema: { type: 'integer', minimum: 0, maximum: limits.partitionsPerTopic - 1 },
  },
  version: { description: 'The number of the version.', schema: { type: 'integer', minimum: 1 } },
  endpoint: { description: 'The id of the endpoint.', schema: { type: 'string' } },
  token: {
    description: 'The token that came with the message, in the header `webhook-ack-token`.',
    schema: { type: 'string' },
  },
  erasure: { description: 'The id of the erasure.', schema: { type: 'string' } },
  key: { description: 'The id of the API key, which is not the key itself.', schema: { type: 'string' } },
};

type Place = 'path' | 'query' | 'header';

const shown = (
  operation: Operation,
  place: Place,
  parameters: Readonly<Record<string, Parameter>>,
): JsonSchema[] =>
  Object.entries(parameters).map(([parameter, { description, schema, required = place === 'path' }]) => ({
    name: parameter,
    in: place,
    description,
    required,
    schema,
    ...parameterExamples(operation, place, parameter),
  }));

/** The parameters in the path of an operation, in order. */
const pathParametersOf = ({ path }: Operation): Readonly<Record<string, Parameter>> =>
  Object.fromEntries(
    [...path.matchAll(/:(\w+)/g)].map(([, parameter = '']) => {
      const known = inPaths[parameter];
      if (known === undefined)
        throw new Error(`What "${parameter}" in the path ${path} is has to be said in parameters.ts.`);
      return [parameter, known];
    }),
  );

/** All parameters of an operation: of its path, its query and its headers. */
export const parametersOf = (operation: Operation): readonly JsonSchema[] => [
  ...shown(operation, 'path', pathParametersOf(operation)),
  ...shown(operation, 'query', operation.query ?? {}),
  ...shown(operation, 'header', operation.headers ?? {}),
];
