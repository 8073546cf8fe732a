import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { SeenEndpoint } from '../pacing/endpoint.ts';
import type { Scheduler } from '../scheduler.ts';
import { BreachError } from './watching.ts';

/** At what pace an endpoint may be called. */
export interface Paced {
  readonly maxConcurrentRequests?: number;
  readonly requestsPerSecond?: number;
}

const windowMs = 10_000;

/** Watches the requests to each endpoint, from when they are sent until they are answered or given up. */
export class PaceWatch {
  readonly #scheduler: Scheduler;
  readonly #endpoints = new Map<string, SeenEndpoint>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** A request is sent. Gives what tells that it is over; without that it is when it would be given up. */
  begin({ url, timeoutMs }: Pick<WebhookRequest, 'url' | 'timeoutMs'>): () => void {
    const endpoint = this.#endpoints.get(url) ?? new SeenEndpoint();
    this.#endpoints.set(url, endpoint);
    endpoint.begin(this.#scheduler.now(), url);
    let isOver = false;
    const end = (): void => {
      if (!isOver) endpoint.end();
      isOver = true;
    };
    this.#scheduler.after(timeoutMs, end);
    return end;
  }

  /** @throws BreachError where an endpoint was called more than it allows. */
  check({ maxConcurrentRequests = Number.POSITIVE_INFINITY, requestsPerSecond }: Paced): void {
    const allowed =
      requestsPerSecond === undefined ? Number.POSITIVE_INFINITY : requestsPerSecond * 10 * 1.1 + 1;
    for (const [url, endpoint] of this.#endpoints) {
      if (endpoint.most > maxConcurrentRequests)
        throw new BreachError(`${endpoint.most} requests were under way to ${url}`);
      const within = endpoint.mostWithin(windowMs);
      if (within > allowed) throw new BreachError(`${within} requests came to ${url} within ten seconds`);
    }
  }
}
