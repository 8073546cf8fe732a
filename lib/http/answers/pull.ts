import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, text, time, whole } from './parts.ts';
import { recordAnswer } from './records.ts';

const handedOutRecord = () =>
  z.extend(recordAnswer(), {
    topic: z.exactOptional(
      text('The dead-letter topic that it comes from, in a redrive. Absent: the topic of the group.'),
    ),
    deliveries: z.exactOptional(whole('How often it was handed out, this time included. Of mode "shared".')),
  });

export const polledAnswer = whenNeeded(() =>
  z.object({
    records: listOf(handedOutRecord()),
    assignment: listOf(whole('The number of a partition.')).check(
      z.meta({ description: 'The partitions that are the consumer\'s. None in mode "shared".' }),
    ),
    epochs: z.record(z.string(), z.int()).check(
      z.meta({
        description:
          'By partition: sent along with an acknowledgement, it is refused where there was a seek or another consumer since.',
      }),
    ),
    unacknowledged: z.exactOptional(
      listOf(whole('The number of a partition.')).check(
        z.meta({
          description:
            'Partitions whose acknowledgement, which came with the poll, was not taken, or may not have been: another was first. What was not acknowledged comes again. Absent: none.',
        }),
      ),
    ),
    leaseUntil: time('The consumer is no member any more then, unless it polls before.'),
    ackUntil: time('What is handed out here and not acknowledged by then is handed out again.'),
  }),
);
