import { z } from 'zod';
import { limits } from '../../domain/limits.ts';
import type { Wake } from '../../domain/wakes.ts';

const id = z.string().min(1).max(limits.nameLength);

const wakeSchema = z.strictObject({
  kind: z.enum(['append', 'retry', 'continue', 'resume']),
  topicId: id,
  groupId: id,
  group: id,
  partition: z
    .int()
    .min(0)
    .max(limits.partitionsPerTopic - 1),
  epoch: z.int().min(0).exactOptional(),
  requestId: z.string().max(256).exactOptional(),
  traceparent: z.string().max(256).exactOptional(),
}) satisfies z.ZodType<Wake>;

/** A message on the queue that is no wake: nothing this product sent. */
export class ForeignMessageError extends Error {
  override readonly name = 'ForeignMessageError';
}

/** A message's body: the wake as JSON. */
export const wakeToMessage = (wake: Wake): string => JSON.stringify(wake);

/**
 * The wake in a message's body.
 * @throws ForeignMessageError that says what is wrong with it, without repeating its content.
 */
export const wakeFromMessage = (body: string): Wake => {
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch {
    throw new ForeignMessageError('The message is not a wake: its body is not JSON.');
  }
  const parsed = wakeSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const where = [...new Set(parsed.error.issues.map(({ path }) => path.join('.') || 'its body'))];
  throw new ForeignMessageError(`The message is not a wake: wrong in ${where.join(', ')}.`);
};
