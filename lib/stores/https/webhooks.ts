import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type EgressRules, literalAddress, mayConnectTo } from '../../domain/egress.ts';
import type { WebhookAnswer, WebhookRequest, WebhookSender } from '../webhooks.ts';
import { ForbiddenAddressError, guardedLookup, type Resolve } from './guarded-lookup.ts';

export interface HttpsWebhookOptions extends EgressRules {
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
  /** Certificate authorities, PEM, instead of those that Node knows. */
  readonly ca?: string;
}

/** What is read of an answer's body; longer ones are cut off and their connection is ended. */
const answerBytes = 64 * 1024;
const connections = { keepAlive: true, maxSockets: 256, maxFreeSockets: 64 } as const;

/**
 * Calls webhooks over the network, and only where the egress rules allow: each address is checked when a connection to
 * it is made. Connections are kept and used again. A kept one that turns out to be closed is replaced once.
 */
export class HttpsWebhookSender implements WebhookSender {
  readonly #options: HttpsWebhookOptions;
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  readonly #lookups: { readonly http: LookupFunction; readonly https: LookupFunction };

  constructor(options: HttpsWebhookOptions) {
    this.#options = options;
    this.#agents = { http: new HttpAgent(connections), https: new HttpsAgent(connections) };
    this.#lookups = {
      http: guardedLookup(options, false, options.resolve),
      https: guardedLookup(options, true, options.resolve),
    };
  }

  async post(request: WebhookRequest): Promise<WebhookAnswer> {
    const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) return unreachable('The URL cannot be called.');
    const secure = url.protocol === 'https:';
    const literal = literalAddress(url.hostname);
    // No lookup is made for an address.
    if (literal !== undefined && !mayConnectTo(literal, secure, this.#options))
      return unreachable('The URL leads to an address that is not public.');
    const signal = AbortSignal.timeout(request.timeoutMs);
    for (let stale = 0; ; stale += 1) {
      let exchange: ClientRequest | undefined;
      try {
        exchange = this.#send(url, request, signal);
        return await answerOf(exchange, signal);
      } catch (error) {
        if (signal.aborted) return unreachable(`It did not answer within ${request.timeoutMs} ms.`);
        const keptWasClosed = exchange?.reusedSocket === true && closedCodes.has(codeOf(error));
        if (!keptWasClosed || stale > 0) return unreachable(reasonOf(error));
      }
    }
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  #send(url: URL, { headers, body }: WebhookRequest, signal: AbortSignal): ClientRequest {
    const bytes = Buffer.from(body);
    const options = {
      method: 'POST',
      headers: { ...headers, 'content-length': bytes.length },
      signal,
    };
    const exchange =
      url.protocol === 'https:'
        ? httpsRequest(url, {
            ...options,
            agent: this.#agents.https,
            lookup: this.#lookups.https,
            ...(this.#options.ca !== undefined && { ca: this.#options.ca }),
          })
        : httpRequest(url, { ...options, agent: this.#agents.http, lookup: this.#lookups.http });
    return exchange.end(bytes);
  }
}

const answerOf = (exchange: ClientRequest, signal: AbortSignal): Promise<WebhookAnswer> =>
  new Promise((resolve, reject) => {
    exchange.on('error', reject);
    // Whatever becomes of the connection: an endpoint never keeps a run waiting beyond its time.
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    // An answer that changes the protocol is no response to Node: without this it would never be heard of.
    exchange.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ kind: 'answered', status: response.statusCode ?? 101, body: '' });
    });
    exchange.on('response', (response) => {
      readBody(response).then((body) => {
        const retryAfter = response.headers['retry-after'];
        resolve({
          kind: 'answered',
          status: response.statusCode ?? 0,
          ...(retryAfter !== undefined && { retryAfter }),
          ...body,
        });
      }, reject);
    });
  });

const readBody = async (response: IncomingMessage): Promise<{ body: string; cutOff?: true }> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop ends the connection.
    if (bytes > answerBytes) break;
  }
  const body = Buffer.concat(chunks).subarray(0, answerBytes).toString();
  return bytes > answerBytes ? { body, cutOff: true } : { body };
};

const unreachable = (reason: string): WebhookAnswer => ({ kind: 'unreachable', reason });

const closedCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

/** An error's own text may name addresses or hold what the other end sent: only its kind is told. */
const reasonOf = (error: unknown): string =>
  error instanceof ForbiddenAddressError ? error.message : `The request failed (${codeOf(error)}).`;
