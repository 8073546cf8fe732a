import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, text, time, whole } from './parts.ts';

const start = () =>
  z
    .union([
      z.enum(['earliest', 'latest']),
      z.object({ timestamp: z.string() }),
      z.object({ offsets: z.record(z.string(), whole('An offset.')) }),
    ])
    .check(z.meta({ description: 'Where it was asked to begin.' }));

const delivery = () =>
  z
    .object({
      batchSize: whole('Records of one request at most.'),
      timeoutSeconds: whole('For how long an answer is waited for.'),
      backoff: z.object({
        initialSeconds: z.number().check(z.meta({ description: 'The pause after the first failure.' })),
        maxSeconds: z.number().check(z.meta({ description: 'The longest pause.' })),
      }),
    })
    .check(z.meta({ description: 'How its endpoint is called.' }));

const pause = () =>
  z
    .object({
      endpoint: text('The id of the endpoint that was disabled last.'),
      reason: z.exactOptional(text('Why it was disabled.')),
      since: z.exactOptional(time('When it was disabled.')),
    })
    .check(z.meta({ description: 'What paused the group. Absent while it is active.' }));

const fields = () => ({
  name: text('Its name.'),
  topic: text('The topic that it reads.'),
  mode: z
    .enum(['push', 'pull', 'shared'])
    .check(z.meta({ description: 'How it gets its records: "push" by webhook.' })),
  status: z
    .enum(['active', 'paused'])
    .check(z.meta({ description: 'paused: it has endpoints, and all of them are disabled.' })),
  pausedBy: z.exactOptional(pause()),
  start: start(),
  delivery: z.exactOptional(delivery()),
  endpoints: whole('How many endpoints it has, disabled ones too.'),
  createdAt: time('When it was created.'),
});

export const groupAnswer = whenNeeded(() => z.object(fields()));
export type GroupAnswer = z.output<ReturnType<typeof groupAnswer>>;

export const groupListAnswer = whenNeeded(() => z.object({ groups: listOf(groupAnswer()) }));
export type GroupListAnswer = z.output<ReturnType<typeof groupListAnswer>>;

export const partitionProgress = whenNeeded(() =>
  z.object({
    partition: whole('The number of the partition.'),
    committed: whole('The next offset to deliver.'),
    end: whole('The offset that the next record of the partition will have.'),
    lag: whole('Records that are still to be delivered.'),
    lost: whole('Records that retention took before they were delivered.'),
    owner: z
      .nullable(z.string())
      .check(z.meta({ description: 'Who delivers the partition at this moment. null: nobody.' })),
    attempts: z.exactOptional(whole('Failed attempts at the next message, one after another. Absent: none.')),
    retryAt: z.exactOptional(time('When it is tried again.')),
    lastFailure: z.exactOptional(text('Why the last attempt failed.')),
  }),
);
export type PartitionProgress = z.output<ReturnType<typeof partitionProgress>>;

export const groupProgressAnswer = whenNeeded(() =>
  z.object({
    ...fields(),
    lag: whole('Records that are still to be delivered, in all partitions.'),
    lost: whole('Records that retention took before they were delivered, in all partitions.'),
    partitions: listOf(partitionProgress()),
  }),
);
export type GroupProgressAnswer = z.output<ReturnType<typeof groupProgressAnswer>>;
