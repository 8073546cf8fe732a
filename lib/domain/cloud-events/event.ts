import { contentTypeIn, type RecordHeaders as Headers, headersOf } from '../records/record-headers.ts';
import type { LogRecord } from '../records/records.ts';
import { timestampText } from '../text/timestamps.ts';
import { attributeName, attributePrefix, typesHeader } from './names.ts';

/** An attribute of an event, but `datacontenttype`. */
export interface Attribute {
  readonly name: string;
  /** As text; of what is a number or a truth value in JSON, its literal. */
  readonly value: string;
  readonly isText: boolean;
}

/** What a record is as a CloudEvent, but for its data, which is the record's value. */
export interface CloudEvent {
  readonly attributes: readonly Attribute[];
  /** `datacontenttype`. Absent where the event came without. */
  readonly contentType?: string;
}

/** The type of records that came as none. */
const recordType = 'millrace.record';

const text = (name: string, value: string): Attribute => ({ name, value, isText: true });

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
const attributesIn = (headers: Headers): readonly Attribute[] => {
  const types = typesIn(headers);
  return Object.entries(headers).flatMap(([header, value]) => {
    const name = header.startsWith(attributePrefix) ? header.slice(attributePrefix.length) : '';
    if (!attributeName.test(name) || name === 'data' || name === 'datacontenttype') return [];
    const isTyped = typedPatterns[types.get(name) ?? '']?.test(value) ?? false;
    return [{ name, value, isText: !isTyped }];
  });
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
const wrapping = (record: LogRecord, headers: Headers, topic: string): readonly Attribute[] => {
  const { partition, offset, timestamp, key } = record;
  const extensions = Object.entries(headers).filter(([name]) => attributeName.test(name) && !taken.has(name));
  return [
    text('specversion', '1.0'),
    text('id', `${topic}/${partition}/${offset}`),
    text('source', `/v1/topics/${topic}`),
    text('type', recordType),
    text('time', timestampText(timestamp)),
    ...(key !== undefined && key !== '' ? [text('partitionkey', key)] : []),
    ...extensions.map(([name, value]) => text(name, value)),
  ];
};

/** A record as a CloudEvent: the one that it came as, or one made around it. @param topic its name. */
export const eventOf = (record: LogRecord, topic: string): CloudEvent => {
  const headers = headersOf(record);
  const cameAsOne = isEvent(headers);
  const implied = record.valueJson === undefined ? 'application/octet-stream' : 'application/json';
  const contentType = contentTypeIn(headers) ?? (cameAsOne ? undefined : implied);
  return {
    attributes: cameAsOne ? attributesIn(headers) : wrapping(record, headers, topic),
    ...(contentType !== undefined && contentType !== '' && { contentType }),
  };
};

/** `eventOf` in CloudEvents' JSON format. Its data is the text that the value is. */
export const eventJson = (record: LogRecord, topic: string): string => {
  const { attributes, contentType } = eventOf(record, topic);
  const { valueJson, valueBase64 } = record;
  let json = '';
  for (const { name, value, isText } of attributes)
    json += `,"${name}":${isText ? JSON.stringify(value) : value}`;
  if (contentType !== undefined) json += `,"datacontenttype":${JSON.stringify(contentType)}`;
  if (valueJson !== undefined) json += `,"data":${valueJson}`;
  else if (valueBase64) json += `,"data_base64":"${valueBase64}"`;
  return `{${json.slice(1)}}`;
};
