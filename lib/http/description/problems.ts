import type { ProblemCode } from '../../domain/errors.ts';
import { problems } from '../problems.ts';
import { type JsonSchema, refTo } from './json-schemas.ts';
import { problemKinds } from './problem-kinds.ts';

export const problemType = 'application/problem+json';
export const problemCodes = Object.keys(problems) as readonly ProblemCode[];

/** The name of a problem's schema: `TopicExistsProblem` of `topic_exists`. */
export const problemSchemaName = (code: ProblemCode): string =>
  `${code.replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase())}Problem`;

const sampleRequestId = '5b0f6d2a9c1e4f7a8b3d0c9e';

/** A problem document as the broker might give it. */
export const sampleProblem = (code: ProblemCode): Readonly<Record<string, unknown>> => {
  const { status, title } = problems[code];
  const { detail, sample = {} } = problemKinds[code];
  const type = `urn:millrace:problem:${code}`;
  return { type, title, status, detail, code, requestId: sampleRequestId, ...sample };
};

const errors = {
  type: 'array',
  description: 'What is wrong with the input, field by field; the first 20.',
  items: {
    type: 'object',
    properties: {
      path: {
        type: 'string',
        description: 'Where, as records[3].key, or the name of a parameter; empty for the input as a whole.',
      },
      message: { type: 'string', description: 'What is wrong, and what to give.' },
    },
    required: ['path', 'message'],
  },
};

const problemSchema = (code: ProblemCode): JsonSchema => {
  const { status, title } = problems[code];
  const { members = {}, always = [] } = problemKinds[code];
  return {
    type: 'object',
    title: code,
    description: `${title}.`,
    properties: {
      type: { type: 'string', const: `urn:millrace:problem:${code}` },
      title: { type: 'string', const: title },
      status: { type: 'integer', const: status },
      detail: { type: 'string', description: 'What is wrong, and what to do, for people.' },
      code: { type: 'string', const: code },
      requestId: { type: 'string', description: 'The id of the request, by which it is found in the logs.' },
      errors,
      ...members,
    },
    required: ['type', 'title', 'status', 'detail', 'code', 'requestId', ...always],
    examples: [sampleProblem(code)],
  };
};

/** A schema for each problem, by its name. */
export const problemSchemas = (): Readonly<Record<string, JsonSchema>> =>
  Object.fromEntries(problemCodes.map((code) => [problemSchemaName(code), problemSchema(code)]));

/** Any of these problems: told apart by their code. */
export const anyOfProblems = (codes: readonly ProblemCode[]): JsonSchema => {
  const [only, ...others] = codes;
  if (only !== undefined && others.length === 0) return refTo(problemSchemaName(only));
  const refs = codes.map((code) => [code, refTo(problemSchemaName(code))] as const);
  return {
    oneOf: refs.map(([, ref]) => ref),
    discriminator: {
      propertyName: 'code',
      mapping: Object.fromEntries(refs.map(([code, { $ref }]) => [code, $ref])),
    },
  };
};
