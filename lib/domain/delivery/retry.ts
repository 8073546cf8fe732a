import { limits } from '../limits.ts';
import { parseTimestamp } from '../text/timestamps.ts';

export interface Backoff {
  readonly initialSeconds: number;
  readonly maxSeconds: number;
}

/**
 * How long to wait before the next attempt, in ms: full jitter, uniform between 0 and a ceiling that begins at
 * `initialSeconds`, doubles with each failed attempt and stops growing at `maxSeconds`.
 * ("Exponential backoff and jitter", AWS Architecture Blog, 2015.)
 * @param attempts failed so far, at least 1.
 * @param chance uniform in [0, 1).
 */
export const backoffMs = (attempts: number, backoff: Backoff, chance: number): number =>
  Math.round(chance * Math.min(backoff.maxSeconds, backoff.initialSeconds * 2 ** (attempts - 1)) * 1000);

/** An outage of a group's endpoint, as one partition has met it. Times are wall clock ms. */
export interface Outage {
  /** The first attempt that failed, for people. */
  readonly failingSince: number;
  /** The last attempt that failed. */
  readonly failedAt: number;
  /** How much of the time between these two counts, ms: see `outageAfter`. */
  readonly outageMs: number;
}

/**
 * An outage of an endpoint that has others beside it, as all partitions have met it: kept with the endpoint, so that whoever has met it spares
 * the others. Times are wall clock ms.
 */
export interface EndpointOutage extends Outage {
  /** Failed attempts. */
  readonly attempts: number;
  /** It is not tried before. Whoever tries it first then puts this off, so that one tries at a time. */
  readonly retryAt: number;
}

/**
 * The outage with one more attempt that failed. What counts is the time since the attempt before, but no more than the
 * delay that was set between them and `limits.outageGraceMs`: of the time in which nobody tried, because the broker was
 * off or its clock was set, nothing is known. Clocks that differ by less than the grace cancel out.
 * @param before the outage with the attempt before.
 * @param dueAt when this attempt was due.
 * @param now wall clock ms.
 */
export const outageAfter = (before: Outage, dueAt: number, now: number): Outage => {
  const { failingSince, failedAt, outageMs } = before;
  const graceMs = limits.outageGraceMs;
  const countedMs = Math.max(-graceMs, Math.min(now - failedAt, dueAt - failedAt + graceMs));
  return { failingSince, failedAt: now, outageMs: Math.max(0, outageMs + countedMs) };
};

/**
 * `Sun, 06 Nov 1994 08:49:37 GMT`; some servers leave the day of the week, the comma or a zero out, join by hyphens, or
 * name another zone.
 */
const imfFixdate =
  /^(?:[a-z]{3,9},? )?(\d{1,2})[ -]([a-z]{3})[ -](\d{4}) (\d\d:\d\d:\d\d) (gmt|utc|[+-]\d{4})$/i;
/** `Sunday, 06-Nov-94 08:49:37 GMT`: of RFC 850, whose years have two digits. */
const rfc850 = /^[a-z]{3,9}, (\d\d)[ -]([a-z]{3})[ -](\d\d) (\d\d:\d\d:\d\d) (?:gmt|utc)$/i;
/** `Sun Nov  6 08:49:37 1994`: of C's asctime, which names no zone and means GMT. */
const asctime = /^[a-z]{3} ([a-z]{3}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d) (\d{4})$/i;

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Wall clock ms, whatever zone this process is in; undefined for a day or a time that there is not. */
const utcMs = (year: number, month: string, day: string, time: string): number | undefined => {
  const at = months.indexOf(month.toLowerCase());
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  const date = new Date(Date.UTC(year, at, Number(day)));
  const isThere = at >= 0 && date.getUTCDate() === Number(day) && date.getUTCMonth() === at;
  // A minute may have a leap second (RFC 9110, 5.6.7).
  if (!isThere || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  return date.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1000;
};

/** RFC 9110, 5.6.7: one that seems more than fifty years away is the last past year of these two digits. */
const wholeYear = (digits: string, now: number): number => {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
};

/** By how much a zone is ahead of GMT, ms: `+0130`, or a name of GMT. */
const zoneMs = (zone: string): number => {
  const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)$/.exec(zone) ?? [];
  return sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000;
};

/**
 * Wall clock ms of an HTTP date in any of the three forms that RFC 9110, 5.6.7 has recipients take, or of an ISO 8601
 * time, which some servers send.
 */
const dateMs = (text: string, now: number): number | undefined => {
  const [, day = '', month = '', year = '', time = '', zone = ''] = imfFixdate.exec(text) ?? [];
  const local = time === '' ? undefined : utcMs(Number(year), month, day, time);
  if (local !== undefined) return local - zoneMs(zone);
  const [, ofDay = '', ofMonth = '', digits = '', at = ''] = rfc850.exec(text) ?? [];
  if (at !== '') return utcMs(wholeYear(digits, now), ofMonth, ofDay, at);
  const [, cMonth = '', cDay = '', cTime = '', cYear = ''] = asctime.exec(text) ?? [];
  return cTime === '' ? parseTimestamp(text) : utcMs(Number(cYear), cMonth, cDay, cTime);
};

/** Ms; the fraction of a second counts as a whole one. */
const secondsMs = (text: string): number | undefined => {
  const [, seconds] = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?: ?(?:s|secs?|seconds?))?$/i.exec(text) ?? [];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds)) * 1000;
};

/** The header twice, joined by something between: seconds both times. The longer wait does for both. */
const longestMs = (text: string): number | undefined => {
  const each = text.split(', ').map((part) => (/^\d+$/.test(part) ? Number(part) * 1000 : Number.NaN));
  const longest = Math.max(...each);
  return Number.isNaN(longest) ? undefined : longest;
};

/** A time as seconds since 1970, or as milliseconds: as a wait it would be of more than thirty years. */
const epochMs = (text: string): number | undefined => {
  if (/^[1-9]\d{9}(?:\.\d*)?$/.test(text)) return Number(text) * 1000;
  return /^[1-9]\d{12}$/.test(text) ? Number(text) : undefined;
};

/**
 * How long a `Retry-After` header asks to wait, in ms from `now`, at most `limits.retryAfterMs`: seconds or a date
 * (RFC 9110, 10.2.3). With some servers seconds have a sign, a fraction or a unit, or are those since 1970 of a time,
 * either is quoted, or seconds come twice. What is past is no wait. Undefined when it is none of these.
 */
export const retryAfterMs = (header: string, now: number): number | undefined => {
  const text = header.trim().replace(/^"([^"]*)"$/, '$1');
  const time = epochMs(text);
  const ms = time === undefined ? (secondsMs(text) ?? longestMs(text)) : time - now;
  const wait = ms ?? (dateMs(text, now) ?? Number.NaN) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, Math.ceil(wait)), limits.retryAfterMs);
};
