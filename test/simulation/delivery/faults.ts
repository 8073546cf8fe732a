import type { DeliverDeps } from '../../../lib/delivery/deps.ts';
import { Pacing } from '../../../lib/delivery/pacing/pacing.ts';
import { OutcomeUnknownError } from '../../../lib/domain/errors.ts';
import { noSystemEvents } from '../../../lib/events/system-events.ts';
import { RunReader } from '../../../lib/log/read/run.ts';
import type { BatchStore } from '../../../lib/stores/batches.ts';
import type { BatchTable } from '../../../lib/stores/memory/batches.ts';
import type { PaceStore } from '../../../lib/stores/paces.ts';
import type { PartitionStore } from '../../../lib/stores/partitions.ts';
import type { WebhookAnswer, WebhookRequest } from '../../../lib/stores/webhooks.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { noTelemetry } from '../../../lib/surroundings/telemetry.ts';
import { ownSecrets, simulatedKeyring } from '../../harness/secrets.ts';
import { type Scheduler, type SimulatedProcess, seededRandom } from '../scheduler.ts';
import { simulatedExpressions } from './filter.ts';

/** Chances of each fault, for one request. */
export interface Faults {
  readonly loseRequest: number;
  readonly loseResponse: number;
  /** A write to a cursor takes nearly as long as its sender waits; a query of several batches does, less often. */
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

/** What a deliverer works with, and what it reads the log by. */
export interface SimulatedDeps extends DeliverDeps {
  readonly batches: BatchStore;
  readonly partitions: PartitionStore;
}

/** What is beyond a process. */
export interface Beyond
  extends Pick<DeliverDeps, 'cursors' | 'groups' | 'queue' | 'webhooks' | 'appender' | 'directory'> {
  readonly table: BatchTable;
  readonly partitions: PartitionStore;
  readonly paces: PaceStore;
  /** Told of each request to an endpoint when it is sent; what it gives is told when it is answered or given up. */
  readonly onRequest: (request: WebhookRequest) => () => void;
}

/** The part of the queries that `slow` applies to. */
const slowQueries = 0.2;
/** How long a process waits for a store, ms. */
const storeTimeoutMs = 3000;
const latestMs = 40_000;
const longestFreezeMs = 90_000;

/** Requests of one process to everything beyond it, each of which may go wrong. */
export class FaultyNetwork {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  /** Its own, so that worlds without it stay as they are. */
  readonly #pacing = seededRandom(1);
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
    { timeoutMs = storeTimeoutMs, mayBeSlow = false } = {},
  ): Promise<Awaited<T>> {
    const faults = this.#faults();
    const happens = (chance: number): boolean => chance > 0 && this.#random.number() < chance;
    if (happens(faults.crash / 2)) process.crash();
    if (process.crashed) return new Promise(() => undefined);
    const slow = mayBeSlow && happens(faults.slow);
    const requestMs = happens(faults.late)
      ? timeoutMs + this.#random.number() * latestMs
      : 1 + this.#random.number() * (slow ? timeoutMs * 0.9 : 10);
    if (happens(faults.twice))
      this.#scheduler.after(requestMs + this.#random.number() * latestMs, () => {
        // Nobody hears what comes of it.
        Promise.resolve(serve()).catch(() => undefined);
      });
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
            mayBeSlow: name === 'acquire' || name === 'commit' || name === 'release',
          });
      },
    });
  }

  /** The log as `process` reads it: what is appended while a query is on its way may be torn out of its answer. */
  batches(process: SimulatedProcess, table: BatchTable): BatchStore {
    const now = (): number => this.#scheduler.now();
    const nobodyWrites = () => Promise.reject(new Error('Nobody who delivers writes to the log.'));
    return {
      range: (at, range) => {
        const begunAt = now();
        const mayBeSlow = this.#random.number() < slowQueries;
        return this.request(process, () => table.range(at, range, now(), begunAt), { mayBeSlow });
      },
      floor: (at, offset, consistent) =>
        this.request(process, () => table.floor(at, offset, consistent, now())),
      last: (at) => this.request(process, () => table.last(at)),
      end: (at, query) => this.request(process, () => table.end(at, query, now())),
      present: (places) => this.request(process, () => table.present(places, now())),
      putIfAbsent: nobodyWrites,
      delete: nobodyWrites,
    };
  }

  /** What a deliverer in `process` works with. A webhook that is not answered in time is a request like any other. */
  deps(process: SimulatedProcess, world: Beyond): SimulatedDeps {
    const batches = this.batches(process, world.table);
    const partitions = this.remote(process, world.partitions);
    return {
      batches,
      partitions,
      systemEvents: noSystemEvents,
      runs: new RunReader({ batches, partitions, clock: process.clock }),
      cursors: this.remote(process, world.cursors),
      groups: this.remote(process, world.groups),
      queue: this.remote(process, world.queue),
      secrets: ownSecrets({ clock: process.clock, random: seededRandom(1), keyring: simulatedKeyring }),
      appender: this.remote(process, world.appender),
      directory: this.remote(process, world.directory),
      pacing: new Pacing({
        paces: this.remote(process, world.paces),
        clock: process.clock,
        random: this.#pacing,
      }),
      webhooks: {
        post: async (request): Promise<WebhookAnswer> => {
          const over = world.onRequest(request);
          try {
            return await this.request(process, () => world.webhooks.post(request), {
              timeoutMs: request.timeoutMs,
            });
          } catch (error) {
            if (!(error instanceof OutcomeUnknownError)) throw error;
            return { kind: 'unreachable', reason: 'It did not answer in time.' };
          } finally {
            over();
          }
        },
      },
      expressions: simulatedExpressions,
      clock: process.clock,
      random: this.#random,
      telemetry: noTelemetry,
    };
  }
}
