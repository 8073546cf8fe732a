import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, text, time, whole } from './parts.ts';

const state = (description: string) => z.enum(['running', 'done', 'given-up']).check(z.meta({ description }));

const partition = () =>
  z.object({
    partition: whole('The number of the partition.'),
    from: whole('The offset of the first record.'),
    to: whole('The offset after the last.'),
    next: whole('The offset of the next to be sent.'),
    status: state('As that of the whole.'),
    refused: whole('Records of messages that the endpoint refused, which were passed over.'),
    lost: whole('Records that retention had taken.'),
    attempts: z.exactOptional(
      whole('How often the next message failed, one time after the other. Absent: never.'),
    ),
    retryAt: z.exactOptional(time('When it is sent again.')),
    lastFailure: z.exactOptional(text('Why the last attempt failed.')),
  });

export const resendAnswer = whenNeeded(() =>
  z.object({
    id: text('Its id.'),
    requestedAt: time('When it was asked for.'),
    status: state(
      '"running": something is left. "done": nothing is. "given-up": something is left, and the endpoint could not be called ten times, one after the other.',
    ),
    records: whole('Records that were asked for.'),
    done: whole('Those of them that it is through with.'),
    left: whole('The rest.'),
    refused: whole('Of what is done: records of messages that the endpoint refused.'),
    partitions: listOf(partition()),
  }),
);
export type ResendAnswer = z.output<ReturnType<typeof resendAnswer>>;
