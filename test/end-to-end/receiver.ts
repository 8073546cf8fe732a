import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Record } from './client.ts';

/** One webhook request, verified. */
export interface Delivery {
  /** `webhook-id`. */
  readonly id: string;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly body: string;
  readonly type: string;
  readonly topic: string;
  readonly group: string;
  readonly partition: number;
  readonly records: readonly Record[];
  /** Wall clock ms. */
  readonly receivedAt: number;
}

/** What the endpoint does: answers with a status, at once or when it has worked for so long, or never (until the sender gives up). */
export type Reaction = number | 'silence' | { readonly status: number; readonly afterMs: number };

interface Hook {
  readonly verifier: Webhook;
  readonly react: (delivery: Delivery) => Reaction;
  /** When it was answered. */
  readonly answered?: ((delivery: Delivery) => void) | undefined;
  readonly deliveries: Delivery[];
  /** Requests whose signature did not verify, and why. */
  readonly unverified: string[];
}

/** A request as it came. */
export interface Taken {
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
}

type Taker = (request: Taken) => { readonly status: number; readonly body?: unknown };

export interface ReceiverOptions {
  /** Where the outside reaches the receiver, when that is not its own loopback address. */
  readonly publicUrl?: string | undefined;
  /** The port to listen on at 127.0.0.1; a free one without. */
  readonly port?: number | undefined;
}

/** A server whose paths are webhooks. Each verifies what it is sent with the `standardwebhooks` package. */
export class Receiver {
  readonly #server: Server;
  readonly #options: ReceiverOptions;
  readonly #hooks = new Map<string, Hook>();
  readonly #takers = new Map<string, Taker>();
  readonly #consents = new Map<string, (asked: Taken['headers']) => Taken['headers']>();

  private constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      const consent = this.#consents.get(request.url ?? '');
      if (request.method === 'OPTIONS') {
        response.writeHead(200, consent?.(request.headers as Taken['headers'])).end();
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const taker = this.#takers.get(request.url ?? '');
        if (taker !== undefined) return answerAs(taker, request, Buffer.concat(chunks), response);
        const hook = this.#hooks.get(request.url ?? '');
        if (hook === undefined) response.writeHead(404).end();
        else receive(hook, request.headers, Buffer.concat(chunks).toString('utf8'), response);
      });
    });
  }

  static async start(options: ReceiverOptions = {}): Promise<Receiver> {
    const receiver = new Receiver(options);
    receiver.#server.listen(options.port ?? 0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  /** Where the environment says how the outside reaches it, so; else for brokers on this machine. */
  static startFrom(environment: Readonly<NodeJS.ProcessEnv>): Promise<Receiver> {
    const { MILLRACE_E2E_RECEIVER_URL: publicUrl, MILLRACE_E2E_RECEIVER_PORT: port } = environment;
    return Receiver.start({ publicUrl, port: port === undefined ? undefined : Number(port) });
  }

  /** The URL at which `path` is to be registered. */
  url(path: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return new URL(path, this.#options.publicUrl ?? `http://127.0.0.1:${port}`).href;
  }

  /** From now on `path` verifies with `secret` and reacts as `react` says. Answers with what it has received, live. */
  open(
    path: string,
    secret: string,
    react: (delivery: Delivery) => Reaction,
    answered?: (delivery: Delivery) => void,
  ): Omit<Hook, 'react'> {
    const hook = { verifier: new Webhook(secret), react, answered, deliveries: [], unverified: [] };
    this.#hooks.set(new URL(this.url(path)).pathname, hook);
    return hook;
  }

  /** From now on OPTIONS at `path` is answered with the headers that `consent` gives for those of the request. */
  consent(path: string, consent: (asked: Taken['headers']) => Taken['headers']): void {
    this.#consents.set(new URL(this.url(path)).pathname, consent);
  }

  /** From now on requests to `path` are answered as `taker` says, with a body as JSON. Nothing is verified. */
  take(path: string, taker: Taker): void {
    this.#takers.set(new URL(this.url(path)).pathname, taker);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

const answerAs = (
  taker: Taker,
  { headers }: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): void => {
  const answer = taker({ headers: headers as Taken['headers'], body });
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
};

const receive = (hook: Hook, headers: Delivery['headers'], body: string, response: ServerResponse): void => {
  const receivedAt = Date.now();
  try {
    hook.verifier.verify(body, headers as { [name: string]: string });
  } catch (error) {
    hook.unverified.push(error instanceof Error ? error.message : String(error));
    response.writeHead(401).end();
    return;
  }
  const { type, data } = JSON.parse(body) as { type: string; data: Delivery };
  const delivery = { ...data, id: String(headers['webhook-id']), headers, body, type, receivedAt };
  hook.deliveries.push(delivery);
  const reaction = hook.react(delivery);
  if (reaction === 'silence') return;
  const { status, afterMs } = typeof reaction === 'number' ? { status: reaction, afterMs: 0 } : reaction;
  const answer = (): void => {
    response.writeHead(status).end();
    hook.answered?.(delivery);
  };
  if (afterMs === 0) answer();
  else setTimeout(answer, afterMs);
};
