import { contentTypeHeader } from '../../domain/cloud-events/names.ts';
import { Problem } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { parseWhole } from '../../domain/text/decimals.ts';
import type { MediaType } from '../../domain/text/media-type.ts';
import { parseTimestamp } from '../../domain/text/timestamps.ts';
import { exceeded, type Report } from '../schemas/record-fields.ts';
import { type ProduceRequest, producedRecord } from '../schemas/records.ts';
import { Faults } from './faults.ts';
import { recordHeaders } from './record-headers.ts';

/** Query parameters by which a body that is one value is given what else a record has. */
export const rawParameters = ['key', 'partition', 'timestamp'] as const;
export type RawQuery = Readonly<Partial<Record<(typeof rawParameters)[number], string>>>;

/** What the beginning of a body looks like that was meant as JSON, by the type that a program says unless it is told. */
const meantAsJson: Readonly<Record<string, { readonly pattern: RegExp; readonly who: string }>> = {
  'application/x-www-form-urlencoded': { pattern: /^\s*[[{]/, who: 'curl says' },
  'text/plain': { pattern: /^\s*\{\s*"(?:records|expectedOffset)"\s*:/, who: 'a browser says' },
};

const refuseForgottenType = ({ type }: MediaType, body: Buffer): void => {
  const { pattern, who } = meantAsJson[type] ?? {};
  if (pattern?.test(body.toString('latin1', 0, 200)) !== true) return;
  throw new Problem(
    'unsupported_media_type',
    `The body looks like JSON, and its Content-Type is ${type}, which ${who} unless it is told something else. Send "Content-Type: application/json" with {"records": […]}, or application/x-ndjson with a record a line. Nothing was written.`,
    { members: { accepted: ['application/json', 'application/x-ndjson'] } },
  );
};

const placeIn = ({ partition, timestamp }: RawQuery, report: Report) => {
  const number = partition === undefined ? undefined : parseWhole(partition);
  if (partition !== undefined && number === undefined)
    report('partition', 'A partition is a whole number in decimal digits, 0 or more.');
  const ms = timestamp === undefined ? undefined : parseTimestamp(timestamp);
  if (timestamp !== undefined && ms === undefined)
    report(
      'timestamp',
      'Give a time as ISO 8601 with an offset, as 2024-05-01T12:00:00Z ("+" is written %2B).',
    );
  return { partition: number, timestamp: ms };
};

/**
 * A request whose body is the value of one record, as bytes. Its content type is kept as a header.
 * @throws Problem `unsupported_media_type` for JSON that is not said to be; `invalid_request`, `too_large`
 */
export const parseRaw = (media: MediaType, query: RawQuery, body: Buffer): ProduceRequest => {
  refuseForgottenType(media, body);
  const faults = new Faults();
  const { report } = faults;
  const { key } = query;
  if (key !== undefined && Buffer.byteLength(key) > limits.recordKeyBytes)
    throw exceeded('too_large', 'recordKeyBytes', 'key');
  const given = { name: contentTypeHeader, value: media.text, path: contentTypeHeader };
  const headersJson = recordHeaders([given], contentTypeHeader, report);
  const place = placeIn(query, report);
  faults.refuse();
  const record = producedRecord({ key, headersJson, valueBase64: body.toString('base64'), ...place }, 'body');
  return { records: [record], pathOf: () => '', valuePathOf: () => '' };
};
