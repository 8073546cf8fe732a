import type { LogRecord } from '../../../domain/records/records.ts';
import { timestampText } from '../../../domain/text/timestamps.ts';
import { attributeName, attributePrefix, contentTypeHeader, typesHeader } from './attributes.ts';

type Headers = Readonly<Record<string, string>>;

const headersOf = ({ headersJson }: LogRecord): Headers =>
  headersJson === undefined ? {} : (JSON.parse(headersJson) as Headers);

/** The type of records that came as none. */
const recordType = 'millrace.record';

const member = (name: string, value: string): string => `,"${name}":${JSON.stringify(value)}`;

const isEvent = (headers: Headers): boolean =>
  headers['ce_specversion'] === '1.0' && ['id', 'source', 'type'].every((name) => headers[`ce_${name}`]);

const typesIn = (headers: Headers): ReadonlyMap<string, string> =>
  new Map(
    (headers[typesHeader] ?? '').split(',').map((said) => {
      const [name = '', type = ''] = said.split('=');
      return [name, type];
    }),
  );

const typedPatterns: Readonly<Record<string, RegExp>> = {
  integer: /^-?(?:0|[1-9]\d*)$/,
  boolean: /^(?:true|false)$/,
};

/** The attributes that a record's headers hold. What is none by its name is left out. */
const attributesIn = (headers: Headers): string => {
  const types = typesIn(headers);
  let text = '';
  for (const [header, value] of Object.entries(headers)) {
    const name = header.startsWith(attributePrefix) ? header.slice(attributePrefix.length) : '';
    if (!attributeName.test(name) || name === 'data' || name === 'datacontenttype') continue;
    const isTyped = typedPatterns[types.get(name) ?? '']?.test(value) ?? false;
    text += isTyped ? `,"${name}":${value}` : member(name, value);
  }
  return text;
};

/** Names that an event's own attributes have, which no header of another record can be. */
const taken: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'subject',
  'dataschema',
  'datacontenttype',
  'data',
  'partitionkey',
]);

/** Attributes for a record that did not come as an event. Headers become extensions where an extension can have their name. */
const wrapping = (record: LogRecord, headers: Headers, topic: string): string => {
  const { partition, offset, timestamp, key } = record;
  let text = member('specversion', '1.0');
  text += member('id', `${topic}/${partition}/${offset}`);
  text += member('source', `/v1/topics/${topic}`);
  text += member('type', recordType);
  text += member('time', timestampText(timestamp));
  if (key !== undefined && key !== '') text += member('partitionkey', key);
  for (const [name, value] of Object.entries(headers))
    if (attributeName.test(name) && !taken.has(name)) text += member(name, value);
  return text;
};

const contentTypeIn = (headers: Headers): string | undefined => {
  const found = Object.keys(headers).find((name) => name.toLowerCase() === contentTypeHeader);
  return found === undefined ? undefined : headers[found];
};

/** A record as a CloudEvent in JSON: the one that it came as, or one made around it. Its value is the text that it is. */
export const eventJson = (record: LogRecord, topic: string): string => {
  const headers = headersOf(record);
  const { valueJson, valueBase64 } = record;
  const cameAsOne = isEvent(headers);
  const implied = valueJson === undefined ? 'application/octet-stream' : 'application/json';
  const contentType = contentTypeIn(headers) ?? (cameAsOne ? undefined : implied);
  let text = cameAsOne ? attributesIn(headers) : wrapping(record, headers, topic);
  if (contentType !== undefined && contentType !== '') text += member('datacontenttype', contentType);
  if (valueJson !== undefined) text += `,"data":${valueJson}`;
  else if (valueBase64) text += `,"data_base64":"${valueBase64}"`;
  return `{${text.slice(1)}}`;
};
