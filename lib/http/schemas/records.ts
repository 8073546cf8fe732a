import { recordBytes } from '../../domain/encoding.ts';
import { type FieldError, Problem } from '../../domain/errors.ts';
import { isJsonObject, jsonDepth, jsonNumber, jsonText } from '../../domain/json.ts';
import { limits } from '../../domain/limits.ts';
import type { NewRecord } from '../../domain/records.ts';
import { parseTimestamp } from '../../domain/timestamps.ts';

/** A record of a produce request: checked, not yet placed. */
export interface ProducedRecord {
  readonly record: NewRecord;
  /** Bytes as stored. */
  readonly bytes: number;
  /** The partition that was asked for. */
  readonly partition?: number;
}

export interface ProduceRequest {
  readonly records: readonly ProducedRecord[];
  readonly expectedOffset?: number;
}

/** Checked by hand, not by a schema: this runs for each of a thousand records, and values must not be copied. */
type Fields = Readonly<Record<string, unknown>>;

const requestFields = new Set(['records', 'expectedOffset']);
const recordFields = new Set(['key', 'value', 'valueBase64', 'headers', 'partition', 'timestamp']);
const reportedErrors = 20;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const controlCharacter = /[\u0000-\u001f\u007f]/;

type Report = (path: string, message: string) => undefined;

const exceeded = (
  code: 'too_large' | 'limit_exceeded',
  limit: keyof typeof limits,
  path: string,
): Problem => {
  const message = `${path === '' ? 'It' : path} exceeds the limit ${limit}, ${limits[limit]}.`;
  return new Problem(code, message, {
    members: { limit, maximum: limits[limit] },
    errors: [{ path, message: `At most ${limits[limit]} (limit ${limit}).` }],
  });
};

const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed();

/** A whole number that a double holds, 0 or more, however it is written: clients of some languages write 3.0. */
const indexOf = (value: unknown): number | undefined => {
  const number = jsonNumber(value);
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
};

const keyOf = (key: unknown, path: string, report: Report): string | undefined => {
  if (key === undefined) return undefined;
  if (!isText(key)) return report(path, 'A key is a string of whole Unicode characters.');
  if (Buffer.byteLength(key) > limits.recordKeyBytes) throw exceeded('too_large', 'recordKeyBytes', path);
  return key;
};

const headersOf = (headers: unknown, path: string, report: Report): Record<string, string> | undefined => {
  if (headers === undefined) return undefined;
  if (!isJsonObject(headers)) return report(path, 'Headers are an object of strings.');
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    const at = `${path}.${name.slice(0, 100)}`;
    if (name === '' || !isText(name) || controlCharacter.test(name)) {
      return report(at, 'The name of a header is a string that is not empty, without control characters.');
    }
    if (!isText(value) || controlCharacter.test(value)) {
      return report(at, 'The value of a header is a string without control characters.');
    }
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > limits.recordHeadersBytes) throw exceeded('too_large', 'recordHeadersBytes', path);
  return headers as Record<string, string>;
};

/** Base64 of the standard alphabet, padded, with no stray bits at its end: it decodes to bytes that encode to it. */
const isBase64 = (text: string): boolean => {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return false;
  const end = text.slice(-4);
  return Buffer.from(end, 'base64').toString('base64') === end;
};

const payloadOf = (
  fields: Fields,
  path: string,
  report: Report,
): Pick<NewRecord, 'valueJson' | 'valueBase64'> | undefined => {
  const { value, valueBase64 } = fields;
  if ((value === undefined) === (valueBase64 === undefined)) {
    return report(path, 'Give either value (any JSON, null included) or valueBase64.');
  }
  if (valueBase64 === undefined) {
    if (jsonDepth(value, limits.jsonDepth) > limits.jsonDepth) {
      throw exceeded('limit_exceeded', 'jsonDepth', `${path}.value`);
    }
    return { valueJson: jsonText(value) };
  }
  return typeof valueBase64 === 'string' && isBase64(valueBase64)
    ? { valueBase64 }
    : report(`${path}.valueBase64`, 'Give base64 of the standard alphabet, with padding.');
};

const timestampOf = (text: unknown, path: string, report: Report): number | undefined => {
  if (text === undefined) return undefined;
  return (
    (typeof text === 'string' ? parseTimestamp(text) : undefined) ??
    report(path, 'Give a time as ISO 8601 with an offset, as 2024-05-01T12:00:00.000Z.')
  );
};

const partitionOf = (partition: unknown, path: string, report: Report): number | undefined => {
  if (partition === undefined) return undefined;
  return indexOf(partition) ?? report(path, 'A partition is a whole number, 0 or more.');
};

const unknownFields = (fields: Fields, known: ReadonlySet<string>, path: string, report: Report): void => {
  for (const name of Object.keys(fields)) {
    if (known.has(name)) continue;
    const at = path === '' ? name : `${path}.${name}`;
    report(at.slice(0, 200), `Unknown field. Known are ${[...known].join(', ')}.`);
  }
};

const parseRecord = (fields: unknown, path: string, report: Report): ProducedRecord | undefined => {
  if (!isJsonObject(fields)) return report(path, 'A record is an object.');
  unknownFields(fields, recordFields, path, report);
  const key = keyOf(fields['key'], `${path}.key`, report);
  const headers = headersOf(fields['headers'], `${path}.headers`, report);
  const timestamp = timestampOf(fields['timestamp'], `${path}.timestamp`, report);
  const partition = partitionOf(fields['partition'], `${path}.partition`, report);
  const value = payloadOf(fields, path, report);
  if (value === undefined) return undefined;
  const record: NewRecord = {
    ...value,
    ...(key !== undefined && { key }),
    ...(headers !== undefined && { headersJson: jsonText(headers) }),
    ...(timestamp !== undefined && { timestamp }),
  };
  const bytes = recordBytes(record);
  if (bytes > limits.recordBytes) throw exceeded('too_large', 'recordBytes', path);
  return { record, bytes, ...(partition !== undefined && { partition }) };
};

/**
 * A produce request from its JSON, read by `parseJson`. Values are taken as they are, not copied, so that numbers
 * keep their digits.
 * @throws Problem `invalid_request`, `limit_exceeded`, `too_large`
 */
export const parseProduceRequest = (body: unknown): ProduceRequest => {
  const errors: FieldError[] = [];
  const invalid = (): Problem =>
    new Problem('invalid_request', 'The request is not valid. Nothing was written.', { errors });
  const report: Report = (path, message) => {
    errors.push({ path, message });
    if (errors.length >= reportedErrors) throw invalid();
  };
  if (!isJsonObject(body) || !Array.isArray(body['records']) || body['records'].length === 0) {
    report('records', 'Give {"records": […]} with at least one record.');
    throw invalid();
  }
  const given: readonly unknown[] = body['records'];
  const expectedOffset = indexOf(body['expectedOffset']);
  if (given.length > limits.requestRecords) throw exceeded('limit_exceeded', 'requestRecords', 'records');
  unknownFields(body, requestFields, '', report);
  if (body['expectedOffset'] !== undefined && expectedOffset === undefined) {
    report('expectedOffset', 'An offset is a whole number, 0 or more.');
  }
  const records = given.flatMap((record, index) => parseRecord(record, `records[${index}]`, report) ?? []);
  if (errors.length > 0) throw invalid();
  return { records, ...(expectedOffset !== undefined && { expectedOffset }) };
};
