import { NotSentError, OutcomeUnknownError, Problem, ThrottledError } from '../../../lib/domain/errors.ts';
import type { Batch } from '../../../lib/domain/records/batches.ts';
import type { PartitionRef } from '../../../lib/domain/records/records.ts';
import { type BatchStore, isWithin, type PutAttempt, type PutOutcome } from '../../../lib/stores/batches.ts';
import type { BatchTable } from '../../../lib/stores/memory/batches.ts';
import type { PartitionState, PartitionStore } from '../../../lib/stores/partitions.ts';
import { type Clock, instantOf } from '../../../lib/surroundings/clock.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import type { Scheduler, SimulatedProcess, StandingClocks } from '../scheduler.ts';
import type { LogHistory } from './history.ts';

const minute = 60_000;
/** A copy of a write of the state table lands so late at most (`createStateClient`). */
const lateMs = 31 * minute;

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
  /** Its clocks go on meanwhile, or the monotonic one stands still, or both do. */
  readonly freeze: number;
  readonly crash: number;
  /** The process's wall clock jumps, and mostly comes back. */
  readonly step: number;
}

export const noFaults: Faults = {
  loseRequest: 0,
  loseResponse: 0,
  late: 0,
  duplicate: 0,
  throttle: 0,
  freeze: 0,
  crash: 0,
  step: 0,
};

/** Each mishap is left out of three worlds in ten, and else as likely as anything up to `most`. */
export const someFaults = (random: Random, most: Faults): Faults => {
  const names = Object.keys(most) as (keyof Faults)[];
  const chosen = names.map((name) => [name, random.number() < 0.3 ? 0 : random.number() * most[name]]);
  return Object.fromEntries(chosen) as Faults;
};

/** Log-uniform in [low, high): every order of magnitude is as likely. */
export const spread = (random: Random, low: number, high: number): number =>
  low * (high / low) ** random.number();

const either = (random: Random): 1 | -1 => (random.number() < 0.5 ? 1 : -1);

/** How far a process's wall clock is off, ms: mostly a little, sometimes by minutes, as far as the store takes, or hours. */
export const skewOf = (random: Random): number => {
  const kind = random.number();
  if (kind < 0.6) return either(random) * spread(random, 1, 5_000);
  if (kind < 0.8) return either(random) * spread(random, 5_000, 14 * minute);
  if (kind < 0.95) return either(random) * (14 + random.number()) * minute;
  return either(random) * spread(random, 15 * minute, 300 * minute);
};

export interface NetworkDeps {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly table: BatchTable;
  readonly history: LogHistory;
  readonly faults: () => Faults;
  /** Signatures are dated by the store's clock, as an SDK does that corrects its own. */
  readonly redates: boolean;
}

/** One process's connection to the table, over a network that loses, delays and repeats. */
export class Connection {
  readonly #deps: NetworkDeps;
  readonly #process: SimulatedProcess;
  readonly #skewMs: number;
  readonly clock: Clock;
  /** Puts sent and not answered, timed out or given up. */
  pendingPuts = 0;

  constructor(deps: NetworkDeps, process: SimulatedProcess, skewMs: number) {
    this.#deps = deps;
    this.#process = process;
    this.#skewMs = skewMs;
    process.stepClock(skewMs);
    this.clock = {
      now: () => process.clock.now(),
      monotonic: () => process.clock.monotonic(),
      sleep: (ms, signal) => {
        this.#perturb(ms);
        return process.clock.sleep(ms, signal);
      },
    };
  }

  /** What its process's monotonic clock shows when that does the next thing. */
  readonly nextMonotonic = (): number => this.#process.nextMonotonic();

  get batches(): BatchStore {
    const { table } = this.#deps;
    const now = (): number => this.#deps.scheduler.now();
    return {
      putIfAbsent: (at, batch, attempt) => this.#put(at, batch, attempt),
      last: (at, signal) => this.#read(() => table.last(at), signal),
      end: (at, query, signal) => this.#read(() => table.end(at, query, now()), signal),
      range: (at, range, signal) => {
        const begunAt = now();
        return this.#read(() => table.range(at, range, now(), begunAt), signal);
      },
      floor: (at, offset, consistent, signal) =>
        this.#read(() => table.floor(at, offset, consistent, now()), signal),
      present: (places, signal) => this.#read(() => table.present(places, now()), signal),
      delete: (at, bases) => this.#exchange(this.#signed(() => table.delete(at, bases))),
    };
  }

