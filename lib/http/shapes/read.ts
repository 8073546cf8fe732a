import { eventBatchType, eventType } from '../../domain/cloud-events/names.ts';
import { Problem } from '../../domain/errors.ts';
import { isJson, isUtf8, type MediaType, mediaType } from '../../domain/text/media-type.ts';
import type { ApiContext } from '../api.ts';
import { asText, jsonAsBytes, readBody, readJsonText, readParts } from '../body.ts';
import { LineRecords } from '../lines/parse.ts';
import { eachLine } from '../lines/read.ts';
import { noQuery, readQuery } from '../query.ts';
import { type ProduceRequest, parseProduceRequest } from '../schemas/records.ts';
import { isBinaryEvent, parseBinaryEvent } from './cloud-events/binary.ts';
import { parseStructuredEvents } from './cloud-events/structured.ts';
import { parseRaw, rawParameters } from './raw.ts';
import { lineTypes } from './types.ts';

const accepted = ['application/json', 'application/x-ndjson', eventType, eventBatchType];

const unsupported = (message: string): Problem =>
  new Problem('unsupported_media_type', `${message} Nothing was written.`, { members: { accepted } });

const requireUtf8 = (media: MediaType): void => {
  if (!isUtf8(media)) throw unsupported(`Send ${media.type} in UTF-8.`);
};

const readLines = async (c: ApiContext, media: MediaType): Promise<ProduceRequest> => {
  requireUtf8(media);
  const records = new LineRecords();
  await eachLine(readParts(c, 'requestBytes'), (line, number) => records.take(line, number));
  return records.end();
};

/** Of what begins as CloudEvents' own types do, which no record is said to be. */
const readEvents = async (c: ApiContext, media: MediaType): Promise<ProduceRequest> => {
  const isBatch = media.type === eventBatchType;
  if (!isBatch && media.type !== eventType)
    throw unsupported(
      `CloudEvents are taken as ${eventType}, as ${eventBatchType}, or with their attributes as headers.`,
    );
  requireUtf8(media);
  return parseStructuredEvents(asText(await readBody(c, 'requestBytes')), isBatch);
};

const readBinaryEvent = async (c: ApiContext, media: MediaType | undefined): Promise<ProduceRequest> => {
  if (media !== undefined && isJson(media.type)) requireUtf8(media);
  return parseBinaryEvent(c, media, await readBody(c, 'requestBytes'));
};

const notSaid = (header: string | undefined): Problem =>
  unsupported(
    header === undefined
      ? 'Say what the body is, by a Content-Type: application/json with {"records": […]}, application/x-ndjson with a record a line, a type of CloudEvents, or any other for a body that is the value of one record.'
      : 'The Content-Type is none: it has a type and a subtype, as application/json.',
  );

const readRaw = async (c: ApiContext, media: MediaType): Promise<ProduceRequest> => {
  const query = readQuery(c, rawParameters);
  return parseRaw(media, query, await readBody(c, 'requestBytes'));
};

type Shape = 'json' | 'lines' | 'events' | 'event' | 'raw';

/** By what CloudEvents' binding to HTTP has a receiver look at first: its own types, then the headers of an event. */
const shapeOf = (c: ApiContext, media: MediaType | undefined): Shape | undefined => {
  if (media?.type.startsWith('application/cloudevents')) return 'events';
  if (isBinaryEvent(c)) return 'event';
  if (media === undefined) return undefined;
  if (media.type === 'application/json' || media.type === jsonAsBytes) return 'json';
  return lineTypes.includes(media.type) ? 'lines' : 'raw';
};

/**
 * The records of a request, in whatever shape its Content-Type says that they are.
 * @throws Problem `unsupported_media_type`, `too_large`, `limit_exceeded`, `invalid_request`
 */
export const readProduceRequest = async (c: ApiContext): Promise<ProduceRequest> => {
  const header = c.req.header('content-type');
  const media = mediaType(header ?? '');
  const shape = shapeOf(c, media);
  if (shape === 'raw' && media !== undefined) return readRaw(c, media);
  noQuery(c);
  if (shape === 'event' && (media !== undefined || header === undefined)) return readBinaryEvent(c, media);
  if (media === undefined) throw notSaid(header);
  if (shape === 'events') return readEvents(c, media);
  if (shape === 'json') return parseProduceRequest(await readJsonText(c, 'requestBytes'));
  return readLines(c, media);
};
