// The small build, as in wake-message.ts.
import * as z from 'zod/mini';
import type { ArchiveTask } from '../../domain/archive/archive-tasks.ts';
import { limits } from '../../domain/limits.ts';
import { fromMessage } from './foreign-message.ts';

const name = z.string().check(z.minLength(1), z.maxLength(limits.nameLength));

let schema: z.ZodMiniType<ArchiveTask> | undefined;

/** Made when it is first needed: who only sends is spared it. */
const taskSchema = (): z.ZodMiniType<ArchiveTask> => {
  schema ??= z.object({
    topic: name,
    topicId: name,
    partition: z.int().check(z.minimum(0), z.maximum(limits.partitionsPerTopic - 1)),
  });
  return schema;
};

/** A message's body: the task as JSON. */
export const taskToMessage = (task: ArchiveTask): string => JSON.stringify(task);

/**
 * The task in a message's body.
 * @throws ForeignMessageError
 */
export const taskFromMessage = (body: string): ArchiveTask =>
  fromMessage(taskSchema(), 'a task of the archive', body);
