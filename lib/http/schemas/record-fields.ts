import { Problem } from '../../domain/errors.ts';
import { JsonReader } from '../../domain/json/reader.ts';
import { JsonFault, type JsonText } from '../../domain/json/text.ts';
import { exceededLimit, type LimitName, limits } from '../../domain/limits.ts';
import { parseTimestamp } from '../../domain/text/timestamps.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
export const controlCharacter = /[\u0000-\u001f\u007f]/;

/** Notes that what is at `path` is wrong. */
export type Report = (path: string, message: string) => undefined;

export const givenTwice = 'This is given twice.';

export const exceeded = (code: 'too_large' | 'limit_exceeded', limit: LimitName, path: string): Problem => {
  const message = `${path} exceeds the limit ${limit}, ${limits[limit]}. Nothing was written.`;
  const unit = limit.endsWith('Bytes') ? ' bytes' : '';
  return new Problem(code, message, {
    members: exceededLimit(limit),
    errors: [{ path, message: `At most ${limits[limit]}${unit} (limit ${limit}).` }],
  });
};

/**
 * What `read` gives. Where the text is at fault in it, `path` says where that is.
 * @throws Problem `invalid_request`, `limit_exceeded` in place of JsonFault
 */
export const located = <T>(path: () => string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    if (error.kind === 'depth') throw exceeded('limit_exceeded', 'jsonDepth', path());
    const detail = error.kind === 'syntax' ? 'The body is not JSON.' : 'The request is not valid.';
    const errors = [{ path: path(), message: error.message }];
    throw new Problem('invalid_request', `${detail} Nothing was written.`, { errors });
  }
};

/** Takes the value that comes next; undefined when it is no string. */
const takeString = (reader: JsonReader): string | undefined => {
  if (reader.kind === 'string') return reader.string();
  reader.skip();
  return undefined;
};

/** Whether a number of JSON is whole as it is written, and not only after a double has rounded it: 1e-400 is not. */
const isWhole = (number: JsonText): boolean => {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:e(.+))?$/i.exec(number) ?? [];
  const significant = (whole + fraction).replace(/0+$/, '');
  const places = Number(exponent) + whole.length - significant.length;
  return places >= 0 || significant === '';
};

/** A whole number that a double holds, 0 or more, however it is written: clients of some languages write 3.0. */
export const takeWhole = (reader: JsonReader): number | undefined => {
  if (reader.kind !== 'number') {
    reader.skip();
    return undefined;
  }
  const text = reader.value();
  const number = Number(text);
  // Of -0, which is 0.
  return Number.isSafeInteger(number) && number >= 0 && isWhole(text) ? Math.abs(number) : undefined;
};

export const takeKey = (reader: JsonReader, path: string, report: Report): string | undefined => {
  const key = takeString(reader);
  if (key === undefined) return report(path, 'A key is a string.');
  if (Buffer.byteLength(key) > limits.recordKeyBytes) throw exceeded('too_large', 'recordKeyBytes', path);
  return key;
};

const headerNameRule = 'The name of a header is a string that is not empty, without control characters.';
const headerValueRule = 'The value of a header is a string without control characters.';

const headerPath = (path: string, name: string): string => `${path}.${name.slice(0, 100)}`;

const reportGivenTwice = (text: JsonText, path: string, report: Report): void => {
  const reader = new JsonReader(Buffer.from(text), limits.jsonDepth);
  const names = new Set<string>();
  reader.fields(() => {
    if (names.has(reader.name)) report(headerPath(path, reader.name), givenTwice);
    names.add(reader.name);
    reader.skip();
  });
};

/** What a control character may be written as. It need not be one: the backslash may be that of an escaped one. */
const maybeControl = /\u007f|\\[bfnrt]|\\u00(?:[01]|7f)/i;

/** Checks what headers say. `text` is an object of `count` fields, all of them strings. */
const checkHeaders = (text: JsonText, count: number, path: string, report: Report): void => {
  const headers = JSON.parse(text) as Record<string, string>;
  const names = Object.keys(headers);
  if (names.length < count) reportGivenTwice(text, path, report);
  if (Object.hasOwn(headers, '')) report(headerPath(path, ''), headerNameRule);
  // Written as JSON they take more bytes than by themselves.
  const isShort = Buffer.byteLength(text) <= limits.recordHeadersBytes;
  if (isShort && !maybeControl.test(text)) return;
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (controlCharacter.test(name)) report(headerPath(path, name), headerNameRule);
    else if (controlCharacter.test(value)) report(headerPath(path, name), headerValueRule);
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > limits.recordHeadersBytes) throw exceeded('too_large', 'recordHeadersBytes', path);
};

/** Headers as they are written. Their names are first looked at all at once: one by one takes twice the time. */
export const takeHeaders = (reader: JsonReader, path: string, report: Report): JsonText | undefined => {
  if (reader.kind !== 'object') {
    reader.skip();
    return report(path, 'Headers are an object of strings.');
  }
  let count = 0;
  let isWrong = false;
  let isInside = false;
  const place = (): string => (isInside ? headerPath(path, reader.name) : path);
  const take = (): void => {
    isInside = true;
    if (reader.kind !== 'string') {
      isWrong = true;
      report(place(), headerValueRule);
    }
    reader.skip();
    count += 1;
    if (count > limits.recordHeaders) throw exceeded('limit_exceeded', 'recordHeaders', path);
    isInside = false;
  };
  const text = located(place, () => reader.fieldsAsText(take));
  if (!isWrong) checkHeaders(text, count, path, report);
  return text;
};

/** What keeps a text from being base64 (RFC 4648, 4) that stands for its bytes alone; undefined when nothing does. */
const base64Fault = (text: string): string | undefined => {
  if (Buffer.from(text, 'base64').toString('base64') === text) return undefined;
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    return 'Give base64 of the standard alphabet (A-Z, a-z, 0-9, "+" and "/"), without line breaks.';
  if (text.length % 4 !== 0) return 'Give base64 with padding: its length is a multiple of 4.';
  // What is left: the last character has bits that belong to no byte (RFC 4648, 3.5), or there is more padding than text.
  return 'This base64 does not end as an encoder ends it: the last character before the padding stands for bits that belong to no byte.';
};

export const takeBase64 = (reader: JsonReader, path: string, report: Report): string | undefined => {
  const text = takeString(reader);
  if (text === undefined) return report(path, 'Give base64, as a string.');
  const fault = base64Fault(text);
  return fault === undefined ? text : report(path, fault);
};

export const takeTimestamp = (reader: JsonReader, path: string, report: Report): number | undefined =>
  parseTimestamp(takeString(reader) ?? '') ??
  report(path, 'Give a time as ISO 8601 with an offset, as 2024-05-01T12:00:00.000Z.');
