import type * as z from 'zod/mini';

/** A message on a queue that is none of ours. */
export class ForeignMessageError extends Error {
  override readonly name = 'ForeignMessageError';
}

/**
 * What is in a message's body, of which `what` is the word for errors.
 * @throws ForeignMessageError that says what is wrong with it, without repeating its content.
 */
export const fromMessage = <Content>(schema: z.ZodMiniType<Content>, what: string, body: string): Content => {
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch {
    throw new ForeignMessageError(`The message is not ${what}: its body is not JSON.`);
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const where = [...new Set(parsed.error.issues.map(({ path }) => path.join('.') || 'its body'))];
  throw new ForeignMessageError(`The message is not ${what}: wrong in ${where.join(', ')}.`);
};
