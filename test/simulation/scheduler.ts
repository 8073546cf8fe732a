import type { Clock } from '../../lib/surroundings/clock.ts';
import type { Random } from '../../lib/surroundings/random.ts';

/**
 * A seeded Random: xoshiro128** (Blackman and Vigna, 2018), its state spread from the seed by splitmix64.
 * The same seed gives the same numbers on every machine.
 */
export const seededRandom = (seed: number): Random => {
  const mask = (1n << 64n) - 1n;
  let state = BigInt(Math.trunc(seed)) & mask;
  const splitmix = (): bigint => {
    state = (state + 0x9e3779b97f4a7c15n) & mask;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return z ^ (z >> 31n);
  };
  const words = new Uint32Array(4);
  for (let index = 0; index < 4; index += 2) {
    const word = splitmix();
    words[index] = Number(word & 0xffffffffn);
    words[index + 1] = Number(word >> 32n);
  }
  let [a, b, c, d] = words as unknown as [number, number, number, number];
  const next = (): number => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  return {
    number: () => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992,
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
  };
};

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A binary heap of events by time, then by insertion. */
class EventHeap {
  readonly #events: Event[] = [];

  push(event: Event): void {
    const events = this.#events;
    let index = events.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = events[parent];
      if (above === undefined || !before(event, above)) break;
      events[index] = above;
      index = parent;
    }
    events[index] = event;
  }

  pop(): Event | undefined {
    const events = this.#events;
    const first = events[0];
    const moved = events.pop();
    if (first === undefined || moved === undefined || events.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let child = events[left];
      if (child === undefined) break;
      let childIndex = left;
      const other = events[right];
      if (other !== undefined && before(other, child)) {
        child = other;
        childIndex = right;
      }
      if (!before(child, moved)) break;
      events[index] = child;
      index = childIndex;
    }
    events[index] = moved;
    return first;
  }

  peek(): Event | undefined {
    return this.#events[0];
  }
}

export interface RunLimits {
  /** Stops as soon as this is true (looked at after each event). */
  readonly when?: () => boolean;
  readonly maxEvents?: number;
  /** Virtual ms from now; events after it stay queued. */
  readonly maxMs?: number;
}

/** Lets every promise continuation run that can: the microtask queue is empty when a tick queued from it runs. */
const settle = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * One virtual world with one virtual wall clock, in which nothing happens but what is scheduled, in a fixed order.
 * Code under test must await only promises that come from it.
 */
export class Scheduler {
  readonly #events = new EventHeap();
  #now: number;
  #order = 0;
  readonly clock: Clock;

  /** @param start wall clock ms at which the world begins. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
    this.clock = this.process().clock;
  }

  now(): number {
    return this.#now;
  }

  /** Runs `run` in `ms` virtual milliseconds; events of one instant run in the order in which they were queued. */
  after(ms: number, run: () => void): void {
    this.#order += 1;
    this.#events.push({ at: this.#now + Math.max(0, ms), order: this.#order, run });
  }

  process(): SimulatedProcess {
    return new SimulatedProcess(this);
  }

  /** Runs events until none is left or a limit is met, and says which it was. */
  async run({
    when,
    maxEvents = Number.POSITIVE_INFINITY,
    maxMs,
  }: RunLimits = {}): Promise<'idle' | 'when' | 'maxEvents' | 'maxMs'> {
    const end = maxMs === undefined ? Number.POSITIVE_INFINITY : this.#now + maxMs;
    await settle();
    for (let count = 0; ; count += 1) {
      if (when?.() === true) return 'when';
      const event = this.#events.peek();
      if (event === undefined) return 'idle';
      if (event.at > end) {
        this.#now = end;
        return 'maxMs';
      }
      if (count >= maxEvents) return 'maxEvents';
      this.#events.pop();
      this.#now = event.at;
      event.run();
      // A real turn now and then, so that whatever watches this process is answered.
      await (count % 4096 === 4095 ? breathe() : settle());
    }
  }
}

