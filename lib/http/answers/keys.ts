import * as z from 'zod/mini';
import { scopes } from '../../domain/keys.ts';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, text, time, whole } from './parts.ts';

const fields = () => ({
  id: text('Its id, by which it is deleted.'),
  name: text('Its name.'),
  scopes: z.readonly(z.array(z.enum(scopes))).check(z.meta({ description: 'What it may do.' })),
  topics: z.exactOptional(
    z.readonly(z.array(z.string())).check(
      z.meta({
        description: 'Topics that it is for: names, or their beginnings with "*". Absent: every one.',
      }),
    ),
  ),
  expiresAt: z.exactOptional(time('From when on it is not valid any more. Absent: it does not expire.')),
  quota: z.exactOptional(
    z
      .object({
        recordsPerSecond: z.exactOptional(whole('Records it may produce.')),
        bytesPerSecond: z.exactOptional(whole('Bytes of records it may produce, before compression.')),
        burstSeconds: whole('The use of so many seconds may come at once.'),
      })
      .check(
        z.meta({ description: 'What it may use of each process that takes requests. Absent: no quota.' }),
      ),
  ),
  createdAt: time('When it was created.'),
});

export const keyAnswer = whenNeeded(() => z.object(fields()));
export type KeyAnswer = z.output<ReturnType<typeof keyAnswer>>;

export const newKeyAnswer = whenNeeded(() =>
  z.object({ ...fields(), key: text('The key itself (mr_…). It is shown this once.') }),
);
export type NewKeyAnswer = z.output<ReturnType<typeof newKeyAnswer>>;

export const keyListAnswer = whenNeeded(() => z.object({ keys: listOf(keyAnswer()) }));
export type KeyListAnswer = z.output<ReturnType<typeof keyListAnswer>>;
