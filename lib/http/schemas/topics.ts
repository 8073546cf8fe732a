import * as z from 'zod/mini';
import { Problem } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { isName } from '../../domain/text/names.ts';
import { topicDefaults } from '../../domain/topics.ts';
import { limitedNumber } from '../query.ts';
import { isAny, whenNeeded, wholeBetween } from './check.ts';

const partitions = () => wholeBetween(1, limits.partitionsPerTopic, 'partitionsPerTopic');
const retentionHours = () => z.nullable(wholeBetween(1, limits.retentionHours, 'retentionHours'));
const retentionBytes = () => z.nullable(wholeBetween(1, limits.retentionBytes, 'retentionBytes'));
const archive = () => z.boolean();
const cleanup = () => z.enum(['delete', 'compact'], 'Give "delete" or "compact".');

/** `PUT /v1/topics/{topic}` */
export const topicSettings = whenNeeded(() =>
  z.strictObject({
    partitions: z._default(partitions(), topicDefaults.partitions),
    retentionHours: z.exactOptional(retentionHours()),
    retentionBytes: z._default(retentionBytes(), null),
    archive: z._default(archive(), topicDefaults.archive),
    cleanup: z._default(cleanup(), 'delete'),
  }),
);

/** `PATCH /v1/topics/{topic}` */
export const topicChange = whenNeeded(() =>
  z
    .strictObject({
      partitions: z.exactOptional(partitions()),
      retentionHours: z.exactOptional(retentionHours()),
      retentionBytes: z.exactOptional(retentionBytes()),
      archive: z.exactOptional(archive()),
      cleanup: z.exactOptional(cleanup()),
    })
    .check(z.refine(isAny, 'Give partitions, retentionHours, retentionBytes, archive or cleanup.')),
);

export const topicListParameters = ['limit', 'cursor'] as const;

const defaultTopics = 100;

/**
 * The page of a list of topics. A cursor is the name of the last topic of the page before, as base64url.
 * @throws Problem `invalid_request`
 */
export const parseTopicList = (query: {
  readonly limit?: string;
  readonly cursor?: string;
}): { readonly limit: number; readonly after?: string } => {
  const limit = limitedNumber('limit', query.limit, { from: 1, absent: defaultTopics, limit: 'listTopics' });
  if (query.cursor === undefined) return { limit };
  const after = Buffer.from(query.cursor, 'base64url').toString();
  if (isName(after)) return { limit, after };
  throw new Problem('invalid_request', 'The query parameter "cursor" is not valid.', {
    errors: [{ path: 'cursor', message: 'Give the nextCursor of the page before.' }],
  });
};

export const topicCursor = (name: string): string => Buffer.from(name).toString('base64url');
