import { JsonReader } from '../../lib/domain/json/reader.ts';
import { limits } from '../../lib/domain/limits.ts';
import type { NewRecord } from '../../lib/domain/records/records.ts';
import { parseTimestamp, timestampText } from '../../lib/domain/text/timestamps.ts';

/** A record as a fetch shows it: where it is, beside what it is. */
export interface ShownRecord extends NewRecord {
  readonly partition?: number;
  readonly offset?: number;
  /** Wall clock ms; absent where it is the timestamp. */
  readonly appendedAt?: number;
}

type Fields = { -readonly [Name in keyof ShownRecord]: ShownRecord[Name] };

const string = (reader: JsonReader, name: string): string => {
  if (reader.kind !== 'string') throw new SyntaxError(`"${name}" is a string.`);
  return reader.string();
};

const whole = (reader: JsonReader, name: string): number => {
  const number = reader.kind === 'number' ? Number(reader.value()) : Number.NaN;
  if (!Number.isSafeInteger(number) || number < 0)
    throw new SyntaxError(`"${name}" is a whole number, 0 or more.`);
  return number;
};

const time = (reader: JsonReader, name: string): number => {
  const ms = parseTimestamp(string(reader, name));
  if (ms === undefined) throw new SyntaxError(`"${name}" is a time such as 2026-01-31T12:00:00.000Z.`);
  return ms;
};

const takeField = (reader: JsonReader, record: Fields): void => {
  const { name } = reader;
  if (name === 'value') record.valueJson = reader.value();
  else if (reader.kind === 'null') reader.skip();
  else if (name === 'valueBase64') record.valueBase64 = string(reader, name);
  else if (name === 'key') record.key = string(reader, name);
  else if (name === 'headers') record.headersJson = reader.value();
  else if (name === 'timestamp') record.timestamp = time(reader, name);
  else if (name === 'appendedAt') record.appendedAt = time(reader, name);
  else if (name === 'partition' || name === 'offset') record[name] = whole(reader, name);
  else throw new SyntaxError(`"${name}" is no field of a record.`);
};

/**
 * Takes the record that comes next, in the shape in which a fetch shows it. Values and headers stay the text that they are; what
 * they may be is the broker's to say.
 * @throws JsonFault, SyntaxError whose messages say what is wrong.
 */
export const takeRecord = (reader: JsonReader): ShownRecord => {
  if (reader.kind !== 'object') throw new SyntaxError('A record is an object.');
  const record: Fields = {};
  reader.fields(() => takeField(reader, record));
  if ((record.valueJson === undefined) === (record.valueBase64 === undefined))
    throw new SyntaxError('A record has either "value" or "valueBase64".');
  return record;
};

/** The record of a text that is nothing else: see `takeRecord`. */
export const readRecord = (text: Buffer): ShownRecord => {
  const reader = new JsonReader(text, limits.jsonDepth);
  const record = takeRecord(reader);
  reader.end();
  return record;
};

/** A record as a produce request has it. */
export const producedText = (record: NewRecord, partition: number): string => {
  const { key, valueJson, valueBase64, headersJson, timestamp } = record;
  let text = `{"partition":${partition}`;
  if (timestamp !== undefined) text += `,"timestamp":"${timestampText(timestamp)}"`;
  if (key !== undefined) text += `,"key":${JSON.stringify(key)}`;
  if (valueJson !== undefined) text += `,"value":${valueJson}`;
  if (valueBase64 !== undefined) text += `,"valueBase64":"${valueBase64}"`;
  if (headersJson !== undefined) text += `,"headers":${headersJson}`;
  return `${text}}`;
};
