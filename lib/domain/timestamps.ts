/** ISO 8601 with an offset from UTC; seconds and their fraction may be left out. */
const pattern = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
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

let last = { ms: 0, text: new Date(0).toISOString() };

/** ISO 8601 with ms, in UTC. The last is remembered: the records of a batch have mostly the same. */
export const timestampText = (ms: number): string => {
  if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString() };
  return last.text;
};
