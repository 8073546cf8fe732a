import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { WebhookRequest } from '../webhooks.ts';

/** Bytes that are looked at, characters that are shown, and how long they are waited for after the head. */
const looked = 600;
const shown = 160;
const waitMs = 100;
/** What the endpoint repeats of the request is found in pieces of this length. */
const pieceLength = 16;

const readable = /^(text\/plain|application\/([\w.-]+\+)?json)\b/i;

/**
 * How the body of an answer that is no 2xx begins, as one line: for a person who looks for what is wrong with an endpoint
 * of his own. Undefined where it is no short plain text, comes too late, or repeats what the request held: a secret of
 * its headers, or records.
 */
export const excerptOf = async (
  response: IncomingMessage,
  { headers, body }: Pick<WebhookRequest, 'headers' | 'body'>,
): Promise<string | undefined> => {
  const { 'content-type': type = '', 'content-encoding': coding = 'identity' } = response.headers;
  if (!readable.test(type) || coding !== 'identity') return undefined;
  const text = oneLine(await beginningOf(response));
  if (text === '' || text.includes('\ufffd')) return undefined;
  const isSecret = Object.values(headers).some((value) => value.length >= 8 && text.includes(value));
  return isSecret || repeats(text, body) ? undefined : text;
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

/** Without what could move a terminal's cursor or change its colours. */
const oneLine = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line.length > shown ? `${line.slice(0, shown)}…` : line;
};

const repeats = (text: string, body: string): boolean => {
  for (let at = 0; at + pieceLength <= text.length; at += 1)
    if (body.includes(text.slice(at, at + pieceLength))) return true;
  return false;
};
