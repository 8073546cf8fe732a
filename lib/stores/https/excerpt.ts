import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { isOwn } from '../../domain/delivery/own-headers.ts';
import { inOneLine } from '../../domain/text/plain-text.ts';
import type { WebhookRequest } from '../webhooks.ts';
import { repeatsBody, repeatsSecret } from './repeated.ts';

/** Bytes that are looked at, bytes that are told, and how long they are waited for after the head. */
const looked = 1536;
const told = 1024;
const waitMs = 100;

const readable = /^(text\/plain|application\/([\w.-]+\+)?json)\b/i;

/** What is said with these is of who calls, and often with what. */
const ofCredentials: ReadonlySet<number> = new Set([401, 403, 407]);

type Request = Pick<WebhookRequest, 'url' | 'headers' | 'ofRecords' | 'body'>;

/**
 * How the body of an answer that is no 2xx begins, as one line: for a person who looks for what is wrong with an endpoint
 * of his own. Undefined where it is no plain text, or comes too late; where the endpoint has headers of its own,
 * or the answer is about credentials, since no comparison finds a secret in every form; and where it repeats records, or
 * what the URL has behind its host, or the records are too many to be sure of that.
 */
export const excerptOf = async (response: IncomingMessage, request: Request): Promise<string | undefined> =>
  mayBeTold(response, request) ? excerptIn(await beginningOf(response), request) : undefined;

/** As `excerptOf`, of an answer whose body is read by somebody else. @param text how it begins. */
export const excerptOfText = (
  response: IncomingMessage,
  text: string,
  request: Request,
): string | undefined =>
  mayBeTold(response, request) ? excerptIn(text.slice(0, looked), request) : undefined;

const mayBeTold = ({ headers, statusCode = 0 }: IncomingMessage, request: Request): boolean => {
  const { 'content-type': type = '', 'content-encoding': coding = 'identity' } = headers;
  if (!readable.test(type) || coding !== 'identity' || ofCredentials.has(statusCode)) return false;
  const { ofRecords = [] } = request;
  return Object.entries(request.headers).every((header) => isOwn(header) || ofRecords.includes(header[0]));
};

const excerptIn = (text: string, request: Request): string | undefined => {
  const line = inOneLine(text);
  if (line === '' || line.includes('\ufffd')) return undefined;
  return repeatsSecret(text, request) || repeatsBody(text, recordsIn(request)) ? undefined : cut(line);
};

/** What a request has of records, as one text. */
const recordsIn = ({ headers, ofRecords = [], body }: Request): string => {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString();
  return [text, ...ofRecords.map((name) => headers[name] ?? '')].join(' ');
};

const beginningOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  const over = new AbortController();
  const read = new Promise<void>((resolve) => {
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      if (bytes < looked) chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= looked) resolve();
    });
    response.once('end', resolve);
    response.once('close', resolve);
  });
  await Promise.race([read, pause(waitMs, undefined, { signal: over.signal }).catch(() => undefined)]);
  over.abort();
  const bytes = Buffer.concat(chunks).subarray(0, looked);
  // A character that is cut in its middle is left out.
  return new TextDecoder().decode(bytes, { stream: true });
};

const cut = (line: string): string => {
  const bytes = Buffer.from(line);
  // A character that would be cut is left out.
  return bytes.length > told
    ? `${new TextDecoder().decode(bytes.subarray(0, told), { stream: true })}…`
    : line;
};
