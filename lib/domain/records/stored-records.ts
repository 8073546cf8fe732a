import type { JsonText } from '../json/text.ts';
import type { NewRecord } from './records.ts';

/**
 * How records stand in a batch: a JSON array of objects without white space between their tokens, names cut short since they
 * stand in every record: `k` key, `v` value, `b` bytes as base64, `h` headers, `t` timestamp. `v` and `h` are the text
 * that was given, white space included.
 */
export const serializeRecord = (record: NewRecord): string => {
  const { key, valueJson, valueBase64, headersJson, timestamp } = record;
  let text = '';
  if (key !== undefined) text += `,"k":${JSON.stringify(key)}`;
  if (valueJson !== undefined) text += `,"v":${valueJson}`;
  if (valueBase64 !== undefined) text += `,"b":"${valueBase64}"`;
  if (headersJson !== undefined) text += `,"h":${headersJson}`;
  if (timestamp !== undefined) text += `,"t":${timestamp}`;
  return `{${text.slice(1)}}`;
};

/** Comma, quoted name and colon before each value. */
const fieldBytes = ',"k":'.length;

/** How many bytes of UTF-8 `serializeRecord` makes, without making them. */
export const serializedBytes = (record: NewRecord): number => {
  const { key, valueJson, valueBase64, headersJson, timestamp } = record;
  let bytes = 0;
  if (key !== undefined) bytes += fieldBytes + Buffer.byteLength(JSON.stringify(key));
  if (valueJson !== undefined) bytes += fieldBytes + Buffer.byteLength(valueJson);
  if (valueBase64 !== undefined) bytes += fieldBytes + valueBase64.length + 2;
  if (headersJson !== undefined) bytes += fieldBytes + Buffer.byteLength(headersJson);
  if (timestamp !== undefined) bytes += fieldBytes + `${timestamp}`.length;
  // Two braces, and no comma before the first field.
  return Math.max(2, bytes + 1);
};

const [quote, comma, colon, backslash] = [0x22, 0x2c, 0x3a, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

const broken = (at: number): Error => new Error(`Its records are not as they are stored, from ${at} on.`);

const expect = (text: string, at: number, code: number): number => {
  if (text.charCodeAt(at) !== code) throw broken(at);
  return at + 1;
};

/** Whether the character at `at` is escaped: an odd number of backslashes stands before it. */
const isEscaped = (text: string, at: number): boolean => {
  let before = at - 1;
  while (text.charCodeAt(before) === backslash) before -= 1;
  return (at - before) % 2 === 0;
};

/** The position after the string that begins at `from`. */
const endOfString = (text: string, from: number): number => {
  let at = text.indexOf('"', from + 1);
  while (at >= 0 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  if (at < 0) throw broken(from);
  return at + 1;
};

/**
 * The position after the value that begins at `from`. It was JSON when it was written: strings are passed over and brackets
 * counted, nothing is checked.
 */
const endOfValue = (text: string, from: number): number => {
  let depth = 0;
  for (let at = from; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (code === openBracket || code === openBrace) depth += 1;
    else if (depth === 0 && (code === comma || code === closeBrace)) return at;
    else if (code === closeBracket || code === closeBrace) {
      depth -= 1;
      if (depth <= 0) return at + 1;
    }
    at += 1;
  }
  throw broken(from);
};

/** What the string `text`, which stands at `at`, says. */
const unquoted = (text: string, at: number): string => {
  if (!text.includes('\\')) return text.slice(1, -1);
  try {
    return JSON.parse(text) as string;
  } catch {
    // Without the error, which quotes the text.
    throw broken(at);
  }
};

type Fields = { -readonly [Name in keyof NewRecord]: NewRecord[Name] };

const setField = (record: Fields, name: string, text: string, at: number): void => {
  if (name === 'k') record.key = unquoted(text, at);
  else if (name === 'v') record.valueJson = text as JsonText;
  else if (name === 'b') record.valueBase64 = unquoted(text, at);
  else if (name === 'h') record.headersJson = text as JsonText;
  else if (name === 't') record.timestamp = Number(text);
  else throw broken(at);
};

/**
 * The records of `text`, which `serializeRecord` wrote, in an array. Values are cut out and not parsed.
 * @throws Error when it is not as `serializeRecord` writes it. The message has nothing of the text.
 */
export const cutRecords = (text: string): NewRecord[] => {
  // The batch that closes a partition.
  if (text === '[]') return [];
  const records: NewRecord[] = [];
  let at = expect(text, 0, openBracket);
  for (;;) {
    const record: Fields = {};
    at = expect(text, at, openBrace);
    while (text.charCodeAt(at) !== closeBrace) {
      if (text.charCodeAt(at) === comma) at += 1;
      const name = expect(text, at, quote);
      const value = expect(text, expect(text, name + 1, quote), colon);
      const end = endOfValue(text, value);
      setField(record, text.charAt(name), text.slice(value, end), name);
      at = end;
    }
    records.push(record);
    at += 1;
    if (text.charCodeAt(at) !== comma) break;
    at += 1;
  }
  if (expect(text, at, closeBracket) !== text.length) throw broken(at);
  return records;
};
