import { Problem } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { parseWhole } from '../../domain/text/decimals.ts';
import { parseTimestamp } from '../../domain/text/timestamps.ts';
import { limitedNumber } from '../query.ts';

export type FetchFrom =
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'time'; readonly timestampMs: number };

export interface FetchRequest {
  readonly from: FetchFrom;
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly waitMs: number;
}

export const fetchParameters = ['offset', 'timestamp', 'limit', 'maxBytes', 'waitSeconds'] as const;

type FetchQuery = Readonly<Partial<Record<(typeof fetchParameters)[number], string>>>;

const defaultRecords = 100;

const invalid = (path: string, message: string): Problem =>
  new Problem('invalid_request', `The query parameter "${path}" is not valid. ${message}`, {
    errors: [{ path, message }],
  });

const fetchFrom = ({ offset, timestamp }: FetchQuery): FetchFrom => {
  if (offset !== undefined && timestamp !== undefined) {
    throw invalid('timestamp', 'Give offset or timestamp, not both.');
  }
  if (timestamp !== undefined) {
    const timestampMs = parseTimestamp(timestamp);
    if (timestampMs !== undefined) return { kind: 'time', timestampMs };
    throw invalid(
      'timestamp',
      'Give a time as ISO 8601 with an offset, as 2024-05-01T12:00:00Z ("+" is written %2B).',
    );
  }
  if (offset === undefined || offset === 'earliest') return { kind: 'earliest' };
  if (offset === 'latest') return { kind: 'latest' };
  const number = parseWhole(offset);
  if (number !== undefined) return { kind: 'offset', offset: number };
  throw invalid(
    'offset',
    'Give a whole number in decimal digits without a zero in front, "earliest" or "latest".',
  );
};

/**
 * What a fetch asks for: from its oldest record, 100 records and no waiting where nothing is said.
 * @throws Problem `invalid_request`, `limit_exceeded`
 */
export const parseFetch = (query: FetchQuery): FetchRequest => ({
  from: fetchFrom(query),
  maxRecords: limitedNumber('limit', query.limit, { from: 1, absent: defaultRecords, limit: 'fetchRecords' }),
  maxBytes: limitedNumber('maxBytes', query.maxBytes, {
    from: 1,
    absent: limits.fetchBytes,
    limit: 'fetchBytes',
  }),
  waitMs:
    1000 * limitedNumber('waitSeconds', query.waitSeconds, { from: 0, absent: 0, limit: 'fetchWaitSeconds' }),
});
