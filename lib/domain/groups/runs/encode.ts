import type { Run } from '../cursors.ts';

/*
 * Runs as text, for storage: `<version>|<holder>,<holder>,…|<time>|<run>;<run>;…`. Holders are URI-encoded; the time is the earliest that a
 * run names, wall clock ms in base 36, from which the others count. A run is
 * `<length><state>[<deliveries>[.<until>[.<holder or since>[.<reason>[.<since, where the third is a holder>[.<attempts>]]]]]]`, numbers in base 36, empty where there is none. The first run
 * begins at the committed offset, each other where the one before ends. So a run takes about ten bytes.
 */

const states = { held: 'H', delayed: 'D', acknowledged: 'A', stuck: 'S' } as const;
const reasons = { timeout: 't', nack: 'n', member_lost: 'm' } as const;
const named = <Name extends string>(codes: Readonly<Record<Name, string>>): ReadonlyMap<string, Name> =>
  new Map(Object.entries(codes).map(([name, code]) => [code as string, name as Name]));
const stateOf = named(states);
const reasonOf = named(reasons);
const version = '1';

const number = (value: number | undefined): string => (value === undefined ? '' : value.toString(36));
const parsed = (text: string | undefined): number | undefined =>
  text === undefined || text === '' ? undefined : Number.parseInt(text, 36);

/** The text of runs that begin at `committed`. Times are rounded up to whole ms. */
export const encodeRuns = (runs: readonly Run[]): string => {
  const holders = [...new Set(runs.flatMap(({ by }) => (by === undefined ? [] : [by])))];
  const times = runs.flatMap(({ until, since }) => [until, since]).filter((time) => time !== undefined);
  const origin = Math.floor(Math.min(...times.filter((time) => time > 0), Number.MAX_SAFE_INTEGER));
  // 0 is no time: at once.
  const time = (value: number | undefined): string => {
    if (value === undefined) return '';
    return value === 0 ? '0' : `+${number(Math.ceil(value) - origin)}`;
  };
  const texts = runs.map(({ start, end, state, deliveries, until, by, since, reason, attempts }) => {
    const whose =
      state === 'stuck' ? time(since) : number(by === undefined ? undefined : holders.indexOf(by));
    const why = reason === undefined ? '' : reasons[reason];
    const ofHolder = state === 'stuck' ? '' : time(since);
    const rest = [number(deliveries), time(until), whose, why, ofHolder, number(attempts)];
    const kept = state === 'acknowledged' ? '' : rest.join('.').replace(/\.+$/, '');
    return `${number(end - start)}${states[state]}${kept}`;
  });
  return [version, holders.map(encodeURIComponent).join(','), number(origin), texts.join(';')].join('|');
};

/** The runs of a text, of which the first begins at `committed`. @throws Error when it is none of `encodeRuns`. */
export const decodeRuns = (committed: number, text: string): readonly Run[] => {
  const [format, names = '', originText = '', list = ''] = text.split('|');
  if (format !== version)
    throw new Error('The runs of a cursor are in a format that this version cannot read.');
  const holders = names.split(',').map(decodeURIComponent);
  const origin = parsed(originText) ?? 0;
  const time = (given: string | undefined): number | undefined => {
    if (given === undefined || given === '') return undefined;
    return given === '0' ? 0 : origin + (parsed(given.slice(1)) ?? 0);
  };
  let next = committed;
  return list
    .split(';')
    .filter(Boolean)
    .map((run) => {
      const [, length = '', code = '', rest = ''] = /^([0-9a-z]+)([A-Z])(.*)$/.exec(run) ?? [];
      const state = stateOf.get(code);
      const count = parsed(length);
      if (state === undefined || count === undefined) throw new Error('A run of a cursor cannot be read.');
      const start = next;
      next += count;
      if (state === 'acknowledged') return { start, end: next, state, deliveries: 0 };
      const [deliveries, until, whose, reasonCode, sinceText, attempts] = rest.split('.');
      const reason = reasonOf.get(reasonCode ?? '');
      const by = state === 'stuck' ? undefined : parsed(whose);
      const since = time(state === 'stuck' ? whose : sinceText);
      return {
        start,
        end: next,
        state,
        deliveries: parsed(deliveries) ?? 0,
        ...given('until', time(until)),
        ...given('by', by === undefined ? undefined : holders[by]),
        ...given('since', since),
        ...given('attempts', parsed(attempts)),
        ...given('reason', reason),
      };
    });
};

const given = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };
