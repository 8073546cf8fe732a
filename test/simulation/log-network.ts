import type { Batch } from '../../lib/domain/batches.ts';
import { NotSentError, OutcomeUnknownError, ThrottledError } from '../../lib/domain/errors.ts';
import type { PartitionRef } from '../../lib/domain/records.ts';
import type { BatchStore, PutOutcome } from '../../lib/stores/batches.ts';
import type { Clock } from '../../lib/stores/clock.ts';
import type { BatchTable } from '../../lib/stores/memory/batches.ts';
import type { PartitionStore } from '../../lib/stores/partitions.ts';
import type { Random } from '../../lib/stores/random.ts';
import type { LogHistory } from './log-history.ts';
import type { Scheduler, SimulatedProcess } from './scheduler.ts';

const minute = 60_000;

/** How likely each mishap is at each await, in [0, 1]. */
export interface Faults {
  readonly loseRequest: number;
  readonly loseResponse: number;
  /** The request is on its way for seconds to hours. */
  readonly late: number;
  /**
   * A write is carried out twice: within one request that is answered by its second time, or, when it is not
   * answered, any time later.
   */
  readonly duplicate: number;
  readonly throttle: number;
  readonly freeze: number;
  readonly crash: number;
}

export const noFaults: Faults = {
  loseRequest: 0,
  loseResponse: 0,
  late: 0,
  duplicate: 0,
  throttle: 0,
  freeze: 0,
  crash: 0,
};

/** Log-uniform in [low, high): every order of magnitude is as likely. */
export const spread = (random: Random, low: number, high: number): number =>
  low * (high / low) ** random.number();

export interface NetworkDeps {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly table: BatchTable;
  readonly history: LogHistory;
  readonly faults: () => Faults;
}

/** One process's connection to the table, over a network that loses, delays and repeats. */
export class Connection {
  readonly #deps: NetworkDeps;
  readonly #process: SimulatedProcess;
  readonly clock: Clock;
  /** Puts sent and not answered, timed out or given up. */
  pendingPuts = 0;

  constructor(deps: NetworkDeps, process: SimulatedProcess) {
    this.#deps = deps;
    this.#process = process;
    this.clock = {
      now: () => process.clock.now(),
      monotonic: () => process.clock.monotonic(),
      sleep: (ms, signal) => {
        this.#perturb(ms);
        return process.clock.sleep(ms, signal);
      },
    };
  }

  get batches(): BatchStore {
    const { table } = this.#deps;
    const now = (): number => this.#deps.scheduler.now();
    return {
      putIfAbsent: (at, batch, { notAfter, signal }) => this.#put(at, batch, notAfter, signal),
      last: (at, signal) => this.#exchange(() => table.last(at), signal),
      end: (at, signal) => this.#exchange(() => table.end(at), signal),
      range: (at, range, signal) => {
        const begunAt = now();
        return this.#exchange(() => table.range(at, range, now(), begunAt), signal);
      },
      floor: (at, offset, consistent, signal) =>
        this.#exchange(() => table.floor(at, offset, consistent, now()), signal),
      delete: (at, bases) => this.#exchange(() => table.delete(at, bases)),
    };
  }

  /** `partitions` as this process reaches it: each call is one exchange. */
  partitions(state: { startOffset: number }): PartitionStore {
    const view = () => ({ startOffset: state.startOffset, archivedThrough: 0 });
    return {
      get: () => this.#exchange(view),
      list: () => this.#exchange(() => new Map([[0, view()]])),
      advanceStart: (_at, startOffset) =>
        this.#exchange(() => {
          state.startOffset = Math.max(state.startOffset, startOffset);
        }),
      deleteAll: () => Promise.reject(new Error('No scenario deletes a topic.')),
    };
  }

  async #put(at: PartitionRef, batch: Batch, notAfter: number, signal?: AbortSignal): Promise<PutOutcome> {
    const { scheduler, random, table, history, faults } = this.#deps;
    const signedAt = this.#process.clock.now();
    if (signedAt > notAfter) throw new NotSentError('Too late to be sent.');
    const land = (): PutOutcome => {
      const outcome = table.put(at, batch, signedAt, scheduler.now());
      if (outcome.kind === 'stored') history.stored(batch);
      return outcome;
    };
    const mishap = this.#mishap();
    const unanswered = mishap.loseRequest || mishap.loseResponse;
    const twice = random.number() < faults().duplicate;
    if (twice && unanswered) scheduler.after(spread(random, 1, 180 * minute), quietly(land));
    const serve = (): PutOutcome => {
      if (twice && !unanswered) land();
      return land();
    };
    this.pendingPuts += 1;
    try {
      return await this.#exchange(serve, signal, mishap, () => new OutcomeUnknownError('Given up.'));
    } finally {
      this.pendingPuts -= 1;
    }
  }

  #mishap(): { readonly loseRequest: boolean; readonly loseResponse: boolean } {
    const { random } = this.#deps;
    const { loseRequest, loseResponse } = this.#deps.faults();
    return { loseRequest: random.number() < loseRequest, loseResponse: random.number() < loseResponse };
  }

  #exchange<T>(
    serve: () => T,
    signal?: AbortSignal,
    mishap = this.#mishap(),
    onAbort?: () => Error,
  ): Promise<T> {
    const { random } = this.#deps;
    const faults = this.#deps.faults();
    const isLate = random.number() < faults.late;
    const requestMs = isLate ? spread(random, 100, 180 * minute) : spread(random, 0.5, 20);
    const throttled = random.number() < faults.throttle;
    this.#perturb(requestMs);
    return this.#process.request({
      requestMs,
      responseMs: spread(random, 0.5, 20),
      serve: () => {
        if (throttled) throw new ThrottledError('Too many requests.');
        return serve();
      },
      ...mishap,
      signal,
      ...(onAbort && { onAbort }),
    });
  }

  /** Perhaps freezes or ends the process while it awaits something for about `ms`. */
  #perturb(ms: number): void {
    const { scheduler, random, faults } = this.#deps;
    const { freeze, crash } = faults();
    const chance = random.number();
    if (chance < crash) scheduler.after(random.number() * Math.min(ms, 1000), () => this.#process.crash());
    else if (chance < crash + freeze) {
      const short = random.number() < 0.5;
      const frozenMs = short ? spread(random, 10, minute) : spread(random, minute, 300 * minute);
      scheduler.after(random.number() * Math.min(ms, 1000), () => this.#process.freeze(frozenMs));
    }
  }
}

/** A copy of a request that nobody waits for: its refusal is nobody's; a breach is everybody's. */
const quietly = (land: () => unknown) => (): void => {
  try {
    land();
  } catch (error) {
    if (!(error instanceof NotSentError)) throw error;
  }
};
