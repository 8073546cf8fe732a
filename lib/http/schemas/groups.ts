import * as z from 'zod/mini';
import { limits } from '../../domain/limits.ts';
import { isAny, recordOf, refused, timestamp, whenNeeded, wholeBetween } from './check.ts';

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
const noAttempts =
  'Leave maxAttempts out: it is not there yet. A record that is refused is tried for as long as it takes.';

const backoff = () =>
  z.strictObject({
    initialSeconds: z.exactOptional(seconds(0.1, longestBackoffSeconds)),
    maxSeconds: z.exactOptional(seconds(0.1, longestBackoffSeconds)),
  });

const isAnything = () => z.refine<object>(isAny, 'Give at least one setting.');

/** What is given of the settings of delivery. A change names at least one, on each level. */
const delivery = (given: ReturnType<typeof backoff> = backoff()) =>
  z.strictObject({
    batchSize: z.exactOptional(wholeBetween(1, limits.deliveryRecords, 'deliveryRecords')),
    timeoutSeconds: z.exactOptional(wholeBetween(1, limits.deliveryTimeoutSeconds, 'deliveryTimeoutSeconds')),
    maxAttempts: refused(noAttempts),
    backoff: z.exactOptional(given),
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

const fixed = (what: string): string =>
  `${what} of a group cannot be changed: delete it, and create it again or another.`;

/** `PATCH /v1/topics/{topic}/groups/{group}`. That nothing is given is only said where nothing else is wrong. */
export const groupChange = whenNeeded(() =>
  z.pipe(
    z
      .strictObject({
        mode: refused(fixed('The mode')),
        start: refused(fixed('The start')),
        delivery: z.exactOptional(delivery(backoff().check(isAnything())).check(isAnything())),
      })
      .check(z.refine(isAny, { path: ['delivery'], error: 'This is missing. Give an object ({…}).' })),
    z.transform(({ delivery: given = {} }) => ({ delivery: given })),
  ),
);
