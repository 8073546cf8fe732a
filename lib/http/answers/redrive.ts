import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, whole } from './parts.ts';

export const redriveAnswer = whenNeeded(() =>
  z.object({
    partitions: listOf(
      z.object({
        partition: whole('The number of a partition of the dead-letter topic.'),
        from: whole('The offset of the first dead letter there.'),
        to: whole('The offset after the last.'),
        records: whole('How many these are.'),
      }),
    ),
    records: whole('The sum of all partitions.'),
  }),
);
export type RedriveAnswer = z.output<ReturnType<typeof redriveAnswer>>;
