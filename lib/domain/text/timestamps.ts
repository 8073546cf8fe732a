/** ISO 8601 with an offset from UTC; seconds and their fraction may be left out. */
const pattern = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
/** The form of a time that `parseTimestamp` takes, as a regular expression of JSON Schema. */
export const timestampPattern = pattern.source;

const firstMs = Date.parse('0001-01-01T00:00:00Z');
const lastMs = Date.parse('9999-12-31T23:59:59.999Z');

/** Wall clock ms of an ISO 8601 text with an offset from UTC, in years 1 to 9999; undefined for any other text. */
export const parseTimestamp = (text: string): number | undefined => {
  const [matched, year, month, day] = pattern.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const ms = Date.parse(text);
  // Date.parse takes a 30th of February for a day in March.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCDate() === Number(day) && ms >= firstMs && ms <= lastMs ? ms : undefined;
};

interface Written {
  readonly ms: number;
  readonly text: string;
}

const written = (ms: number): Written => ({ ms, text: new Date(ms).toISOString() });

let last = written(0);
let before = last;

/**
 * ISO 8601 with ms, in UTC. The last two are remembered: the records of a batch have mostly the same, or each its own beside
 * that of its append.
 */
export const timestampText = (ms: number): string => {
  if (ms !== last.ms) [last, before] = [ms === before.ms ? before : written(ms), last];
  return last.text;
};
