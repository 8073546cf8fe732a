import { attributePrefix, contentTypeHeader, typesHeader } from '../../../domain/cloud-events/names.ts';
import { limits } from '../../../domain/limits.ts';
import { mediaType } from '../../../domain/text/media-type.ts';
import { exceeded } from '../../schemas/record-fields.ts';
import { type Place, type ProducedRecord, producedRecord, type Taken } from '../../schemas/records.ts';
import { type GivenHeader, recordHeaders } from '../record-headers.ts';

export const attributeNameRule = 'The name of an attribute has nothing but a-z and 0-9.';

const required = ['specversion', 'id', 'source', 'type'];
const neverEmpty = new Set([...required, 'subject', 'dataschema', 'datacontenttype', 'partitionkey']);
/** RFC 3339, as exact as anybody has it. */
const timePattern = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** An event as it was read: attributes as their text, by name, and its data as a record holds it. */
export interface ReadEvent {
  readonly attributes: ReadonlyMap<string, string>;
  /** Of attributes that are no strings. */
  readonly types?: ReadonlyMap<string, 'integer' | 'boolean'>;
  /** Absent where the event has none. */
  readonly data?: Pick<Taken, 'valueJson' | 'valueBase64'> | undefined;
}

/** @param pathOf where an attribute stands in the request. */
interface EventPlace extends Place {
  readonly pathOf: (attribute: string) => string;
}

const checkAttributes = ({ attributes }: ReadEvent, { pathOf, report }: EventPlace): void => {
  for (const name of required)
    if (!attributes.has(name)) report(pathOf(name), 'This is missing. Every CloudEvent has one.');
  for (const [name, value] of attributes)
    if (value === '' && neverEmpty.has(name)) report(pathOf(name), 'This is empty, which it may not be.');
  const version = attributes.get('specversion') ?? '1.0';
  if (version !== '1.0')
    report(pathOf('specversion'), 'CloudEvents of version "1.0" are taken, and no others.');
  const time = attributes.get('time');
  if (time !== undefined && !timePattern.test(time))
    report(pathOf('time'), 'Give a time as RFC 3339, as 2024-05-01T12:00:00Z.');
  const type = attributes.get('datacontenttype');
  if (type !== undefined && type !== '' && mediaType(type) === undefined)
    report(pathOf('datacontenttype'), 'Give a media type, as application/json.');
};

const headersOf = ({ attributes, types }: ReadEvent, { pathOf }: EventPlace): GivenHeader[] => {
  const headers = [...attributes].map(([attribute, value]) => ({
    name: attribute === 'datacontenttype' ? contentTypeHeader : `${attributePrefix}${attribute}`,
    value,
    path: pathOf(attribute),
  }));
  if (types === undefined || types.size === 0) return headers;
  const value = [...types].map(([name, type]) => `${name}=${type}`).join(',');
  return [...headers, { name: typesHeader, value, path: '' }];
};

/**
 * The record of an event: its `partitionkey` is the key, and its data the value. One without data is a record without bytes.
 * @throws Problem `too_large`, `limit_exceeded`
 */
export const eventRecord = (event: ReadEvent, place: EventPlace): ProducedRecord => {
  checkAttributes(event, place);
  const { pathOf, path, report } = place;
  const whole = path === '' ? 'event' : path;
  const key = event.attributes.get('partitionkey');
  if (key !== undefined && Buffer.byteLength(key) > limits.recordKeyBytes)
    throw exceeded('too_large', 'recordKeyBytes', pathOf('partitionkey'));
  const headersJson = recordHeaders(headersOf(event, place), whole, report);
  const { data = { valueBase64: '' } } = event;
  return producedRecord({ key, headersJson, ...data }, whole);
};
