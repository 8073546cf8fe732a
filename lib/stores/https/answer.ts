import type { ClientRequest, IncomingMessage } from 'node:http';
import { type Acknowledgement, unclear } from '../../domain/acknowledgements/acknowledgement.ts';
import { BodyReader } from '../../domain/acknowledgements/body-reader.ts';
import type { WebhookAnswer, WebhookRequest } from '../webhooks.ts';
import { BrokenOffError, decodeBody } from './decode-body.ts';
import { excerptOf, excerptOfText } from './excerpt.ts';

/** What is read of a body, in characters: an echo of the largest message, quoted once more, is shorter. */
const mostRead = 8 * 1024 * 1024;
/** Characters of a body that are kept until it is known whether its beginning is to be told. */
const kept = 2048;
/** For the rest of a body that no longer matters, so that its connection can be used again; then it is ended. */
const rest = { bytes: 64 * 1024, ms: 1000 } as const;

/** The head came, and the body did not, so that it is not known what is acknowledged. */
export class AnswerBrokenOffError extends Error {
  override readonly name = 'AnswerBrokenOffError';
}

/**
 * What comes back on `exchange`. Where the status decides, it is settled by the head, whatever becomes of the body.
 * @param tellsBody whether the body is told as it is.
 * @param quoted the request, where the answer is to tell how its body begins.
 * @throws AnswerBrokenOffError
 * @throws Error as the connection or the parser gave it, or the reason of `signal`.
 */
export const answerOf = async (
  exchange: ClientRequest,
  signal: AbortSignal,
  quoted?: WebhookRequest,
  tellsBody = false,
): Promise<WebhookAnswer> => {
  const response = await headOf(exchange, signal);
  const status = response.statusCode ?? 0;
  const retryAfter = response.headers['retry-after'];
  const answer = { kind: 'answered', status, ...(retryAfter !== undefined && { retryAfter }) } as const;
  if (tellsBody) {
    const body = await bodyOf(response, signal);
    return { ...answer, ...(body !== undefined && { body }) };
  }
  if (status < 200 || status > 299 || status === 204) {
    leave(exchange, response);
    const excerpt = quoted && status !== 204 ? await excerptOf(response, quoted) : undefined;
    return { ...answer, ...(excerpt !== undefined && { excerpt }) };
  }
  let beginning = '';
  const acknowledged = await acknowledgedBy(exchange, response, signal, (piece) => {
    if (beginning.length < kept) beginning += piece.slice(0, kept);
  });
  const isAsked = quoted !== undefined && (quoted.tellsSuccess === true || acknowledged.kind === 'unclear');
  const excerpt = isAsked ? excerptOfText(response, beginning, quoted) : undefined;
  return { ...answer, acknowledged, ...(excerpt !== undefined && { excerpt }) };
};

/** What the head of an answer to OPTIONS allows. Its body says nothing. @throws as `answerOf` */
export const consentOf = async (exchange: ClientRequest, signal: AbortSignal): Promise<WebhookAnswer> => {
  const response = await headOf(exchange, signal);
  const one = (name: string): string | undefined => {
    const value = response.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const [origin, rate] = [one('webhook-allowed-origin'), one('webhook-allowed-rate')];
  const status = response.statusCode ?? 0;
  leave(exchange, response);
  return {
    kind: 'answered',
    status,
    allowed: { ...(origin !== undefined && { origin }), ...(rate !== undefined && { rate }) },
  };
};

/** The body as text; undefined where it is too long, or cannot be read. @throws AnswerBrokenOffError, or the reason of `signal` */
const bodyOf = async (response: IncomingMessage, signal: AbortSignal): Promise<string | undefined> => {
  try {
    const { text } = await decodeBody(response, response.headers);
    let body = '';
    for await (const piece of text) {
      body += piece;
      if (body.length > rest.bytes) return undefined;
    }
    return body;
  } catch (error) {
    if (signal.aborted) throw signal.reason as Error;
    if (error instanceof BrokenOffError) throw new AnswerBrokenOffError();
    return undefined;
  } finally {
    if (!response.readableEnded) response.destroy();
  }
};

const headOf = (exchange: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    // For as long as it lives: after the head, the response says itself what becomes of it.
    exchange.on('error', reject);
    // Whatever becomes of the connection: an endpoint never keeps a run waiting beyond its time.
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    // An answer that changes the protocol is no response to Node: without this it would never be heard of.
    exchange.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response);
    });
    exchange.on('response', (response) => {
      response.on('error', () => undefined);
      resolve(response);
    });
  });

/** Reads what is left of the answer, or ends its connection. */
const leave = (exchange: ClientRequest, response: IncomingMessage): void => {
  // Node's parser takes what is behind a 204 for the next answer (nodejs/node #24580): the connection is spoiled.
  const { 'content-length': length = '0', 'transfer-encoding': coding } = response.headers;
  if (response.statusCode === 204 && (length !== '0' || coding !== undefined)) exchange.destroy();
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > rest.bytes) exchange.destroy();
  });
  endLater(exchange);
};

const endLater = (exchange: ClientRequest): void => {
  const timer = setTimeout(() => exchange.destroy(), rest.ms).unref();
  exchange.once('close', () => clearTimeout(timer));
};

const acknowledgedBy = (
  exchange: ClientRequest,
  response: IncomingMessage,
  signal: AbortSignal,
  onText: (piece: string) => void,
): Promise<Acknowledgement> =>
  new Promise((resolve, reject) => {
    // It may be known long before the body has ended: the rest is only read away then.
    const known = (acknowledged: Acknowledgement): void => {
      resolve(acknowledged);
      endLater(exchange);
    };
    readBody(response, known, onText).then((acknowledged) => {
      if (acknowledged !== undefined) known(acknowledged);
      else reject(signal.aborted ? (signal.reason as Error) : new AnswerBrokenOffError());
    }, reject);
  });

/**
 * @param onKnown called once, early, if the beginning tells.
 * @param onText called with each piece of the body, in order.
 * @returns undefined when the body broke off before it was known what it says.
 */
const readBody = async (
  response: IncomingMessage,
  onKnown: (acknowledged: Acknowledgement) => void,
  onText: (piece: string) => void,
): Promise<Acknowledgement | undefined> => {
  const { socket } = response;
  const { kind, text } = await decodeBody(response, response.headers);
  const reader = new BodyReader(kind);
  let read = 0;
  try {
    for await (const piece of text) {
      onText(piece);
      const before = reader.known;
      reader.write(piece);
      read += piece.length;
      if (before === undefined && reader.known !== undefined) onKnown(reader.known);
      // Leaving the loop ends the connection.
      if (read > (reader.known === undefined ? mostRead : rest.bytes)) return reader.cutOff();
    }
    return endsByClosing(response) && !socket.readableEnded ? reader.brokenOff() : reader.ended();
  } catch (error) {
    if (error instanceof BrokenOffError) return reader.brokenOff();
    return reader.known ?? (kind.page ? { kind: 'all' } : undecompressed);
  } finally {
    if (!response.readableEnded) response.destroy();
  }
};

/**
 * Whether the end of the connection is that of the body (RFC 9112, 6.3). Node takes every end for it, a reset and our own
 * timeout too: it came to its end only when the other end said so.
 */
const endsByClosing = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] === undefined && !/chunked\s*$/i.test(headers['transfer-encoding'] ?? '');

const undecompressed = unclear(
  'The endpoint answered with a compressed body that cannot be read, which may hide an "ack".',
);
