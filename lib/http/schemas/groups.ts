import * as z from 'zod/mini';
import { deliveryFormats } from '../../domain/delivery/formats.ts';
import { firstFault, Problem } from '../../domain/errors.ts';
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

/** Or null for ever. */
const attempts = () => {
  const message = `Give a whole number from 1 to ${limits.maxAttempts} (limit maxAttempts), or null for ever.`;
  return z.nullable(z.int(message).check(z.minimum(1, message), z.maximum(limits.maxAttempts, message)));
};

/** An expression, or null for none; whether it is one is checked after it: `requireExpressions`. */
const expression = (limit: 'filterLength' | 'transformLength') => {
  const message = `Give an expression of JSONata, as a text of 1 to ${limits[limit]} characters (limit ${limit}), or null for none.`;
  return z.nullable(z.string(message).check(z.minLength(1, message), z.maxLength(limits[limit], message)));
};

const backoff = () =>
  z.strictObject({
    initialSeconds: z.exactOptional(seconds(0.1, longestBackoffSeconds)),
    maxSeconds: z.exactOptional(seconds(0.1, longestBackoffSeconds)),
  });

/** A part of all. */
const share = () => {
  const message = 'Give a number from 0 (none) to 1 (all).';
  return z.number(message).check(z.minimum(0, message), z.maximum(1, message));
};

const isAnything = () => z.refine<object>(isAny, 'Give at least one setting.');

const formatRule = `Give ${deliveryFormats.map((format) => `"${format}"`).join(', ')}.`;

/** What is given of the settings of delivery. A change names at least one, on each level. */
const delivery = (given: ReturnType<typeof backoff> = backoff()) =>
  z.strictObject({
    format: z.exactOptional(z.enum(deliveryFormats, formatRule)),
    batchSize: z.exactOptional(wholeBetween(1, limits.deliveryRecords, 'deliveryRecords')),
    timeoutSeconds: z.exactOptional(wholeBetween(1, limits.deliveryTimeoutSeconds, 'deliveryTimeoutSeconds')),
    maxAttempts: z.exactOptional(attempts()),
    ordering: z.exactOptional(z.enum(['partition', 'key', 'none'], 'Give "partition", "key" or "none".')),
    concurrency: z.exactOptional(wholeBetween(1, limits.deliveryConcurrency, 'deliveryConcurrency')),
    ack: z.exactOptional(z.enum(['response', 'explicit'], 'Give "response" or "explicit".')),
    ackTimeoutSeconds: z.exactOptional(wholeBetween(1, limits.ackTimeoutSeconds, 'ackTimeoutSeconds')),
    deadLetterAfterSeconds: z.exactOptional(seconds(0, longestBackoffSeconds)),
    backoff: z.exactOptional(given),
    attemptLog: z.exactOptional(z.strictObject({ successes: share() })),
    filter: z.exactOptional(expression('filterLength')),
    transform: z.exactOptional(expression('transformLength')),
  });

/** `POST /v1/topics/{topic}/groups/{group}/seek` */
export const seekRequest = whenNeeded(() => z.strictObject({ to: start() }));

/** A session of less would end between two polls of an ordinary client. */
const shortestSessionSeconds = 3;

const maxDeliveries = () => {
  const message = `Give a whole number from 1 to ${limits.maxDeliveries} (limit maxDeliveries), or null for ever.`;
  return z.nullable(z.int(message).check(z.minimum(1, message), z.maximum(limits.maxDeliveries, message)));
};

/** What is given of how a group that pulls is read. */
const reading = () => ({
  sessionTimeoutSeconds: z.exactOptional(
    wholeBetween(shortestSessionSeconds, limits.sessionTimeoutSeconds, 'sessionTimeoutSeconds'),
  ),
  ackTimeoutSeconds: z.exactOptional(wholeBetween(1, limits.ackTimeoutSeconds, 'ackTimeoutSeconds')),
  maxDeliveries: z.exactOptional(maxDeliveries()),
});

type GroupMode = 'push' | 'pull' | 'shared';

/** Which modes have a setting that not all of them have. */
const modesOf: Readonly<Record<string, readonly GroupMode[]>> = {
  delivery: ['push'],
  sessionTimeoutSeconds: ['pull', 'shared'],
  ackTimeoutSeconds: ['pull', 'shared'],
  maxDeliveries: ['shared'],
};

/** @throws Problem `invalid_request` when one of the settings given is not of the mode. */
export const requireOfMode = (mode: GroupMode, given: object): void => {
  const errors = Object.keys(given)
    .filter((name) => modesOf[name]?.includes(mode) === false)
    .map((path) => {
      const modes = modesOf[path]?.map((each) => `"${each}"`).join(' and ');
      return { path, message: `A group of mode "${mode}" has no such setting. Those of ${modes} have.` };
    });
  if (errors.length === 0) return;
  throw new Problem(
    'invalid_request',
    `The request is not valid. ${firstFault(errors)} Nothing was changed.`,
    { errors },
  );
};

const modeRule =
  'Give "pull" (members share the partitions), "shared" (members share the records) or "push" (a webhook is called).';

/** `PUT /v1/topics/{topic}/groups/{group}`. Which settings go with the mode is checked after it: `requireOfMode`. */
export const groupSettings = whenNeeded(() =>
  z.strictObject({
    mode: z.enum(['push', 'pull', 'shared'], modeRule),
    start: z._default(start(), 'latest'),
    ...reading(),
    delivery: z.exactOptional(delivery()),
  }),
);

const fixed = (what: string): string => `${what} of a group cannot be changed: create another group.`;

/** `PATCH /v1/topics/{topic}/groups/{group}`. That nothing is given is only said where nothing else is wrong. */
export const groupChange = whenNeeded(() =>
  z
    .strictObject({
      mode: refused(fixed('The mode')),
      start: refused(
        'The start of a group cannot be changed. Have it go on elsewhere with POST …/groups/{group}/seek.',
      ),
      ...reading(),
      delivery: z.exactOptional(delivery(backoff().check(isAnything())).check(isAnything())),
    })
    .check(isAnything()),
);
