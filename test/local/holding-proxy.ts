import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** One request to DynamoDB. */
export interface StoreRequest {
  /** As `PutItem`. */
  readonly operation: string;
  readonly table: string;
}

/** Where a request is stopped: before the store has it, or when the store has done it and the answer is on its way. */
export type Place = 'before the store has it' | 'before the answer is heard';

export interface Hold {
  /** Resolves when a request has come to the place. */
  readonly reached: Promise<void>;
  /** Holds no more; what it has stays. */
  end(): void;
  /** Ends it, and lets all that was held go on. What was held before the store goes there now, late. */
  release(): Promise<void>;
}

interface Holding extends Hold {
  readonly stops: (sent: StoreRequest, place: Place) => boolean;
  readonly reach: () => void;
  readonly gone: Promise<void>;
}

const requestOf = ({ headers }: IncomingMessage, body: Buffer): StoreRequest => {
  const { TableName } = JSON.parse(body.toString()) as { TableName?: string };
  return { operation: String(headers['x-amz-target']).split('.')[1] ?? '', table: TableName ?? '' };
};

/** Stands between a broker and its DynamoDB, and holds what it is told to. */
export class HoldingProxy {
  readonly #upstream: URL;
  readonly #server: Server;
  readonly #underWay = new Set<Promise<void>>();
  readonly #held = new Set<Holding>();
  #holding: Holding | undefined;

  private constructor(upstream: string) {
    this.#upstream = new URL(upstream);
    this.#server = createServer((incoming, outgoing) => {
      const passing = this.#pass(incoming, outgoing)
        // Whoever asked is gone, or the store is.
        .catch(() => void outgoing.destroy())
        .finally(() => this.#underWay.delete(passing));
      this.#underWay.add(passing);
    });
  }

  static async start(upstream: string): Promise<HoldingProxy> {
    const proxy = new HoldingProxy(upstream);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on requests for which `stops` is true are held at the place. */
  hold(place: Place, stops: (sent: StoreRequest) => boolean): Hold {
    const reached = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const holding: Holding = {
      stops: (sent, at) => at === place && stops(sent),
      reach: reached.resolve,
      gone: gone.promise,
      reached: reached.promise,
      end: () => {
        if (this.#holding === holding) this.#holding = undefined;
      },
      release: async () => {
        holding.end();
        gone.resolve();
        await Promise.all(this.#underWay);
      },
    };
    this.#holding = holding;
    this.#held.add(holding);
    return holding;
  }

  async stop(): Promise<void> {
    for (const holding of this.#held) await holding.release();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const sent = requestOf(incoming, body);
    await this.#stopAt('before the store has it', sent);
    const asked = request(this.#upstream, { method: incoming.method, headers: incoming.headers });
    asked.end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const answered = await buffer(answer);
    await this.#stopAt('before the answer is heard', sent);
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(answered);
  }

  async #stopAt(place: Place, sent: StoreRequest): Promise<void> {
    const holding = this.#holding;
    if (holding?.stops(sent, place) !== true) return;
    holding.reach();
    await holding.gone;
  }
}