export interface Exchange<T> {
  readonly requestMs: number;
  readonly responseMs: number;
  /** What happens at the other end, at one instant. What it throws is the answer, too. */
  readonly serve: () => T;
  readonly loseRequest?: boolean;
  readonly loseResponse?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** The error with which an abort ends the wait; the signal's reason otherwise. */
  readonly onAbort?: () => Error;
}

/** Which of a process's clocks stand still while it is frozen: none, the monotonic one, or both (a paused machine). */
export type StandingClocks = 'none' | 'monotonic' | 'both';

/** A process that may freeze or crash between any two things it awaits, with clocks of its own. */
export class SimulatedProcess {
  readonly #scheduler: Scheduler;
  #crashed = false;
  #frozenUntil = 0;
  /** How far its wall clock is ahead of the world's, ms. */
  #wallAhead = 0;
  #monotonicAhead = 0;
  readonly clock: Clock;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.clock = {
      now: () => scheduler.now() + this.#wallAhead,
      monotonic: () => scheduler.now() + this.#monotonicAhead,
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  /** Nothing that it awaits ever resolves again; what it has sent is still on its way. */
  crash(): void {
    this.#crashed = true;
  }

  /** Whatever would resume it in the next `ms` resumes after them. */
  freeze(ms: number, standing: StandingClocks = 'none'): void {
    const now = this.#scheduler.now();
    const frozenMs = now + ms - Math.max(this.#frozenUntil, now);
    if (frozenMs <= 0) return;
    this.#frozenUntil = now + ms;
    if (standing !== 'none') this.#monotonicAhead -= frozenMs;
    if (standing === 'both') this.#wallAhead -= frozenMs;
  }

  /** What its monotonic clock shows when it does the next thing: later than now while it is frozen. */
  nextMonotonic(): number {
    return Math.max(this.#scheduler.now(), this.#frozenUntil) + this.#monotonicAhead;
  }

  /** Its wall clock jumps by `ms`, back if negative. */
  stepClock(ms: number): void {
    this.#wallAhead += ms;
  }

  /** Runs `run` in `ms`, as code of this process: later when it is frozen, never when it crashed. */
  after(ms: number, run: () => void): void {
    this.#scheduler.after(ms, () => this.#resume(run));
  }

  #resume(run: () => void): void {
    if (this.#crashed) return;
    const wait = this.#frozenUntil - this.#scheduler.now();
    if (wait > 0) this.#scheduler.after(wait, () => this.#resume(run));
    else run();
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const wake = (): void => {
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      signal?.addEventListener('abort', wake, { once: true });
      this.after(ms, wake);
    });
  }

  /**
   * One exchange over a network: `serve` runs at the other end after `requestMs`, its result comes back after
   * `responseMs` more. A lost request never runs; a lost response runs and never answers, so that only the caller's
   * own `signal` ends its wait.
   */
  request<T>(exchange: Exchange<T>): Promise<T> {
    const { signal } = exchange;
    return new Promise<T>((resolve, reject) => {
      let settled = false;
      const abort = (): void => {
        if (settled) return;
        settled = true;
        reject(exchange.onAbort?.() ?? (signal?.reason as Error));
      };
      const answer = (deliver: () => void): void => {
        if (settled) return;
        settled = true;
        signal?.removeEventListener('abort', abort);
        deliver();
      };
      if (signal?.aborted === true) {
        abort();
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      if (exchange.loseRequest === true) return;
      this.#scheduler.after(exchange.requestMs, () => {
        const deliver = outcomeOf(exchange.serve, resolve, reject);
        if (exchange.loseResponse !== true) this.after(exchange.responseMs, () => answer(deliver));
      });
    });
  }
}

const outcomeOf = <T>(
  serve: () => T,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): (() => void) => {
  try {
    const value = serve();
    // Its answer may be lost.
    if (value instanceof Promise) value.catch(() => undefined);
    return () => resolve(value);
  } catch (error) {
    return () => reject(error);
  }
};
