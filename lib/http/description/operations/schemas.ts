import { jsonOf, type Operation } from '../operation.ts';
import { sampleProblem } from '../problems.ts';

const path = '/v1/topics/:topic/schema';
const createdAt = '2026-03-10T05:16:23.000Z';
const schema = {
  type: 'object',
  properties: { id: { type: 'string' }, email: { type: 'string', format: 'email' } },
  required: ['id'],
  additionalProperties: false,
};
const wider = { ...schema, properties: { ...schema.properties, name: { type: 'string' } } };
const sample = { version: 1, createdAt, schema, compatibility: 'backward' };

/** Of a topic `accounts`, which has the schema of the sample. */
export const schemaOperations: readonly Operation[] = [
  {
    method: 'GET',
    path,
    id: 'getSchema',
    tag: 'Schemas',
    summary: 'Show the schema in force',
    description: 'The JSON Schema that the values of records are checked against.',
    scopes: [],
    answers: { 200: { description: 'The schema in force.', content: jsonOf('Schema') } },
    problems: ['topic_not_found', 'schema_not_found'],
    examples: [
      {
        name: 'accounts',
        summary: 'The schema of a topic',
        path: { topic: 'accounts' },
        status: 200,
        answer: sample,
      },
      {
        name: 'none',
        summary: 'The topic has no schema',
        path: { topic: 'orders' },
        status: 404,
        answer: sampleProblem('schema_not_found'),
      },
    ],
  },
  {
    method: 'PUT',
    path,
    id: 'setSchema',
    tag: 'Schemas',
    summary: 'Set the schema',
    description:
      'A new version of the JSON Schema (draft 2020-12) for the values of records, or the newest one where it is the same. It has to be compatible with the one in force, as `compatibility` says: backward unless it was changed. Nothing that a `$ref` names is ever fetched.',
    scopes: ['admin'],
    query: {
      dryRun: {
        description: 'Whether only to say what would be: nothing is changed.',
        schema: { type: 'boolean', default: false },
      },
    },
    body: { required: true, content: jsonOf('SchemaSettings') },
    answers: {
      201: { description: 'It is a new version, which is in force.', content: jsonOf('Schema') },
      200: {
        description: 'It is the newest version, which is in force. Or what would be, where that was asked.',
        content: {
          'application/json': {
            schema: {
              anyOf: [{ $ref: '#/components/schemas/Schema' }, { $ref: '#/components/schemas/SchemaTrial' }],
            },
          },
        },
      },
    },
    problems: [
      'topic_not_found',
      'conflict',
      'invalid_schema',
      'schema_incompatible',
      'limit_exceeded',
      'outcome_unknown',
    ],
    examples: [
      {
        name: 'another-field',
        summary: 'A field more',
        path: { topic: 'accounts' },
        body: { schema: wider },
        status: 201,
        answer: { ...sample, version: 2, schema: wider },
      },
      {
        name: 'trial',
        summary: 'Whether a field can be left out',
        path: { topic: 'accounts' },
        query: { dryRun: true },
        body: { schema: { ...schema, properties: { id: { type: 'string' } } } },
        status: 200,
        answer: {
          compatible: false,
          version: 2,
          compatibility: 'backward',
          errors: [{ path: 'value', message: 'Version 1 allows "email", the new schema does not.' }],
        },
      },
      {
        name: 'incompatible',
        summary: 'Another type of a field',
        path: { topic: 'accounts' },
        body: { schema: { ...schema, properties: { id: { type: 'integer' } } } },
        status: 409,
        answer: sampleProblem('schema_incompatible'),
      },
      {
        name: 'misspelled',
        summary: 'A keyword that there is not',
        path: { topic: 'accounts' },
        body: { schema: { requierd: ['id'] } },
        status: 422,
        answer: sampleProblem('invalid_schema'),
      },
    ],
  },
  {
    method: 'PATCH',
    path,
    id: 'changeSchema',
    tag: 'Schemas',
    summary: 'Change what the next version has to be',
    description:
      'Says what the next version has to be to the one in force. "backward": whatever fits the one in force fits the next. "forward": whatever fits the next fits the one in force. "full": both. "none": anything.',
    scopes: ['admin'],
    body: { required: true, content: jsonOf('SchemaChange') },
    answers: { 200: { description: 'The schema in force.', content: jsonOf('Schema') } },
    problems: ['topic_not_found', 'schema_not_found', 'conflict', 'outcome_unknown'],
    examples: [
      {
        name: 'full',
        summary: 'Both ways',
        path: { topic: 'accounts' },
        body: { compatibility: 'full' },
        status: 200,
        answer: { ...sample, compatibility: 'full' },
      },
    ],
  },
  {
    method: 'DELETE',
    path,
    id: 'deleteSchema',
    tag: 'Schemas',
    summary: 'Check records no more',
    description:
      'Takes the schema out of force. Its versions stay and keep their numbers; the next one is compared with none.',
    scopes: ['admin'],
    answers: { 204: { description: 'No schema is in force.' } },
    problems: ['topic_not_found', 'schema_not_found', 'conflict', 'outcome_unknown'],
    examples: [{ name: 'accounts', summary: 'Check no more', path: { topic: 'accounts' }, status: 204 }],
  },
  {
    method: 'GET',
    path: `${path}/versions`,
    id: 'listSchemaVersions',
    tag: 'Schemas',
    summary: 'List versions',
    description: 'Every version that there was, the oldest first.',
    scopes: [],
    answers: { 200: { description: 'The versions.', content: jsonOf('SchemaVersions') } },
    problems: ['topic_not_found'],
    examples: [
      {
        name: 'accounts',
        summary: 'The versions of a schema',
        path: { topic: 'accounts' },
        status: 200,
        answer: { versions: [{ version: 1, createdAt }], inForce: 1 },
      },
    ],
  },
  {
    method: 'GET',
    path: `${path}/versions/:version`,
    id: 'getSchemaVersion',
    tag: 'Schemas',
    summary: 'Show a version',
    description: 'A version, as it was set. It never changes.',
    scopes: [],
    answers: { 200: { description: 'The version.', content: jsonOf('SchemaVersion') } },
    problems: ['topic_not_found', 'schema_not_found'],
    examples: [
      {
        name: 'first',
        summary: 'The first version',
        path: { topic: 'accounts', version: 1 },
        status: 200,
        answer: { version: 1, createdAt, schema },
      },
    ],
  },
];
