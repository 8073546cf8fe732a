import { isUtf8 } from 'node:buffer';
import { attributeName } from '../../../domain/cloud-events/names.ts';
import { JsonReader } from '../../../domain/json/reader.ts';
import { limits } from '../../../domain/limits.ts';
import { isJson, type MediaType } from '../../../domain/text/media-type.ts';
import type { ApiContext } from '../../api.ts';
import { asText } from '../../body.ts';
import { located, type Report } from '../../schemas/record-fields.ts';
import type { ProducedRecord, ProduceRequest } from '../../schemas/records.ts';
import { Faults } from '../faults.ts';
import { attributeNameRule, eventRecord, type ReadEvent } from './attributes.ts';

const prefix = 'ce-';

/** Whether a request is an event whose attributes are headers, or was meant to be one. */
export const isBinaryEvent = (c: ApiContext): boolean =>
  c.req.header('ce-specversion') !== undefined || c.req.header('ce-id') !== undefined;

/**
 * What the value of a header says (CloudEvents' binding to HTTP, 3.1.3.2): quotes around it are taken away, then characters
 * decoded that are percent-encoded. A percent sign that is none of an encoded one stays: some producers encode nothing.
 * Undefined where the bytes are not UTF-8.
 */
export const headerText = (value: string): string | undefined => {
  const quoted = /^"(.*)"$/s.exec(value)?.[1]?.replace(/\\(.)/gs, '$1');
  const bytes = Buffer.from(quoted ?? value, 'latin1');
  if (!isUtf8(bytes)) return undefined;
  try {
    return bytes.toString().replace(/(?:%[0-9a-f]{2})+/gi, decodeURIComponent);
  } catch {
    return undefined;
  }
};

const attributesIn = (c: ApiContext, media: MediaType | undefined, report: Report): Map<string, string> => {
  const attributes = new Map<string, string>();
  for (const [header, value] of c.req.raw.headers) {
    if (!header.startsWith(prefix)) continue;
    const name = header.slice(prefix.length);
    const text = headerText(value);
    if (!attributeName.test(name)) report(header, attributeNameRule);
    else if (name === 'datacontenttype') report(header, 'Content-Type says this: leave it out.');
    else if (name === 'data') report(header, 'The body is the data: leave it out.');
    else if (text === undefined) report(header, 'This is not UTF-8, percent-encoded or as it is.');
    else attributes.set(name, text);
  }
  if (media !== undefined) attributes.set('datacontenttype', media.text);
  return attributes;
};

/** What is said to be JSON is that JSON, and everything else its bytes. */
const dataIn = (body: Buffer, media: MediaType | undefined): ReadEvent['data'] => {
  if (body.length === 0) return undefined;
  if (media === undefined || !isJson(media.type)) return { valueBase64: body.toString('base64') };
  const read = (): ReadEvent['data'] => {
    const reader = new JsonReader(asText(body), limits.jsonDepth);
    const valueJson = reader.value();
    reader.end();
    return { valueJson };
  };
  return located(() => 'body', read);
};

/**
 * A request that is one event: attributes are headers, and the body its data.
 * @throws Problem `invalid_request`, `too_large`, `limit_exceeded`
 */
export const parseBinaryEvent = (
  c: ApiContext,
  media: MediaType | undefined,
  body: Buffer,
): ProduceRequest => {
  const faults = new Faults();
  const event: ReadEvent = { attributes: attributesIn(c, media, faults.report), data: dataIn(body, media) };
  const pathOf = (attribute: string): string =>
    attribute === 'datacontenttype' ? 'content-type' : `${prefix}${attribute}`;
  const record: ProducedRecord = eventRecord(event, { path: '', pathOf, report: faults.report });
  faults.refuse();
  return { records: [record], pathOf: () => 'event', valuePathOf: () => '' };
};
