// The small build, by its namespace: `{ z }` would put half a megabyte of translations into every function.
import * as z from 'zod/mini';
import type { Wake } from '../../domain/delivery/wakes.ts';
import { limits } from '../../domain/limits.ts';
import { fromMessage } from './foreign-message.ts';

const id = z.string().check(z.minLength(1), z.maxLength(limits.nameLength));

let schema: z.ZodMiniType<Wake> | undefined;

/** Made when it is first needed: functions that only send wakes are spared it, and the library too. */
const wakeSchema = (): z.ZodMiniType<Wake> => {
  schema ??= z.object({
    kind: z.enum(['append', 'retry', 'continue', 'due', 'resume']),
    topicId: id,
    groupId: id,
    group: id,
    partition: z.int().check(z.minimum(0), z.maximum(limits.partitionsPerTopic - 1)),
    lane: z.exactOptional(id),
    redriveId: z.exactOptional(id),
    epoch: z.exactOptional(z.int().check(z.minimum(0))),
    requestId: z.exactOptional(z.string().check(z.maxLength(256))),
  });
  return schema;
};

/** A message's body: the wake as JSON. */
export const wakeToMessage = (wake: Wake): string => JSON.stringify(wake);

/**
 * The wake in a message's body.
 * @throws ForeignMessageError
 */
export const wakeFromMessage = (body: string): Wake => fromMessage(wakeSchema(), 'a wake', body);
