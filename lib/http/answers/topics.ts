import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, text, time, whole } from './parts.ts';

export const topicAnswer = whenNeeded(() =>
  z.object({
    name: text('Its name.'),
    partitions: whole('How many partitions it has.'),
    retentionHours: z
      .nullable(z.int())
      .check(z.meta({ description: 'For how long records are kept after their append. null: for ever.' })),
    retentionBytes: z
      .nullable(z.int())
      .check(z.meta({ description: 'Bytes of stored records that each partition keeps. null: any number.' })),
    archive: z.boolean().check(z.meta({ description: 'Whether records go to the archive.' })),
    cleanup: z.enum(['delete', 'compact']).check(
      z.meta({
        description:
          '"compact": of the records of a key the last one stays. "delete": retention alone takes records away.',
      }),
    ),
    createdAt: time('When it was created.'),
  }),
);
export type TopicAnswer = z.output<ReturnType<typeof topicAnswer>>;

export const topicListAnswer = whenNeeded(() =>
  z.object({
    topics: listOf(topicAnswer()),
    nextCursor: z.exactOptional(text('The cursor of the next page. Absent: this is the last one.')),
  }),
);
export type TopicListAnswer = z.output<ReturnType<typeof topicListAnswer>>;
