import { Problem } from '../../domain/errors.ts';
import { exceededLimit, limits } from '../../domain/limits.ts';

/** A content coding that bodies may have (RFC 9110, 8.4.1; brotli: RFC 7932; zstd: RFC 8878). */
export type Coding = 'zstd' | 'br' | 'gzip';

/** Those we know, the one we like best first: it takes the least time and gives the fewest bytes (`npm run bench:compression`). */
export const codings: readonly Coding[] = ['zstd', 'br', 'gzip'];

const codingNamed = (name: string): Coding | undefined =>
  codings.find((coding) => coding === name || (coding === 'gzip' && name === 'x-gzip'));

/** What we say of ourselves in `Accept-Encoding`. */
export const acceptedCodings = codings.join(', ');

/** The items of a header that is a list, in lower case. */
const itemsOf = (header: string): readonly string[] =>
  header
    .toLowerCase()
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/**
 * The codings that were applied to a body, in that order, by its `Content-Encoding`.
 * @throws Problem `unsupported_media_type`, `limit_exceeded`
 */
export const appliedCodings = (header: string | undefined): readonly Coding[] => {
  if (header === undefined) return [];
  const applied: Coding[] = [];
  for (const name of itemsOf(header)) {
    if (name === 'identity') continue;
    const coding = codingNamed(name);
    if (coding === undefined)
      throw new Problem(
        'unsupported_media_type',
        'This Content-Encoding is not known. Compress the body with gzip, br or zstd, or send it as it is.',
        { members: { accepted: [...codings, 'identity'] } },
      );
    applied.push(coding);
  }
  if (applied.length <= limits.bodyCodings) return applied;
  throw new Problem(
    'limit_exceeded',
    `A body may be compressed ${limits.bodyCodings} times over (limit bodyCodings). Compress it once.`,
    { members: exceededLimit('bodyCodings') },
  );
};

/** Of a weight (RFC 9110, 12.4.2); one that is none counts as 0. */
const weightOf = (parameters: readonly string[]): number => {
  const q = parameters.map((parameter) => /^\s*q\s*=\s*(\S*)\s*$/.exec(parameter)?.[1]).find(Boolean);
  if (q === undefined) return 1;
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q) ? Number(q) : 0;
};

/**
 * The coding that an answer should have, by the request's `Accept-Encoding` (RFC 9110, 12.5.3); undefined for none. Of those
 * that are wanted alike it is the one we like best. Who says nothing gets the answer as it is, and so does who accepts nothing
 * of ours.
 */
export const wantedCoding = (header: string | undefined): Coding | undefined => {
  if (header === undefined || header === '') return undefined;
  const weights = new Map<string, number>();
  for (const item of itemsOf(header)) {
    const [name = '', ...parameters] = item.split(';');
    weights.set(codingNamed(name.trim()) ?? name.trim(), weightOf(parameters));
  }
  const others = weights.get('*') ?? 0;
  let wanted: Coding | undefined;
  let most = weights.get('identity') ?? 0;
  for (const coding of codings) {
    const weight = weights.get(coding) ?? others;
    const isMore = wanted === undefined ? weight >= most : weight > most;
    if (weight === 0 || !isMore) continue;
    [wanted, most] = [coding, weight];
  }
  return wanted;
};
