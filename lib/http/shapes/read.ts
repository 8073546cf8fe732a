import { Problem } from '../../domain/errors.ts';
import type { ApiContext } from '../api.ts';
import { readBody, readJsonText } from '../body.ts';
import { LineRecords } from '../lines/parse.ts';
import { eachLine } from '../lines/read.ts';
import { noQuery } from '../query.ts';
import { type ProduceRequest, parseProduceRequest } from '../schemas/records.ts';
import { isUtf8, type MediaType, mediaType } from './media-type.ts';

/** By which programs call it; none of them is registered. */
export const lineTypes: readonly string[] = [
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
];

const accepted = ['application/json', 'application/x-ndjson'];

const unsupported = (message: string): Problem =>
  new Problem('unsupported_media_type', message, { members: { accepted } });

const requireUtf8 = (media: MediaType): void => {
  if (!isUtf8(media)) throw unsupported(`Send ${media.type} in UTF-8.`);
};

const readLines = async (c: ApiContext): Promise<ProduceRequest> => {
  const records = new LineRecords();
  await eachLine([await readBody(c, 'requestBytes')], (line, number) => records.take(line, number));
  return records.end();
};

/**
 * The records of a request, in whatever shape its Content-Type says that they are.
 * @throws Problem `unsupported_media_type`, `too_large`, `limit_exceeded`, `invalid_request`
 */
export const readProduceRequest = async (c: ApiContext): Promise<ProduceRequest> => {
  const media = mediaType(c.req.header('content-type') ?? '');
  noQuery(c);
  if (media !== undefined && lineTypes.includes(media.type)) {
    requireUtf8(media);
    return readLines(c);
  }
  return parseProduceRequest(await readJsonText(c, 'requestBytes'));
};
