import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { elapsedMs, type Instant } from '../../domain/instants.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';

/**
 * How long a connection may wait for its next request. The other end, and what forgets idle connections between the two,
 * drop one while a function is frozen or a laptop asleep, and this end hears of it late or never: the first request on it
 * then fails (`ECONNRESET`, `socket hang up`: github.com/aws/aws-sdk-js-v3/issues/1196) or waits until it times out.
 */
const greatestIdleMs = 30_000;

/** Where `Connections.closingIdle` stands: within the SDK's retries. */
export const beforeEachAttempt = {
  step: 'finalizeRequest',
  priority: 'low',
  name: 'closeIdleConnections',
} as const;

/** The connections of one AWS client: kept open, and used again unless they waited for too long. */
export class Connections {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #waitsSince = new WeakMap<Duplex, Instant>();

  /** @param maxSockets to one host; a request beyond them waits for one. */
  constructor(maxSockets: number, clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
    this.httpAgent = this.#watched(new HttpAgent({ keepAlive: true, maxSockets }));
    this.httpsAgent = this.#watched(new HttpsAgent({ keepAlive: true, maxSockets }));
  }

  /**
   * Closes what waited for longer than 30 s, by the clock that shows more: one that stands still with the process tells
   * nothing of how long that was. To be called before each request.
   */
  closeIdle(): void {
    const now = instantOf(this.#clock);
    for (const { freeSockets } of [this.httpAgent, this.httpsAgent])
      for (const socket of Object.values(freeSockets).flatMap((sockets) => sockets ?? [])) {
        const since = this.#waitsSince.get(socket);
        if (since === undefined || elapsedMs(since, now) > greatestIdleMs) socket.destroy();
      }
  }

  /** For the middleware of a client, at `beforeEachAttempt`. */
  readonly closingIdle =
    <Given, Answer>(next: (given: Given) => Promise<Answer>) =>
    (given: Given): Promise<Answer> => {
      this.closeIdle();
      return next(given);
    };

  #watched<Kind extends HttpAgent>(agent: Kind): Kind {
    const keep = agent.keepSocketAlive.bind(agent);
    agent.keepSocketAlive = (socket) => {
      this.#waitsSince.set(socket, instantOf(this.#clock));
      return keep(socket);
    };
    return agent;
  }
}
