import { Problem } from '../domain/errors.ts';

/** Control characters, and what a decoder puts for bytes that are no text. */
const unreadable = /[\p{Cc}\ufffd]/u;

const isDots = (segment: string): boolean => segment === '.' || segment === '..';

/** A path that could mean several things: it is refused, since a request must never be done to what was not meant. */
const ambiguous = (why: string): Problem =>
  new Problem(
    'invalid_request',
    `The path of the request is not clear: ${why}. Names need no escapes: they are letters, digits, ".", "_" and "-". Nothing was changed.`,
  );

const requireClear = (path: string): void => {
  if (!path.startsWith('/')) throw ambiguous('it does not begin with "/"');
  if (!path.isWellFormed() || unreadable.test(path)) throw ambiguous('a part of it is not text');
  if (path.split('/').some(isDots)) throw ambiguous('a part of it is "." or ".."');
};

/**
 * The path and query of a URL, from a path whose escapes were decoded. Each segment is encoded again, so that a `?` or
 * `#` in it stays a part of its segment: pasted into a URL as it is, it would cut the path short there.
 * @param query As it was sent, without `?`.
 * @throws Problem `invalid_request` for what a URL would read as another address, or drop without a word.
 */
export const requestTarget = (decodedPath: string, query: string): string => {
  requireClear(decodedPath);
  if (/\p{Cc}/u.test(query)) throw ambiguous('its query holds control characters');
  const path = decodedPath.split('/').map(encodeURIComponent).join('/');
  return query === '' ? path : `${path}?${query.replaceAll('#', '%23')}`;
};

/** A path whose escapes cannot be decoded, or hide what divides an address. */
export const unclearEscapes = (): Problem =>
  ambiguous('it has escapes that are no UTF-8, or that stand for "?"');

/** A method that HTTP does not know; it is told apart by case. */
export const unknownMethod = (): Problem =>
  new Problem('invalid_request', 'The method of the request is none of HTTP; methods are in upper case.');
