import type { ProblemCode } from '../../domain/errors.ts';
import type { Operation } from './operation.ts';
import { acksOperation } from './operations/acks.ts';
import { endpointOperations } from './operations/endpoints.ts';
import { erasureOperations } from './operations/erasures.ts';
import { attemptsOperation } from './operations/groups/attempts.ts';
import { groupOperations } from './operations/groups/groups.ts';
import { pauseOperations } from './operations/groups/pause.ts';
import { redriveOperation } from './operations/groups/redrive.ts';
import { seekOperation } from './operations/groups/seek.ts';
import { keyOperations } from './operations/keys.ts';
import { openOperations } from './operations/open.ts';
import { produceOperations } from './operations/produce.ts';
import { pullOperations } from './operations/pull.ts';
import { readOperations } from './operations/records.ts';
import { resendOperations } from './operations/resend.ts';
import { schemaOperations } from './operations/schemas.ts';
import { topicOperations } from './operations/topics.ts';

/** Every operation of the interface, in the order in which they are shown. */
export const operations: readonly Operation[] = [
  ...produceOperations,
  ...readOperations,
  ...topicOperations,
  ...schemaOperations,
  ...groupOperations,
  attemptsOperation,
  ...pauseOperations,
  seekOperation,
  redriveOperation,
  ...pullOperations,
  ...endpointOperations,
  acksOperation,
  ...resendOperations,
  ...erasureOperations,
  ...keyOperations,
  ...openOperations,
];

/** Whatever is asked for, it may come with a parameter that is not known, or at a moment at which the store is away. */
const ofAll: readonly ProblemCode[] = [
  'invalid_request',
  'unauthorized',
  'throttled',
  'unavailable',
  'internal',
];
const ofBodies: readonly ProblemCode[] = [
  'too_large',
  'limit_exceeded',
  'unsupported_media_type',
  'request_timeout',
];

/** Every problem that the operation can be answered. */
export const problemsOf = ({ scopes, path, body, problems }: Operation): readonly ProblemCode[] => {
  if (scopes === 'open')
    return [...new Set(['invalid_request' as const, ...(body === undefined ? [] : ofBodies), ...problems])];
  const isRestricted = scopes.length > 0 || path.includes(':topic');
  const all = [...ofAll, ...(isRestricted ? (['forbidden'] as const) : [])];
  return [...new Set([...all, ...(body === undefined ? [] : ofBodies), ...problems])];
};
