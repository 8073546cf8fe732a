import { type FieldError, Problem, reportedErrors } from '../../domain/errors.ts';
import { JsonReader } from '../../domain/json/reader.ts';
import { limits } from '../../domain/limits.ts';
import { recordBytes } from '../../domain/records/encoding.ts';
import type { NewRecord } from '../../domain/records/records.ts';
import {
  exceeded,
  givenTwice,
  located,
  type Report,
  takeBase64,
  takeHeaders,
  takeKey,
  takeTimestamp,
  takeWhole,
} from './record-fields.ts';

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
  /** Where each record comes from a line of its own: the line's number, from 1, and the record's bytes as stored. */
  readonly lines?: { readonly numbers: readonly number[]; readonly bytes: readonly number[] };
  /** Where the record of an index stands in the body, as errors name it; `records[3]` where nothing is said. */
  readonly pathOf?: (index: number) => string;
  /** Where its value stands; in its field `value` where nothing is said. */
  readonly valuePathOf?: (index: number) => string;
}

const requestFields = ['records', 'expectedOffset'];
const recordFields = ['key', 'value', 'valueBase64', 'headers', 'partition', 'timestamp'];

/** Where something is, and whom to tell what is wrong with it. */
export interface Place {
  readonly path: string;
  readonly report: Report;
}

/**
 * Takes the object that comes next: `take` takes the value of each field that is `known`, the first time that it comes. What
 * else is there is reported.
 */
const takeFields = (
  reader: JsonReader,
  known: readonly string[],
  { path, report }: Place,
  take: (name: string, at: string) => void,
): void => {
  const seen = new Set<string>();
  reader.fields(() => {
    const { name } = reader;
    const at = (path === '' ? name : `${path}.${name}`).slice(0, 200);
    const isKnown = known.includes(name);
    if (!isKnown) report(at, `Unknown field. Known are ${known.join(', ')}.`);
    if (seen.has(name)) report(at, givenTwice);
    const isWanted = isKnown && !seen.has(name);
    seen.add(name);
    located(
      () => at,
      () => (isWanted ? take(name, at) : reader.skip()),
    );
  });
};

/** The fields of a record, as far as they were given. */
export type Taken = { -readonly [Name in keyof NewRecord]: NewRecord[Name] | undefined } & {
  partition?: number | undefined;
};

const takeField = (reader: JsonReader, taken: Taken, name: string, { path, report }: Place): void => {
  switch (name) {
    case 'key':
      taken.key = takeKey(reader, path, report);
      break;
    case 'value':
      taken.valueJson = reader.value();
      break;
    case 'valueBase64':
      taken.valueBase64 = takeBase64(reader, path, report);
      break;
    case 'headers':
      taken.headersJson = takeHeaders(reader, path, report);
      break;
    case 'timestamp':
      taken.timestamp = takeTimestamp(reader, path, report);
      break;
    default:
      taken.partition = takeWhole(reader) ?? report(path, 'A partition is a whole number, 0 or more.');
  }
};

/** @throws Problem `too_large` for one that takes more than `limits.recordBytes`. */
export const producedRecord = (taken: Taken, path: string): ProducedRecord => {
  const { key, valueJson, valueBase64, headersJson, timestamp, partition } = taken;
  const record: NewRecord = {
    ...(key !== undefined && { key }),
    ...(valueJson !== undefined && { valueJson }),
    ...(valueBase64 !== undefined && { valueBase64 }),
    ...(headersJson !== undefined && { headersJson }),
    ...(timestamp !== undefined && { timestamp }),
  };
  const bytes = recordBytes(record);
  if (bytes > limits.recordBytes) throw exceeded('too_large', 'recordBytes', path);
  return { record, bytes, ...(partition !== undefined && { partition }) };
};

/**
 * Takes the record that comes next. A field that is null is absent; the value alone may be null.
 * @param passedOver further fields that it may have, of which nothing is taken.
 */
export const takeRecord = (
  reader: JsonReader,
  { path, report }: Place,
  passedOver: readonly string[] = [],
): ProducedRecord | undefined => {
  if (reader.kind !== 'object') {
    reader.skip();
    return report(path, 'A record is an object.');
  }
  const taken: Taken = {};
  const given = new Set<string>();
  const known = passedOver.length === 0 ? recordFields : [...recordFields, ...passedOver];
  takeFields(reader, known, { path, report }, (name, at) => {
    if ((reader.kind === 'null' && name !== 'value') || passedOver.includes(name)) {
      reader.skip();
      return;
    }
    given.add(name);
    takeField(reader, taken, name, { path: at, report });
  });
  return given.has('value') === given.has('valueBase64')
    ? report(path, 'Give either value (any JSON, null included) or valueBase64.')
    : producedRecord(taken, path);
};

const takeRecords = (reader: JsonReader, { path, report }: Place): readonly ProducedRecord[] => {
  const records: ProducedRecord[] = [];
  const isArray = reader.kind === 'array';
  let items = 0;
  if (!isArray) reader.skip();
  else
    reader.items((index) => {
      if (index === limits.requestRecords) throw exceeded('limit_exceeded', 'requestRecords', path);
      const at = `${path}[${index}]`;
      const record = located(
        () => at,
        () => takeRecord(reader, { path: at, report }),
      );
      if (record !== undefined) records.push(record);
      items += 1;
    });
  if (items === 0) report(path, noRecords);
  return records;
};

const noRecords = 'Give {"records": […]} with at least one record.';

/**
 * A produce request from its bytes, in one pass: what exceeds a limit ends it where it stands, and values and headers stay
 * the text that they are. Read by hand, not by a schema: this runs for each of a thousand records.
 * @param text valid UTF-8.
 * @throws Problem `invalid_request`, `limit_exceeded`, `too_large`
 */
export const parseProduceRequest = (text: Buffer): ProduceRequest => {
  const errors: FieldError[] = [];
  const invalid = (): Problem =>
    new Problem('invalid_request', 'The request is not valid. Nothing was written.', { errors });
  const report: Report = (path, message) => {
    errors.push({ path, message });
    if (errors.length >= reportedErrors) throw invalid();
  };
  let records: readonly ProducedRecord[] | undefined;
  let expectedOffset: number | undefined;
  const take = (reader: JsonReader, name: string): void => {
    if (name === 'records') records = takeRecords(reader, { path: name, report });
    else expectedOffset = takeWhole(reader) ?? report(name, 'An offset is a whole number, 0 or more.');
  };
  const whole = (): void => {
    const reader = new JsonReader(text, limits.jsonDepth);
    if (reader.kind !== 'object') reader.skip();
    else takeFields(reader, requestFields, { path: '', report }, (name) => take(reader, name));
    reader.end();
  };
  located(() => '', whole);
  if (records === undefined) report('records', noRecords);
  if (records === undefined || errors.length > 0) throw invalid();
  return { records, ...(expectedOffset !== undefined && { expectedOffset }) };
};
