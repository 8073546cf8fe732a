import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, text, time, whole } from './parts.ts';

const partition = () => whole('The number of the partition.');

export const producedResult = whenNeeded(() =>
  z.object({
    partition: partition(),
    offset: whole('Where the record stands in its partition.'),
    timestamp: time('The time that the record was given, else that of its append.'),
  }),
);

export const producedAnswer = whenNeeded(() =>
  z.union([
    z.object({
      results: listOf(producedResult()).check(
        z.meta({ description: 'Where each record is, in request order.' }),
      ),
    }),
    z
      .object({
        records: whole('How many records were written.'),
        appends: listOf(
          z.object({
            outcome: z.literal('written'),
            partition: partition(),
            offset: whole('Where its first record stands.'),
            appendedAt: time('When it was appended.'),
            records: whole('How many records it has.'),
            lines: text('The lines that it took, as 1-1000,1003.'),
          }),
        ),
      })
      .check(z.meta({ description: 'Of a request of many lines: where each append is.' })),
  ]),
);

/** Of more lines than `limits.requestRecords`: not each by itself, but the appends that they were in. */
export const linesAnswer = whenNeeded(() =>
  z.object({
    records: whole('How many records there were, each in its line.'),
    appends: listOf(
      z.object({
        outcome: z.literal('written'),
        partition: partition(),
        offset: whole(
          'Where the first of its records stands. The others follow, in the order of their lines.',
        ),
        appendedAt: time('When it was appended.'),
        records: whole('How many records it has.'),
        lines: text('Their lines in the body, from 1: 1-1000,1003.'),
      }),
    ),
  }),
);

export const recordAnswer = whenNeeded(() =>
  z.object({
    partition: partition(),
    offset: whole('Where the record stands in its partition.'),
    timestamp: time('The time that the record was given, else that of its append.'),
    appendedAt: z.exactOptional(time('When it was appended, where that is not its timestamp.')),
    key: z.exactOptional(text('Its key, where it has one.')),
    value: z.exactOptional(
      z.unknown().check(
        z.meta({
          description: 'Any JSON, null included: the bytes that went in. Absent where there is valueBase64.',
        }),
      ),
    ),
    valueBase64: z.exactOptional(
      z
        .string()
        .check(z.meta({ description: 'A value that is no JSON, in base64.', contentEncoding: 'base64' })),
    ),
    headers: z.exactOptional(
      z.record(z.string(), z.string()).check(z.meta({ description: 'Its headers, where it was given any.' })),
    ),
  }),
);

export const fetchedAnswer = whenNeeded(() =>
  z.object({
    records: listOf(recordAnswer()),
    nextOffset: whole('The offset to go on at.'),
    startOffset: whole('The oldest offset of the partition that can be read.'),
    endOffset: whole('The offset that the next record of the partition will have.'),
  }),
);

export const partitionsAnswer = whenNeeded(() =>
  z.object({
    partitions: listOf(
      z.object({
        partition: partition(),
        startOffset: whole('The oldest offset that can be read.'),
        endOffset: whole('The offset that the next record will have.'),
        archivedThrough: whole('Records below this offset are in the archive.'),
      }),
    ),
  }),
);
export type PartitionsAnswer = z.output<ReturnType<typeof partitionsAnswer>>;
