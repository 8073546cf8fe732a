import { introduction } from './introduction.ts';
import { type JsonSchema, refTo } from './json-schemas.ts';
import { type Content, type Operation, type Parameter, tags } from './operation.ts';
import { operations, problemsOf } from './operations.ts';
import { parametersOf } from './parameters.ts';
import { problemResponses } from './problem-responses.ts';
import { problemSchemas } from './problems.ts';
import { namedSchemas } from './schemas.ts';
import { examplesOf, requestExamples } from './shown-examples.ts';

/** Version of the interface. */
export const interfaceVersion = '1.0.0';

const schemaOf = ({ schema }: Content): JsonSchema => (typeof schema === 'string' ? refTo(schema) : schema);

const shownHeader = ({ description, schema, required = false }: Parameter): JsonSchema => ({
  description,
  required,
  schema,
});

const responsesOf = (operation: Operation): JsonSchema => {
  const answers = Object.entries(operation.answers).map(([status, { description, content, headers }]) => {
    const contents = Object.entries(content ?? {}).map(([type, each]) => {
      const examples = examplesOf(operation, Number(status), type);
      return [type, { schema: schemaOf(each), ...examples }];
    });
    const own = Object.entries(headers ?? {}).map(([name, header]) => [name, shownHeader(header)]);
    const all = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' }, ...Object.fromEntries(own) };
    return [
      status,
      {
        description,
        headers: all,
        ...(contents.length > 0 && { content: Object.fromEntries(contents) }),
      },
    ];
  });
  return { ...Object.fromEntries(answers), ...problemResponses(operation, problemsOf(operation)) };
};

const bodyOf = (operation: Operation): JsonSchema => {
  const { body } = operation;
  if (body === undefined) return {};
  const contents = Object.entries(body.content).map(([type, content]) => [
    type,
    { schema: schemaOf(content), ...requestExamples(operation, type) },
  ]);
  return { requestBody: { required: body.required, content: Object.fromEntries(contents) } };
};

/** Any one of the scopes, shown in either of the two headers. */
const securityOf = ({ scopes }: Operation): readonly JsonSchema[] => {
  if (scopes === 'open') return [];
  const wanted = scopes.length === 0 ? [[]] : scopes.map((scope) => [scope]);
  return ['bearer', 'apiKey'].flatMap((scheme) => wanted.map((names) => ({ [scheme]: names })));
};

const scopeText = ({ scopes }: Operation): string => {
  if (scopes === 'open') return 'It takes no key.';
  if (scopes.length === 0) return 'Any key will do.';
  return `It takes a key of the scope ${scopes.map((scope) => `\`${scope}\``).join(' or ')}.`;
};

const shown = (operation: Operation): JsonSchema => {
  const { id, tag, summary, description } = operation;
  const parameters = parametersOf(operation);
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: `${description}\n\n${scopeText(operation)}`,
    security: securityOf(operation),
    ...(parameters.length > 0 && { parameters }),
    ...bodyOf(operation),
    responses: responsesOf(operation),
  };
};

const pathsOf = (): JsonSchema => {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const operation of operations) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: shown(operation) };
  }
  return paths;
};

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key (mr_…).' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'An API key (mr_…).' },
};

/** The interface as an OpenAPI 3.1 document: https://spec.openapis.org/oas/v3.1.1. */
export const openApiDocument = (): JsonSchema => ({
  openapi: '3.1.1',
  info: {
    title: 'Millrace',
    version: interfaceVersion,
    description: introduction(),
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
  // From where this document is, /v1/openapi.json: whatever stands before the interface's paths.
  servers: [{ url: '..', description: 'The broker that gave this description.' }],
  tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
  paths: pathsOf(),
  components: {
    schemas: { ...namedSchemas(), ...problemSchemas() },
    headers: {
      RequestId: {
        description: 'The id of the request.',
        required: true,
        schema: { type: 'string' },
      },
    },
    securitySchemes,
  },
});
