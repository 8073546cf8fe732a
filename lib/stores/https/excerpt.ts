import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { inOneLine } from '../../domain/text/plain-text.ts';
import type { WebhookRequest } from '../webhooks.ts';
import { repeatsBody, repeatsSecret } from './repeated.ts';

/** Bytes that are looked at, characters that are shown, and how long they are waited for after the head. */
const looked = 600;
const shown = 160;
const waitMs = 100;

const readable = /^(text\/plain|application\/([\w.-]+\+)?json)\b/i;

/** What is said with these is of who calls, and often with what. */
const ofCredentials: ReadonlySet<number> = new Set([401, 403, 407]);

/** Headers of a request that are Millrace's own. Any other is the endpoint's, and may be a secret. */
const ownNames: ReadonlySet<string> = new Set([
  'content-type',
  'traceparent',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
]);
const isOwn = ([name, value]: readonly [string, string]): boolean =>
  ownNames.has(name.toLowerCase()) || (name.toLowerCase() === 'user-agent' && value === 'Millrace');

/**
 * How the body of an answer that is no 2xx begins, as one line: for a person who looks for what is wrong with an endpoint
 * of his own. Undefined where it is no short plain text, or comes too late; where the endpoint has headers of its own,
 * or the answer is about credentials, since no comparison finds a secret in every form; and where it repeats records, or
 * what the URL has behind its host, or the records are too many to be sure of that.
 */
export const excerptOf = async (
  response: IncomingMessage,
  request: Pick<WebhookRequest, 'url' | 'headers' | 'body'>,
): Promise<string | undefined> => {
  const { 'content-type': type = '', 'content-encoding': coding = 'identity' } = response.headers;
  if (!readable.test(type) || coding !== 'identity') return undefined;
  if (ofCredentials.has(response.statusCode ?? 0)) return undefined;
  if (!Object.entries(request.headers).every(isOwn)) return undefined;
  const text = await beginningOf(response);
  const line = inOneLine(text);
  if (line === '' || line.includes('\ufffd')) return undefined;
  return repeatsSecret(text, request) || repeatsBody(text, request.body) ? undefined : cut(line);
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

/** A character of two halves is not cut between them. */
const cut = (line: string): string =>
  line.length > shown ? `${line.slice(0, shown).replace(/[\ud800-\udbff]$/, '')}…` : line;
