import { type ClientRequest, type ClientRequestArgs, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Route } from './route.ts';

/** The options of a request, with the way that a new connection for it goes. */
export interface Routed extends ClientRequestArgs {
  readonly route: Route;
}

type OnCreated = (error: Error | null, socket?: Duplex) => void;

/**
 * Kept ones are used for this long, so that a change of DNS is followed, and ends well before load balancers and NAT
 * forget an idle one (AWS: 350 s).
 */
const greatestAgeMs = 60_000;
const settings = { keepAlive: true, maxFreeSockets: 64, timeout: greatestAgeMs } as const;

/** The connections that are kept while no request has them, of all origins. */
class Kept {
  readonly #now: () => number;
  readonly #made = new WeakMap<Duplex, { readonly origin: string; readonly at: number }>();
  readonly #free = new Map<string, Set<Duplex>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  made(socket: Duplex, origin: string): void {
    this.#made.set(socket, { origin, at: this.#now() });
    socket.once('close', () => this.taken(socket));
  }

  /** Whether a connection that is no longer needed may wait for another request. */
  keep(socket: Duplex): boolean {
    const made = this.#made.get(socket);
    if (made === undefined || this.#isOld(socket)) return false;
    const free = this.#free.get(made.origin) ?? new Set();
    this.#free.set(made.origin, free.add(socket));
    return true;
  }

  taken(socket: Duplex): void {
    const origin = this.#made.get(socket)?.origin ?? '';
    const free = this.#free.get(origin);
    free?.delete(socket);
    if (free?.size === 0) this.#free.delete(origin);
  }

  end(origin: string, which: 'old' | 'all'): void {
    for (const socket of this.#free.get(origin) ?? [])
      if (which === 'all' || this.#isOld(socket)) socket.destroy();
  }

  /** A clock that was set back makes it old too. */
  #isOld(socket: Duplex): boolean {
    const age = this.#now() - (this.#made.get(socket)?.at ?? 0);
    return age < 0 || age >= greatestAgeMs;
  }
}

const open = (
  { route }: Routed,
  kept: Kept,
  over: (socket: Socket) => Duplex | null | undefined,
  onCreated: OnCreated,
): void => {
  route.connect().then(
    (socket) => {
      const used = over(socket) ?? socket;
      kept.made(used, route.origin);
      onCreated(null, used);
    },
    (error: Error) => onCreated(error),
  );
};

class PlainAgent extends HttpAgent {
  readonly #kept: Kept;

  constructor(kept: Kept) {
    super(settings);
    this.#kept = kept;
  }

  override createConnection(options: Routed, onCreated: OnCreated): undefined {
    open(options, this.#kept, (socket) => socket, onCreated);
  }

  override keepSocketAlive(socket: Duplex): boolean {
    return mayBeKept(super.keepSocketAlive(socket)) && this.#kept.keep(socket);
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    this.#kept.taken(socket);
    super.reuseSocket(socket, request);
  }
}

/** Names, certificates and sessions are as `https.Agent` has them, over a connection that is there. */
class SecureAgent extends HttpsAgent {
  readonly #kept: Kept;

  constructor(kept: Kept) {
    super(settings);
    this.#kept = kept;
  }

  override createConnection(options: Routed, onCreated: OnCreated): undefined {
    const over = (socket: Socket) => super.createConnection({ ...options, socket } as ClientRequestArgs);
    open(options, this.#kept, over, onCreated);
  }

  override keepSocketAlive(socket: Duplex): boolean {
    return mayBeKept(super.keepSocketAlive(socket)) && this.#kept.keep(socket);
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    this.#kept.taken(socket);
    super.reuseSocket(socket, request);
  }
}

/** Its types do not know that the agent answers false where the server keeps connections too shortly. */
const mayBeKept = (answer: unknown): boolean => answer !== false;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The agents of one sender, with what they keep. */
export class Connections {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  readonly #kept: Kept;

  /** @param now wall clock, ms: it goes on while the process is frozen. */
  constructor(now: () => number) {
    this.#kept = new Kept(now);
    this.http = new PlainAgent(this.#kept);
    this.https = new SecureAgent(this.#kept);
  }

  /** Ends the kept connections to `origin` that should not be used again: too old, or closed by the other end. */
  async check(origin: string): Promise<void> {
    // One whole turn of the event loop: a process that was frozen hears what was closed meanwhile, and the connection of
    // an answer that has just come is kept.
    await turn();
    await turn();
    this.#kept.end(origin, 'old');
  }

  /** From now on the next request to `origin` gets a new connection. */
  endKept(origin: string): void {
    this.#kept.end(origin, 'all');
  }

  close(): void {
    this.http.destroy();
    this.https.destroy();
  }
}
