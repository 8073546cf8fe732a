import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, whole } from './parts.ts';

const move = () =>
  z.object({
    partition: whole('The number of the partition.'),
    from: whole('Where the group stood: the next offset that would have been delivered or handed out.'),
    to: whole('Where it goes on. The same as `from`: it stays where it was.'),
    records: whole('The offsets between: what is delivered once more, or left out.'),
  });

export const seekAnswer = whenNeeded(() =>
  z.object({ partitions: listOf(move()), records: whole('The sum of all partitions.') }),
);
export type SeekAnswer = z.output<ReturnType<typeof seekAnswer>>;
