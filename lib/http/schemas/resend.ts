import * as z from 'zod/mini';
import { limits } from '../../domain/limits.ts';
import { whenNeeded, wholeBetween } from './check.ts';

const offset = () => wholeBetween(0, Number.MAX_SAFE_INTEGER);

const range = () =>
  z
    .strictObject({
      partition: wholeBetween(0, limits.partitionsPerTopic - 1, 'partitionsPerTopic'),
      from: offset(),
      to: offset(),
    })
    .check(z.refine(({ from, to }) => to > from, 'Give a "to" above "from": it is exclusive.'));

const rangesRule = `Give 1 to ${limits.resendRanges} ranges (limit resendRanges).`;

/** `POST …/endpoints/{endpoint}/resend` */
export const resendRequest = whenNeeded(() =>
  z.strictObject({
    ranges: z.array(range(), rangesRule).check(
      z.minLength(1, rangesRule),
      z.maxLength(limits.resendRanges, rangesRule),
      z.refine(
        (given) => new Set(given.map(({ partition }) => partition)).size === given.length,
        'Give one range of each partition at most.',
      ),
    ),
  }),
);
