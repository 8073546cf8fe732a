import * as z from 'zod/mini';
import { scopes } from '../../domain/keys.ts';
import { limits } from '../../domain/limits.ts';
import { parseTimestamp } from '../../domain/text/timestamps.ts';
import { isAny, name, timestamp, whenNeeded, wholeBetween } from './check.ts';

const allDiffer = (items: readonly string[]): boolean => new Set(items).size === items.length;

const topicPattern = () =>
  z
    .string()
    .check(
      z.regex(
        /^(\*|[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}\*?)$/,
        'Give a topic name, or the beginning of one followed by "*".',
      ),
    );

const rate = (limit: 'quotaRecordsPerSecond' | 'quotaBytesPerSecond') =>
  z.exactOptional(wholeBetween(1, limits[limit], limit));

const quota = whenNeeded(() =>
  z
    .strictObject({
      recordsPerSecond: rate('quotaRecordsPerSecond'),
      bytesPerSecond: rate('quotaBytesPerSecond'),
      burstSeconds: z._default(wholeBetween(1, limits.quotaBurstSeconds, 'quotaBurstSeconds'), 1),
    })
    .check(
      z.refine(
        ({ recordsPerSecond, bytesPerSecond }) => (recordsPerSecond ?? bytesPerSecond) !== undefined,
        'Give recordsPerSecond, bytesPerSecond or both.',
      ),
    ),
);

const expiry = whenNeeded(() =>
  z.pipe(
    timestamp(),
    z.transform((text: string) => parseTimestamp(text) ?? 0),
  ),
);

/** `POST /v1/keys` */
export const newKeySettings = whenNeeded(() =>
  z.strictObject({
    name: name(),
    scopes: z
      .array(z.enum(scopes, `A scope is one of ${scopes.join(', ')}.`))
      .check(z.minLength(1, 'Give at least one scope.'), z.refine(allDiffer, 'Each scope is given once.')),
    topics: z.exactOptional(
      z
        .array(topicPattern())
        .check(
          z.minLength(1, 'Give at least one topic, or leave "topics" out for every topic.'),
          z.maxLength(limits.keyTopics, `At most ${limits.keyTopics} topics (limit keyTopics).`),
        ),
    ),
    expiresAt: z.exactOptional(expiry()),
    quota: z.exactOptional(quota()),
  }),
);

/** `PATCH /v1/keys/{id}` */
export const keyChange = whenNeeded(() =>
  z
    .strictObject({
      name: z.exactOptional(name()),
      expiresAt: z.exactOptional(z.nullable(expiry())),
      quota: z.exactOptional(z.nullable(quota())),
    })
    .check(z.refine(isAny, 'Give name, expiresAt or quota.')),
);
