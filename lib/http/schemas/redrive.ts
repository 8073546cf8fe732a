import * as z from 'zod/mini';
import { limits } from '../../domain/limits.ts';
import type { Choice } from '../../groups/redrive.ts';
import { recordOf, whenNeeded, wholeBetween } from './check.ts';

const offset = () => wholeBetween(0, Number.MAX_SAFE_INTEGER);
const partitionRule = 'Name partitions by their numbers, in decimal digits.';

const range = () =>
  z
    .strictObject({ from: offset(), to: offset() })
    .check(z.refine(({ from, to }) => to > from, 'Give a "to" above "from": it is exclusive.'));

/** `POST …/groups/{group}/redrive` */
export const redriveRequest = whenNeeded(() =>
  z
    .strictObject({
      ranges: z.exactOptional(
        recordOf(z.string().check(z.regex(/^(0|[1-9]\d{0,3})$/, partitionRule)), range()),
      ),
      record: z.exactOptional(
        z.strictObject({
          partition: wholeBetween(0, limits.partitionsPerTopic - 1, 'partitionsPerTopic'),
          offset: offset(),
        }),
      ),
    })
    .check(
      z.refine(
        ({ ranges, record }) => ranges === undefined || record === undefined,
        'Give "ranges" or "record", or neither for all that are new.',
      ),
    ),
);

/** Which dead letters a request is about. */
export const choiceOf = ({ ranges, record }: z.output<ReturnType<typeof redriveRequest>>): Choice => {
  if (record !== undefined)
    return [{ partition: record.partition, from: record.offset, to: record.offset + 1 }];
  if (ranges === undefined) return 'new';
  return Object.entries(ranges).map(([partition, { from, to }]) => ({
    partition: Number(partition),
    from,
    to,
  }));
};
