import * as z from 'zod/mini';
import { compatibilities } from '../../domain/schemas.ts';
import { whenNeeded } from './check.ts';

const rule = 'Give "backward", "forward", "full" or "none".';
const compatibility = () => z.enum(compatibilities, rule);
const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `PUT /v1/topics/{topic}/schema`. What the schema says is looked at by what compiles it. */
export const schemaSettings = whenNeeded(() =>
  z.strictObject({
    schema: z.unknown().check(z.refine(isObject, 'Give a JSON Schema, as an object.')),
    compatibility: z.exactOptional(compatibility()),
  }),
);

/** `PATCH /v1/topics/{topic}/schema` */
export const schemaChange = whenNeeded(() => z.strictObject({ compatibility: compatibility() }));
