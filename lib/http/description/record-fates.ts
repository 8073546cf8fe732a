import type { JsonSchema } from './json-schemas.ts';

export const whole = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description });
export const partition = whole('The partition that it is about.');

const outcome = (said: readonly string[]): JsonSchema => ({ type: 'string', enum: said });
const code: JsonSchema = { type: 'string', description: 'The code of the problem that it met.' };

const lines: JsonSchema = {
  type: 'string',
  description: 'The lines that it took, as 1-1000,1003.',
};

/** What became of each record, in request order. */
const results: JsonSchema = {
  type: 'array',
  description: 'What became of each record, in request order. Send again only those that were not_written.',
  items: {
    oneOf: [
      {
        type: 'object',
        properties: {
          outcome: outcome(['written']),
          partition,
          offset: whole('Where the record stands in its partition.'),
          timestamp: { type: 'string', format: 'date-time' },
        },
        required: ['outcome', 'partition', 'offset', 'timestamp'],
      },
      {
        type: 'object',
        properties: { outcome: outcome(['not_written', 'unknown']), partition, code },
        required: ['outcome', 'partition', 'code'],
      },
    ],
  },
};

/** The same where each record was a line, and there were more than requestRecords: of each append. */
const appends: JsonSchema = {
  type: 'array',
  description:
    'Instead of results, of a request of many lines: what became of each append. Send again only the lines of those that were not_written.',
  items: {
    oneOf: [
      {
        type: 'object',
        properties: {
          outcome: outcome(['written']),
          partition,
          offset: whole('Where its first record stands.'),
          appendedAt: { type: 'string', format: 'date-time' },
          records: whole('How many records it has.'),
          lines,
        },
        required: ['outcome', 'partition', 'offset', 'appendedAt', 'records', 'lines'],
      },
      {
        type: 'object',
        properties: {
          outcome: outcome(['not_written', 'unknown']),
          partition,
          code,
          records: whole('How many records it has.'),
          lines,
        },
        required: ['outcome', 'partition', 'code', 'records', 'lines'],
      },
    ],
  },
};

/** What says of a request over several partitions what became of its records. */
export const fates = { results, records: whole('How many records there were.'), appends };