  #signingDate(): number {
    return this.#deps.redates ? this.#deps.scheduler.now() : this.#process.clock.now();
  }

  /** `serve` as a request that is signed now: the store refuses it when its clock and the signature's date are far apart. */
  #signed<T>(serve: () => T): () => T {
    const { table, scheduler } = this.#deps;
    const signedAt = this.#signingDate();
    return () => {
      table.checkSignature(signedAt, scheduler.now());
      return serve();
    };
  }

  async #read<T>(serve: () => T, signal?: AbortSignal): Promise<T> {
    try {
      return await this.#exchange(this.#signed(serve), signal);
    } catch (error) {
      if (error instanceof NotSentError) throw new Problem('unavailable', 'The store refuses the signature.');
      throw error;
    }
  }

  /** `partitions` as this process reaches it: each call is one exchange. The state table's client corrects its dates. */
  partitions(state: { -readonly [Name in keyof PartitionState]: number }): PartitionStore {
    const view = (): PartitionState => ({ ...state });
    return {
      get: () => this.#exchange(view),
      list: () => this.#exchange(() => new Map([[0, view()]])),
      advance: (_at, which, to) =>
        this.#exchange(() => {
          state[which] = Math.max(state[which], to);
        }),
      deleteAll: () => Promise.reject(new Error('No scenario deletes a topic.')),
    };
  }

  /**
   * One exchange with a store that looks at no signature: `serve` happens at one instant at the other end.
   * @param copies whether it may happen once more: soon, as where it is sent again for an answer that was lost and that
   *   one is answered, or any time within that in which late copies land.
   */
  reach<T>(serve: () => T, { copies = false }: { readonly copies?: boolean } = {}): Promise<T> {
    const { scheduler, random, faults } = this.#deps;
    const sentAt = scheduler.now();
    const inTime = (): T => {
      if (scheduler.now() - sentAt > lateMs) throw new NotSentError('The request is too old.');
      return serve();
    };
    if (copies && random.number() < faults().duplicate)
      scheduler.after(spread(random, 1, random.number() < 0.5 ? 20 : lateMs), quietly(inTime));
    return this.#exchange(inTime);
  }

  /**
   * As `reach`, for a write of the state table: the store looks at its signature, and the client may send it again, so that it
   * happens twice: soon, or within that in which late copies land.
   */
  async state<T>(serve: () => T, signal?: AbortSignal): Promise<Awaited<T>> {
    const { scheduler, random, faults } = this.#deps;
    const sentAt = scheduler.now();
    const inTime = this.#signed((): T => {
      if (scheduler.now() - sentAt > lateMs) throw new NotSentError('The request is too old.');
      return serve();
    });
    if (random.number() < faults().duplicate)
      scheduler.after(spread(random, 1, random.number() < 0.5 ? 20 : lateMs), quietly(inTime));
    return await this.#exchange(inTime, signal, this.#mishap(), () => new OutcomeUnknownError('Given up.'));
  }

  async #put(at: PartitionRef, batch: Batch, attempt: PutAttempt): Promise<PutOutcome> {
    const { scheduler, random, table, history, faults } = this.#deps;
    const { signal } = attempt;
    const signedAt = this.#signingDate();
    if (!isWithin(attempt, instantOf(this.#process.clock))) throw new NotSentError('It may not be sent.');
    const land = (): PutOutcome => {
      const outcome = table.put(at, batch, signedAt, scheduler.now());
      if (outcome.kind === 'stored') history.stored(batch, scheduler.now());
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

  /** Perhaps freezes or ends the process, or moves its clock, while it awaits something for about `ms`. */
  #perturb(ms: number): void {
    const { scheduler, random, faults } = this.#deps;
    const { freeze, crash, step } = faults();
    const chance = random.number();
    const soon = (run: () => void): void => scheduler.after(random.number() * Math.min(ms, 1000), run);
    if (chance < crash) soon(() => this.#process.crash());
    else if (chance < crash + freeze) {
      const short = random.number() < 0.5;
      const frozenMs = short ? spread(random, 10, minute) : spread(random, minute, 300 * minute);
      const standing = standings[Math.floor(random.number() * standings.length)] ?? 'none';
      soon(() => this.#process.freeze(frozenMs, standing));
      if (standing === 'both') this.#setRight(frozenMs);
    } else if (chance < crash + freeze + step) {
      const stepMs = either(random) * spread(random, 1_000, 300 * minute);
      soon(() => this.#process.stepClock(stepMs));
      this.#setRight(0);
    }
  }

  /** Mostly, some time later, whoever keeps the machine's clock right finds that it is not. */
  #setRight(afterMs: number): void {
    const { scheduler, random } = this.#deps;
    if (random.number() < 0.2) return;
    scheduler.after(afterMs + spread(random, 100, 120 * minute), () =>
      this.#process.stepClock(scheduler.now() + this.#skewMs - this.#process.clock.now()),
    );
  }
}

const standings: readonly StandingClocks[] = ['none', 'monotonic', 'both'];

/** A copy of a request that nobody waits for: its refusal is nobody's; a breach is everybody's. */
const quietly = (land: () => unknown) => (): void => {
  try {
    land();
  } catch (error) {
    if (!(error instanceof NotSentError)) throw error;
  }
};
