import type { DeliverDeps } from '../../lib/delivery/deps.ts';
import { OutcomeUnknownError } from '../../lib/domain/errors.ts';
import type { Random } from '../../lib/stores/random.ts';
import { noTelemetry } from '../../lib/stores/telemetry.ts';
import type { WebhookAnswer } from '../../lib/stores/webhooks.ts';
import type { Scheduler, SimulatedProcess } from './scheduler.ts';

/** Chances of each fault, for one request. */
export interface Faults {
  readonly loseRequest: number;
  readonly loseResponse: number;
  /** A write to a cursor takes nearly as long as its sender waits. */
  readonly slow: number;
  /** The request arrives long after its sender gave up. */
  readonly late: number;
  /** The request arrives twice, the second time late. */
  readonly twice: number;
  readonly crash: number;
  readonly freeze: number;
}

export const noFaults: Faults = {
  loseRequest: 0,
  loseResponse: 0,
  slow: 0,
  late: 0,
  twice: 0,
  crash: 0,
  freeze: 0,
};

/** How long a process waits for a store, ms. */
const storeTimeoutMs = 3000;
const latestMs = 40_000;
const longestFreezeMs = 90_000;

/** Requests of one process to everything beyond it, each of which may go wrong. */
export class FaultyNetwork {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #faults: () => Faults;

  constructor(scheduler: Scheduler, random: Random, faults: () => Faults) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#faults = faults;
  }

  /** `serve` happens at the other end, at one instant. Rejects when no answer came within `timeoutMs`. */
  request<T>(
    process: SimulatedProcess,
    serve: () => T,
    { timeoutMs = storeTimeoutMs, write = false } = {},
  ): Promise<Awaited<T>> {
    const faults = this.#faults();
    const happens = (chance: number): boolean => chance > 0 && this.#random.number() < chance;
    if (happens(faults.crash / 2)) process.crash();
    if (process.crashed) return new Promise(() => undefined);
    const slow = write && happens(faults.slow);
    const requestMs = happens(faults.late)
      ? timeoutMs + this.#random.number() * latestMs
      : 1 + this.#random.number() * (slow ? timeoutMs * 0.9 : 10);
    if (happens(faults.twice))
      this.#scheduler.after(requestMs + this.#random.number() * latestMs, () => void serve());
    const answer = process.request({
      requestMs,
      responseMs: 1 + this.#random.number() * 10,
      serve,
      loseRequest: happens(faults.loseRequest),
      loseResponse: happens(faults.loseResponse),
    });
    if (happens(faults.crash / 2)) process.crash();
    else if (happens(faults.freeze)) process.freeze(this.#random.number() * longestFreezeMs);
    return new Promise<Awaited<T>>((resolve, reject) => {
      let waiting = true;
      process.after(timeoutMs, () => {
        if (waiting) reject(new OutcomeUnknownError('No answer came.'));
      });
      Promise.resolve(answer)
        .finally(() => {
          waiting = false;
        })
        .then(resolve, reject);
    });
  }

  /** `store` as `process` sees it: every method is a request. */
  remote<Store extends object>(process: SimulatedProcess, store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name, target);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) =>
          this.request(process, () => Reflect.apply(method, target, args) as unknown, {
            write: name === 'acquire' || name === 'commit' || name === 'release',
          });
      },
    });
  }

  /** What a deliverer in `process` works with. A webhook that is not answered in time is a request like any other. */
  deps(process: SimulatedProcess, world: Omit<DeliverDeps, 'clock' | 'random' | 'telemetry'>): DeliverDeps {
    return {
      batches: this.remote(process, world.batches),
      cursors: this.remote(process, world.cursors),
      groups: this.remote(process, world.groups),
      queue: this.remote(process, world.queue),
      webhooks: {
        post: async (request): Promise<WebhookAnswer> => {
          try {
            return await this.request(process, () => world.webhooks.post(request), {
              timeoutMs: request.timeoutMs,
            });
          } catch (error) {
            if (!(error instanceof OutcomeUnknownError)) throw error;
            return { kind: 'unreachable', reason: 'It did not answer in time.' };
          }
        },
      },
      clock: process.clock,
      random: this.#random,
      telemetry: noTelemetry,
    };
  }
}
