import * as z from 'zod';
import { deliveryDefaults } from '../../domain/groups.ts';
import { limits } from '../../domain/limits.ts';
import { timestamp, wholeBetween } from './check.ts';

const offsets = z
  .record(z.string(), wholeBetween(0, Number.MAX_SAFE_INTEGER))
  .refine(
    (given) => Object.keys(given).length <= limits.partitionsPerTopic,
    'There are more than the topic can have partitions.',
  );

const start = z.union(
  [z.enum(['earliest', 'latest']), z.strictObject({ timestamp }), z.strictObject({ offsets })],
  'Give "earliest", "latest", {"timestamp": …} or {"offsets": {"<partition>": …}}.',
);

const seconds = (from: number, to: number): z.ZodNumber => {
  const message = `Give seconds from ${from} to ${to}.`;
  return z.number(message).min(from, message).max(to, message);
};

const longestBackoffSeconds = 24 * 60 * 60;
const { batchSize, timeoutSeconds, maxAttempts, backoff } = deliveryDefaults;

const delivery = z.strictObject({
  batchSize: wholeBetween(1, limits.deliveryRecords, 'deliveryRecords').default(batchSize),
  timeoutSeconds: wholeBetween(1, limits.deliveryTimeoutSeconds, 'deliveryTimeoutSeconds').default(
    timeoutSeconds,
  ),
  maxAttempts: wholeBetween(1, 100).default(maxAttempts),
  backoff: z
    .strictObject({
      initialSeconds: seconds(0.1, longestBackoffSeconds).default(backoff.initialSeconds),
      maxSeconds: seconds(0.1, longestBackoffSeconds).default(backoff.maxSeconds),
    })
    .refine(({ initialSeconds, maxSeconds }) => initialSeconds <= maxSeconds, {
      path: ['maxSeconds'],
      message: 'maxSeconds is not less than initialSeconds.',
    })
    .prefault({}),
});

const pushAlone = (issue: { readonly input?: unknown }): string =>
  issue.input === 'pull' ? 'Groups of mode "pull" are not available yet: give "push".' : 'Give "push".';

/** `PUT /v1/topics/{topic}/groups/{group}` */
export const groupSettings = z.strictObject({
  mode: z.literal('push', { error: pushAlone }),
  start: start.default('latest'),
  delivery: delivery.prefault({}),
});
