import { type AttemptOutcome, type AttemptPlace, attemptOutcomes } from '../../domain/delivery/attempts.ts';
import { Problem } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { parseWhole } from '../../domain/text/decimals.ts';
import { parseTimestamp } from '../../domain/text/timestamps.ts';
import type { AttemptQuery } from '../../stores/attempts.ts';
import { limitedNumber } from '../query.ts';

export const attemptParameters = ['endpoint', 'outcome', 'from', 'to', 'limit', 'cursor'] as const;

type Query = Readonly<Partial<Record<(typeof attemptParameters)[number], string>>>;

export const defaultAttempts = 100;

/** What `outcome` may be: one of them, or those of a failure. */
export const outcomeChoices = [...attemptOutcomes, 'failed'] as const;

const invalid = (path: string, message: string): Problem =>
  new Problem('invalid_request', `The query parameter "${path}" is not valid. ${message}`, {
    errors: [{ path, message }],
  });

const outcomesIn = (text: string | undefined): readonly AttemptOutcome[] => {
  if (text === undefined) return attemptOutcomes;
  const outcomes = attemptOutcomes.filter((outcome) =>
    text === 'failed' ? outcome !== 'acknowledged' : outcome === text,
  );
  if (outcomes.length > 0) return outcomes;
  throw invalid('outcome', `Give one of ${outcomeChoices.map((each) => `"${each}"`).join(', ')}.`);
};

const timeIn = (name: 'from' | 'to', text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const time = parseTimestamp(text);
  if (time !== undefined) return time;
  throw invalid(
    name,
    'Give a time as ISO 8601 with an offset, as 2024-05-01T12:00:00Z ("+" is written %2B).',
  );
};

const placeIn = (text: string): AttemptPlace => {
  const [digits = '', attemptId = '', ...rest] = Buffer.from(text, 'base64url').toString().split('/');
  const at = parseWhole(digits);
  if (at !== undefined && /^[0-9a-zA-Z_-]{1,64}$/.test(attemptId) && rest.length === 0)
    return { at, attemptId };
  throw invalid('cursor', 'Give the nextCursor of the page before.');
};

/** A cursor is the place of the last attempt of the page before, as base64url. */
export const attemptCursor = ({ at, attemptId }: AttemptPlace): string =>
  Buffer.from(`${at}/${attemptId}`).toString('base64url');

/**
 * Which attempts are asked for: of all that are kept where nothing is said.
 * @param now wall clock ms.
 * @throws Problem `invalid_request`, `limit_exceeded`
 */
export const parseAttemptQuery = (query: Query, now: number): AttemptQuery => {
  const to = timeIn('to', query.to);
  const kept = Math.floor(now - limits.attemptKeptMs);
  return {
    outcomes: outcomesIn(query.outcome),
    ...(query.endpoint !== undefined && { endpointId: query.endpoint }),
    from: Math.max(kept, timeIn('from', query.from) ?? 0),
    ...(to !== undefined && { to }),
    limit: limitedNumber('limit', query.limit, { from: 1, absent: defaultAttempts, limit: 'listAttempts' }),
    ...(query.cursor !== undefined && { before: placeIn(query.cursor) }),
  };
};
