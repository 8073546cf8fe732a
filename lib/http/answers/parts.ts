import * as z from 'zod/mini';

/**
 * The schemas in this folder say what the answers are. Whoever makes an answer takes the type alone, so that no function has
 * a library for it; the description (lib/http/description) takes the schemas.
 */

/** ISO 8601 in UTC, with milliseconds. */
export const time = (description: string) =>
  z.string().check(z.meta({ description, format: 'date-time', examples: ['2026-03-10T05:16:23.000Z'] }));

/** A whole number, 0 or more. */
export const whole = (description: string) => z.int().check(z.minimum(0), z.meta({ description }));

export const text = (description: string) => z.string().check(z.meta({ description }));

/** A list that nobody changes. */
export const listOf = <Item extends z.ZodMiniType>(item: Item) => z.readonly(z.array(item));
