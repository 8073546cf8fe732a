import * as z from 'zod/mini';
import { scopes } from '../../domain/keys.ts';
import { limits } from '../../domain/limits.ts';
import { parseTimestamp } from '../../domain/timestamps.ts';
import { name, timestamp, whenNeeded } from './check.ts';

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
    expiresAt: z.exactOptional(
      z.pipe(
        timestamp(),
        z.transform((text: string) => parseTimestamp(text) ?? 0),
      ),
    ),
  }),
);
