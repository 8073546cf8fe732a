import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, text, time, whole } from './parts.ts';

export const attemptAnswer = whenNeeded(() =>
  z.object({
    id: text('Its id.'),
    at: time('When the request was begun.'),
    partition: whole('The number of the partition that its records are of.'),
    endpoint: text('The id of the endpoint that was called.'),
    messageId: text('The `webhook-id` of the request: the same on every attempt of a message.'),
    from: whole('The offset of the first record of the message.'),
    to: whole('The offset after the last.'),
    records: whole('How many records it had.'),
    attempt: whole('Which attempt of the message it was: 1 is the first.'),
    outcome: z.enum(['acknowledged', 'refusal', 'outage']).check(
      z.meta({
        description:
          '"outage": the endpoint could take no message then. "refusal": it did not want this one. "acknowledged": it took it, or a part of it.',
      }),
    ),
    status: z.exactOptional(whole('The status of the answer. Absent: there was none.')),
    durationMs: z.number().check(
      z.minimum(0),
      z.meta({
        description: 'From the resolution of the name until it was known what the answer says, ms.',
      }),
    ),
    reason: z.exactOptional(text('Of a failure: why.')),
    request: text(
      'Headers of the request, one a line, the first KiB. Signatures are left out, as are the headers that the endpoint has of its own.',
    ),
    answer: z.exactOptional(
      text(
        'How the body of the answer began, as one line, a KiB at most. Absent where it is no JSON or plain text, where it is about credentials or repeats what was sent, and of endpoints with headers of their own: it may hold a secret.',
      ),
    ),
    omitted: z.exactOptional(
      whole(
        'Attempts of the group which the same process made since the one before and did not log, since too many failed together. Absent: none.',
      ),
    ),
  }),
);

export const attemptListAnswer = whenNeeded(() =>
  z.object({
    attempts: listOf(attemptAnswer()),
    nextCursor: z.exactOptional(
      text('The cursor of the next page, which may be empty. Absent: there are no more.'),
    ),
  }),
);
export type AttemptAnswer = z.output<ReturnType<typeof attemptAnswer>>;
export type AttemptListAnswer = z.output<ReturnType<typeof attemptListAnswer>>;
