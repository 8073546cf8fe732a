import * as z from 'zod/mini';
import { deliveryDefaults } from '../../domain/groups.ts';
import { limits } from '../../domain/limits.ts';
import { recordOf, timestamp, whenNeeded, wholeBetween } from './check.ts';

const offsets = () =>
  recordOf(z.string(), wholeBetween(0, Number.MAX_SAFE_INTEGER)).check(
    z.refine(
      (given) => Object.keys(given).length <= limits.partitionsPerTopic,
      'There are more than the topic can have partitions.',
    ),
  );

const start = () =>
  z.union(
    [
      z.enum(['earliest', 'latest']),
      z.strictObject({ timestamp: timestamp() }),
      z.strictObject({ offsets: offsets() }),
    ],
    'Give "earliest", "latest", {"timestamp": …} or {"offsets": {"<partition>": …}}.',
  );

const seconds = (from: number, to: number): z.ZodMiniNumber => {
  const message = `Give seconds from ${from} to ${to}.`;
  return z.number(message).check(z.minimum(from, message), z.maximum(to, message));
};

const longestBackoffSeconds = 24 * 60 * 60;
const { batchSize, timeoutSeconds, maxAttempts, backoff } = deliveryDefaults;

const delivery = () =>
  z.strictObject({
    batchSize: z._default(wholeBetween(1, limits.deliveryRecords, 'deliveryRecords'), batchSize),
    timeoutSeconds: z._default(
      wholeBetween(1, limits.deliveryTimeoutSeconds, 'deliveryTimeoutSeconds'),
      timeoutSeconds,
    ),
    maxAttempts: z._default(wholeBetween(1, 100), maxAttempts),
    backoff: z.prefault(
      z
        .strictObject({
          initialSeconds: z._default(seconds(0.1, longestBackoffSeconds), backoff.initialSeconds),
          maxSeconds: z._default(seconds(0.1, longestBackoffSeconds), backoff.maxSeconds),
        })
        .check(
          z.refine(({ initialSeconds, maxSeconds }) => initialSeconds <= maxSeconds, {
            path: ['maxSeconds'],
            message: 'maxSeconds is not less than initialSeconds.',
          }),
        ),
      {},
    ),
  });

const pushAlone = (issue: { readonly input?: unknown }): string =>
  issue.input === 'pull' ? 'Groups of mode "pull" are not available yet: give "push".' : 'Give "push".';

/** `PUT /v1/topics/{topic}/groups/{group}` */
export const groupSettings = whenNeeded(() =>
  z.strictObject({
    mode: z.literal('push', { error: pushAlone }),
    start: z._default(start(), 'latest'),
    delivery: z.prefault(delivery(), {}),
  }),
);
