import * as z from 'zod/mini';
import { compatibilities } from '../../domain/schemas.ts';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, text, time, whole } from './parts.ts';

const version = () => whole('The number of the version, from 1 on.');
const schema = () => z.unknown().check(z.meta({ description: 'The JSON Schema, draft 2020-12.' }));
const compatibility = () =>
  z
    .enum(compatibilities)
    .check(z.meta({ description: 'What the next version has to be to the one in force.' }));

export const schemaVersionAnswer = whenNeeded(() =>
  z.object({ version: version(), createdAt: time('When it was set.'), schema: schema() }),
);
export type SchemaVersionAnswer = z.output<ReturnType<typeof schemaVersionAnswer>>;

export const schemaAnswer = whenNeeded(() =>
  z.object({
    version: version(),
    createdAt: time('When it was set.'),
    schema: schema(),
    compatibility: compatibility(),
  }),
);
export type SchemaAnswer = z.output<ReturnType<typeof schemaAnswer>>;

export const schemaVersionsAnswer = whenNeeded(() =>
  z.object({
    versions: listOf(z.object({ version: version(), createdAt: time('When it was set.') })),
    inForce: z
      .nullable(z.int())
      .check(z.meta({ description: 'The version that records are checked against. null: none is.' })),
  }),
);
export type SchemaVersionsAnswer = z.output<ReturnType<typeof schemaVersionsAnswer>>;

export const schemaTrialAnswer = whenNeeded(() =>
  z.object({
    compatible: z.boolean().check(z.meta({ description: 'Whether it could be set.' })),
    version: whole('The number that it would have, or has already.'),
    compatibility: compatibility(),
    errors: listOf(
      z.object({
        path: text('Where in a value, as value/address/zip; "*" stands for any name or index.'),
        message: text('What one schema allows and the other does not.'),
      }),
    ),
  }),
);
export type SchemaTrialAnswer = z.output<ReturnType<typeof schemaTrialAnswer>>;
