import type { Endpoint } from '../../domain/groups/groups.ts';
import { newId } from '../../surroundings/ids.ts';
import { EndpointPace, placePatienceMs, type SlotAsked, type Term } from './endpoint-pace.ts';
import { type Entry, type KnownEndpoint, type NotNow, PacedEntry, unpaced } from './entry.ts';
import type { PaceDeps } from './pace-item.ts';
import type { Settings } from './plan.ts';
import { Waiting } from './waiting.ts';

/** An endpoint that is about to be called. */
export interface Called {
  readonly groupId: string;
  readonly endpoint: Pick<Endpoint, 'endpointId' | 'maxConcurrentRequests' | 'requestsPerSecond'>;
  /** Ms after which a request to it is given up. */
  readonly timeoutMs: number;
}

/** Who calls it. */
export interface Caller {
  /** The same each time that it comes: a partition, say. */
  readonly who: string;
  /** Whether it comes after a pause for which it was put off. Those that were not leave a slot to those that were. */
  readonly hasWaited: boolean;
}

/** How long somebody waits here for a slot that its own process may give back, ms. */
const slotPatienceMs = 1000;
const rememberedEndpoints = 1000;

/**
 * Holds the requests of one process to what the endpoints that it calls allow, together with all other processes: so many under way at
 * once, so many a second. One for each process. An endpoint without such a setting costs nothing.
 */
export class Pacing {
  readonly #deps: PaceDeps;
  readonly #holder: string;
  readonly #endpoints = new Map<string, KnownEndpoint>();

  constructor(deps: PaceDeps) {
    this.#deps = deps;
    this.#holder = newId(deps.random).slice(0, 12);
  }

  /** Asks to call an endpoint. Throws where the store failed: nothing is held then but what ends by itself. */
  async enter(called: Called, caller: Caller): Promise<Entry | NotNow> {
    const { maxConcurrentRequests, requestsPerSecond } = called.endpoint;
    if (maxConcurrentRequests === undefined && requestsPerSecond === undefined) return unpaced;
    const known = this.#known(called);
    const rate = requestsPerSecond !== undefined;
    const { clock } = this.#deps;
    if (maxConcurrentRequests === undefined) return new PacedEntry(known, caller.who, clock, { rate });
    const term = await this.#slot(known, caller);
    if (typeof term !== 'number') return new PacedEntry(known, caller.who, clock, { rate, term });
    const { placesInMs } = known.pace;
    const isForPlaces = rate && placesInMs > placePatienceMs;
    if (!isForPlaces) return { kind: 'later', for: 'slot', retryInMs: term };
    const retryInMs = known.waiting.placePauseMs(caller.who, placesInMs, known.pace.isShared);
    return { kind: 'later', for: 'place', retryInMs };
  }

  /** A slot, or after how many ms to come back for one. */
  async #slot({ pace, waiting }: KnownEndpoint, { who, hasWaited }: Caller): Promise<Term | number> {
    const asked: SlotAsked = { hasWaited, given: new AbortController() };
    try {
      if (pace.hasSlots) {
        await pace.ask(asked);
        if (asked.term === undefined) await this.#deps.clock.sleep(slotPatienceMs, asked.given.signal);
      }
      if (asked.term === undefined) {
        asked.backInMs = waiting.slotPauseMs(who);
        await pace.ask(asked);
      }
    } finally {
      pace.forget(asked);
    }
    if (asked.term === undefined) return asked.backInMs ?? 0;
    waiting.forget(who);
    return asked.term;
  }

  #known({ groupId, endpoint, timeoutMs }: Called): KnownEndpoint {
    const { endpointId, maxConcurrentRequests, requestsPerSecond } = endpoint;
    const settings: Settings = {
      timeoutMs,
      ...(maxConcurrentRequests !== undefined && { maxConcurrentRequests }),
      ...(requestsPerSecond !== undefined && { requestsPerSecond }),
    };
    const key = `${groupId}/${endpointId}`;
    const known = this.#endpoints.get(key) ?? {
      pace: new EndpointPace(this.#deps, { groupId, endpointId }, this.#holder, settings),
      waiting: new Waiting(this.#deps),
    };
    known.pace.settings = settings;
    // The newest comes last.
    this.#endpoints.delete(key);
    this.#endpoints.set(key, known);
    if (this.#endpoints.size > rememberedEndpoints) this.#forgetIdle();
    return known;
  }

  #forgetIdle(): void {
    for (const [key, { pace }] of this.#endpoints) {
      if (!pace.isIdle) continue;
      this.#endpoints.delete(key);
      return;
    }
  }
}
