import { type FieldError, Problem } from '../domain/errors.ts';
import type { ApiContext } from './api.ts';

/**
 * The query parameters, each of them given at most once and one of `names`.
 * @throws Problem `invalid_request`
 */
export const readQuery = <Name extends string>(
  c: ApiContext,
  names: readonly Name[],
): Readonly<Partial<Record<Name, string>>> => {
  const { searchParams } = new URL(c.req.url);
  const errors: FieldError[] = [];
  const query: Partial<Record<Name, string>> = {};
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

/**
 * A whole number of decimal digits from `from` to `to`, or `absent` where there is none.
 * @throws Problem `invalid_request`
 */
export const wholeNumber = (
  name: string,
  text: string | undefined,
  { from, to, absent }: { readonly from: number; readonly to: number; readonly absent: number },
): number => {
  if (text === undefined) return absent;
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= from && number <= to) return number;
  const message = `Give a whole number from ${from} to ${to}.`;
  throw new Problem('invalid_request', `The query parameter "${name}" is not valid. ${message}`, {
    errors: [{ path: name, message }],
  });
};
