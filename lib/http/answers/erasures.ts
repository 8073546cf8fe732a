import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, text, time, whole } from './parts.ts';

export const erasureAnswer = whenNeeded(() =>
  z.object({
    id: text('Its id.'),
    topic: text('The topic whose records are erased.'),
    requestedAt: time('When it was asked for.'),
    status: z.enum(['running', 'done']).check(
      z.meta({
        description: 'done: nothing of the key that was there when it was asked for is left in the archive.',
      }),
    ),
    erased: whole('Records that were erased so far.'),
    partitions: z
      .object({ done: whole('Partitions that are done.'), of: whole('Partitions in all.') })
      .check(z.meta({ description: 'How far it is.' })),
  }),
);
export type ErasureAnswer = z.output<ReturnType<typeof erasureAnswer>>;

export const erasureListAnswer = whenNeeded(() => z.object({ erasures: listOf(erasureAnswer()) }));
export type ErasureListAnswer = z.output<ReturnType<typeof erasureListAnswer>>;
