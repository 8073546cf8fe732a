import { type FieldError, Problem } from '../domain/errors.ts';
import { exceededLimit, type LimitName, limits } from '../domain/limits.ts';
import { parseWhole } from '../domain/text/decimals.ts';
import type { ApiContext } from './api.ts';

const notText = 'The query is no text: give it as UTF-8, percent-encoded, with % itself as %25.';

/** Decodes what `URLSearchParams` would put another character in the place of. @throws Problem `invalid_request` */
const refuseUndecodable = (query: string): void => {
  try {
    decodeURIComponent(query);
  } catch (cause) {
    throw new Problem('invalid_request', notText, { errors: [{ path: '', message: notText }], cause });
  }
};

/**
 * The query parameters, each of them given at most once and one of `names`.
 * @throws Problem `invalid_request`
 */
export const readQuery = <Name extends string>(
  c: ApiContext,
  names: readonly Name[],
): Readonly<Partial<Record<Name, string>>> => {
  const query: Partial<Record<Name, string>> = {};
  if (!c.req.url.includes('?')) return query;
  const { search, searchParams } = new URL(c.req.url);
  refuseUndecodable(search);
  const errors: FieldError[] = [];
  const isKnown = (name: string): name is Name => (names as readonly string[]).includes(name);
  for (const name of new Set(searchParams.keys())) {
    const values = searchParams.getAll(name);
    if (!isKnown(name)) {
      const known = names.length === 0 ? 'This address takes none.' : `Known are ${names.join(', ')}.`;
      errors.push({ path: name.slice(0, 100), message: `Unknown query parameter. ${known}` });
    } else if (values.length > 1) errors.push({ path: name, message: 'Give this query parameter once.' });
    else query[name] = values[0] ?? '';
  }
  if (errors.length > 0) throw new Problem('invalid_request', 'The query is not valid.', { errors });
  return query;
};

/** @throws Problem `invalid_request` when there is any query parameter. */
export const noQuery = (c: ApiContext): void => {
  readQuery(c, []);
};

/** Whether a query parameter says `true`; absent, it does not. @throws Problem `invalid_request` */
export const flag = (name: string, text: string | undefined): boolean => {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw new Problem(
    'invalid_request',
    `The query parameter "${name}" is not valid. Give "true" or "false".`,
    {
      errors: [{ path: name, message: 'Give "true" or "false".' }],
    },
  );
};

/**
 * A whole number in decimal digits, from `from` to the limit, or `absent` where there is none.
 * @throws Problem `invalid_request`; `limit_exceeded`, which names the limit
 */
export const limitedNumber = (
  name: string,
  text: string | undefined,
  range: { readonly from: number; readonly limit: LimitName; readonly absent: number },
): number => {
  if (text === undefined) return range.absent;
  const maximum = limits[range.limit];
  const number = parseWhole(text) ?? Number.NaN;
  if (number >= range.from && number <= maximum) return number;
  const message = `Give a whole number from ${range.from} to ${maximum} (limit ${range.limit}), in decimal digits without a zero in front.`;
  const isBeyond = number > maximum;
  throw new Problem(
    isBeyond ? 'limit_exceeded' : 'invalid_request',
    `The query parameter "${name}" is not valid. ${message}`,
    { errors: [{ path: name, message }], ...(isBeyond && { members: exceededLimit(range.limit) }) },
  );
};
