import { Pacing } from '../../../lib/delivery/pacing/pacing.ts';
import { OutcomeUnknownError } from '../../../lib/domain/errors.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { MemoryPaceStore } from '../../../lib/stores/memory/paces.ts';
import type { PaceStore } from '../../../lib/stores/paces.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { Scheduler, type SimulatedProcess, seededRandom } from '../scheduler.ts';
import { SeenEndpoint } from './endpoint.ts';

export interface WorldOptions {
  readonly processes: number;
  /** Partitions of a process that have something to deliver all the time. */
  readonly lanes: number;
  readonly maxConcurrentRequests?: number;
  readonly requestsPerSecond?: number;
  /** How long the endpoint takes, ms: at least, at most. */
  readonly takesMs?: readonly [number, number];
  readonly timeoutMs?: number;
  /** By how much two clocks differ at most. */
  readonly skewMs?: number;
  /** Requests to the store and answers that are lost or late, crashes, freezes. */
  readonly faults?: boolean;
  readonly forMs: number;
  /** A rule that is left out: the store that a process sees in place of the right one. */
  readonly broken?: (store: PaceStore) => PaceStore;
}

const turnMs = limits.deliverTurnMs;
const storeTimeoutMs = 1000;

/** Processes that call one endpoint for as long as the world lasts, each lane as a run of a deliverer does. */
export class PacingWorld {
  readonly scheduler = new Scheduler();
  readonly endpoint = new SeenEndpoint();
  readonly #store = new MemoryPaceStore();
  readonly #random: Random;
  readonly #options: WorldOptions;
  readonly #end: number;
  writes = 0;
  reads = 0;
  /** Lanes that were put off. */
  puntedOff = 0;

  constructor(seed: number, options: WorldOptions) {
    this.#random = seededRandom(seed);
    this.#options = options;
    this.#end = this.scheduler.now() + options.forMs;
  }

  async run(): Promise<void> {
    for (let index = 0; index < this.#options.processes; index += 1) this.#start(index);
    await this.scheduler.run({ maxMs: this.#options.forMs });
  }

  #between(least: number, most: number): number {
    return least + this.#random.number() * (most - least);
  }

  /** A process, and after its death the next one in its place. */
  #start(index: number): void {
    const { skewMs = 0, faults = false, lanes } = this.#options;
    const process = this.scheduler.process();
    process.stepClock(this.#between(0, skewMs));
    const store = this.#remote(process);
    const paces = this.#options.broken?.(store) ?? store;
    const pacing = new Pacing({ paces, clock: process.clock, random: this.#random });
    for (let lane = 0; lane < lanes; lane += 1) {
      const who = `${index}/${lane}`;
      this.scheduler.after(this.#between(0, 1000), () => {
        void this.#lane(process, pacing, who);
      });
    }
    if (!faults) return;
    this.scheduler.after(this.#between(5000, 120_000), () => {
      process.crash();
      this.scheduler.after(this.#between(0, 5000), () => this.#start(index));
    });
    this.scheduler.after(this.#between(0, 60_000), () =>
      process.freeze(this.#between(0, 90_000), this.#random.number() < 0.5 ? 'monotonic' : 'none'),
    );
  }

  async #lane(process: SimulatedProcess, pacing: Pacing, who: string): Promise<void> {
    let hasWaited = false;
    while (this.scheduler.now() < this.#end && !process.crashed) {
      // What fails comes back when its message is shown again.
      const retryInMs: number = await this.#turn(process, pacing, who, hasWaited).catch(() => 2000);
      hasWaited = retryInMs > 0;
      if (hasWaited) this.puntedOff += 1;
      // The queue delays by whole seconds.
      const delayMs = hasWaited ? Math.ceil(retryInMs / 1000) * 1000 : 1000;
      await process.clock.sleep(delayMs + this.#between(5, 100));
    }
  }

  /** One run. Gives when it is to come back, where it was put off. */
  async #turn(process: SimulatedProcess, pacing: Pacing, who: string, hasWaited: boolean): Promise<number> {
    const { maxConcurrentRequests, requestsPerSecond, timeoutMs = 15_000 } = this.#options;
    const { takesMs = [5, 50] } = this.#options;
    const endpoint = {
      endpointId: 'e',
      ...(maxConcurrentRequests !== undefined && { maxConcurrentRequests }),
      ...(requestsPerSecond !== undefined && { requestsPerSecond }),
    };
    const entry = await pacing.enter({ groupId: 'g', endpoint, timeoutMs }, { who, hasWaited });
    if (entry.kind === 'later') return entry.retryInMs;
    try {
      const begun = process.clock.monotonic();
      while (process.clock.monotonic() - begun < turnMs) {
        const turn = await entry.turn(timeoutMs);
        if (turn.kind === 'later') return turn.retryInMs;
        await this.#call(process, who, this.#between(...takesMs), timeoutMs);
      }
      return 0;
    } finally {
      await entry.leave();
    }
  }

  /** A request goes on at the endpoint whatever becomes of who sent it. */
  async #call(process: SimulatedProcess, who: string, takesMs: number, timeoutMs: number): Promise<void> {
    const ms = Math.min(takesMs, timeoutMs);
    this.endpoint.begin(this.scheduler.now(), who);
    this.scheduler.after(ms, () => this.endpoint.end());
    await process.clock.sleep(ms);
  }

  #remote(process: SimulatedProcess): PaceStore {
    const store = this.#store;
    return {
      get: (ref) => {
        this.reads += 1;
        return this.#exchange(process, () => store.get(ref));
      },
      replace: (ref, read, next) => {
        this.writes += 1;
        return this.#exchange(process, () => store.replace(ref, read, next));
      },
      deleteAll: (groupId) => store.deleteAll(groupId),
    };
  }

  async #exchange<T>(process: SimulatedProcess, serve: () => Promise<T>): Promise<T> {
    const { faults = false } = this.#options;
    const chance = this.#random.number();
    const isLate = faults && chance < 0.01;
    const timeout = new AbortController();
    const answered = new AbortController();
    void process.clock.sleep(storeTimeoutMs, answered.signal).then(() => timeout.abort());
    try {
      return await process.request({
        requestMs: isLate ? this.#between(1000, 60_000) : this.#between(1, chance > 0.95 ? 60 : 6),
        responseMs: this.#between(1, chance > 0.95 ? 60 : 6),
        loseRequest: faults && chance > 0.01 && chance < 0.02,
        loseResponse: faults && chance > 0.02 && chance < 0.03,
        serve,
        signal: timeout.signal,
        onAbort: () => new OutcomeUnknownError('No answer.'),
      });
    } finally {
      answered.abort();
    }
  }
}

/** One world of one seed, from its beginning to its end. */
export const runPacing = async (seed: number, options: WorldOptions): Promise<PacingWorld> => {
  const world = new PacingWorld(seed, options);
  await world.run();
  return world;
};
