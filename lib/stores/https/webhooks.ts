import { type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { addressAgainst, type EgressRules, literalAddress } from '../../domain/delivery/egress.ts';
import type { WebhookAnswer, WebhookRequest, WebhookSender } from '../webhooks.ts';
import { AnswerBrokenOffError, answerOf, consentOf } from './answer.ts';
import { Connections } from './connections.ts';
import { duration, failureSentence, unresolvedSentence } from './failure-words.ts';
import { nameResolver, type Resolve } from './resolve.ts';
import { ForbiddenAddressError, Route, UnresolvedNameError } from './route.ts';

export interface HttpsWebhookOptions extends EgressRules {
  /** Default: the system's name servers, and its file of hosts. */
  readonly resolve?: Resolve;
  /** Certificate authorities, PEM, instead of those that Node knows. */
  readonly ca?: string;
  /** Whether the beginning of an answer is told. Default: no, since it may hold anything. */
  readonly excerpts?: boolean;
  /** Wall clock, ms. */
  readonly now?: () => number;
}

/** Of all headers of an answer, bytes: curl takes 300 KB, Node by itself 16 KiB. */
const greatestHead = 300 * 1024;

/**
 * Calls webhooks over the network, and only where the egress rules allow: each address is checked when a connection to
 * it is made. Connections are kept for a minute and used again; a request for which a kept one turns out to be closed is
 * sent once more, on a new one.
 */
export class HttpsWebhookSender implements WebhookSender {
  readonly #options: HttpsWebhookOptions;
  readonly #resolve: Resolve;
  readonly #connections: Connections;

  constructor(options: HttpsWebhookOptions) {
    this.#options = options;
    this.#resolve = options.resolve ?? nameResolver();
    this.#connections = new Connections(options.now ?? Date.now);
  }

  async post(request: WebhookRequest): Promise<WebhookAnswer> {
    const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) return unreachable('The URL cannot be called.');
    const literal = literalAddress(url.hostname);
    const against = literal && addressAgainst(literal, url.protocol === 'https:', this.#options);
    if (against !== undefined)
      return unreachable(`The URL leads to an address that is not public: it is ${against}.`);
    const signal = AbortSignal.timeout(request.timeoutMs);
    const route = new Route(url, signal, { rules: this.#options, resolve: this.#resolve });
    const call: Call = { url, request, route, signal };
    await this.#connections.check(route.origin);
    try {
      const answer = await this.#send(call);
      if (answer !== 'closed') return answer;
      this.#connections.endKept(route.origin);
      const second = await this.#send(call);
      return second === 'closed' ? unreachable('The connection was closed.') : second;
    } catch (error) {
      return unreachable(signal.aborted ? lateness(call) : reasonOf(error));
    }
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#connections.close();
  }

  /** @returns `closed` when a kept connection was used that the other end had closed: the message was not taken. */
  async #send(call: Call): Promise<WebhookAnswer | 'closed'> {
    const exchange = this.#begin(call);
    let readBefore = 0;
    exchange.once('socket', ({ bytesRead }) => {
      readBefore = bytesRead;
    });
    try {
      const { tellsBody = false } = call.request;
      const isTold = this.#options.excerpts === true && call.request.tellsNothing !== true;
      const quoted = isTold ? call.request : undefined;
      const answer =
        call.request.method === 'OPTIONS'
          ? await consentOf(exchange, call.signal)
          : await answerOf(exchange, call.signal, quoted, tellsBody);
      // RFC 9110, 15.5.9: how some servers say that they close a connection which nobody used.
      return exchange.reusedSocket && answer.kind === 'answered' && answer.status === 408 ? 'closed' : answer;
    } catch (error) {
      const heard = exchange.socket !== null && exchange.socket.bytesRead > readBefore;
      if (exchange.reusedSocket && wasClosed(error, heard)) return 'closed';
      throw error;
    }
  }

  #begin({ url, request, route, signal }: Call): ClientRequest {
    const bytes = Buffer.from(request.body);
    const options = {
      method: request.method ?? 'POST',
      headers: { ...request.headers, 'accept-encoding': 'identity', 'content-length': bytes.length },
      maxHeaderSize: greatestHead,
      // Line ends, folded headers, control characters, a length beside chunks: curl takes them. What is lenient here is
      // dangerous where requests of many pass one connection; these are answers of one origin to us.
      insecureHTTPParser: true,
      signal,
      route,
    };
    const exchange = this.#exchange(url, options);
    // Their bytes are bounded, not their number: Node drops what comes after 2,000 by itself, `Retry-After` as well.
    exchange.maxHeadersCount = 0;
    return exchange.end(bytes);
  }

  #exchange(url: URL, options: RequestOptions): ClientRequest {
    if (url.protocol === 'http:') return httpRequest(url, { ...options, agent: this.#connections.http });
    return httpsRequest(url, {
      ...options,
      agent: this.#connections.https,
      // RFC 6066, 3: the name of the URL, whatever the headers say, without the dot that it may end in.
      ...(literalAddress(url.hostname) === undefined && { servername: url.hostname.replace(/\.$/, '') }),
      ...(this.#options.ca !== undefined && { ca: this.#options.ca }),
    });
  }
}

interface Call {
  readonly url: URL;
  readonly request: WebhookRequest;
  readonly route: Route;
  readonly signal: AbortSignal;
}

/**
 * Whether a kept connection was closed before it heard of the request, as far as one can say: there is no answer, or
 * what came is what the answer before had too much.
 */
const wasClosed = (error: unknown, heard: boolean): boolean => {
  const code = codeOf(error);
  return code.startsWith('HPE_') || (!heard && (code === 'ECONNRESET' || code === 'EPIPE'));
};

const unreachable = (reason: string): WebhookAnswer => ({ kind: 'unreachable', reason });

const lateness = ({ request, route }: Call): string =>
  route.resolving
    ? `Its name was not resolved within ${duration(request.timeoutMs)}.`
    : `It did not answer within ${duration(request.timeoutMs)}.`;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

/** An error's own text may name addresses or hold what the other end sent: only its kind is told. */
const reasonOf = (error: unknown): string => {
  if (error instanceof ForbiddenAddressError)
    return `The name leads to an address that is not public: it is ${error.message}.`;
  if (error instanceof UnresolvedNameError) return unresolvedSentence(codeOf(error.cause));
  if (error instanceof AnswerBrokenOffError) return 'The connection ended before the body of its answer did.';
  return failureSentence(codeOf(error));
};
