import type { Clock } from '../../lib/surroundings/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now: number;
  #sleepers: Sleeper[] = [];

  constructor(start = Date.parse('2026-03-01T12:00:00.000Z')) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const sleeper = { until: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => this.#wake([sleeper]), { once: true });
    });
  }

  /** Goes on at once: those who sleep no longer than that are awake afterwards. */
  advance(ms: number): void {
    this.#now += ms;
    this.#wake(this.#sleepers.filter(({ until }) => until <= this.#now));
  }

  /** Goes on in steps until `promise` is settled, at most `limitMs`. */
  async until<Value>(promise: Promise<Value>, { stepMs = 50, limitMs = 60_000 } = {}): Promise<Value> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    // Whoever asked is told of a failure, when the clock has stopped.
    settled.catch(() => undefined);
    for (let passed = 0; !isSettled && passed < limitMs; passed += stepMs) {
      for (let turn = 0; turn < 20 && !isSettled; turn += 1) await new Promise(setImmediate);
      if (!isSettled) this.advance(stepMs);
    }
    return settled;
  }

  #wake(sleepers: readonly Sleeper[]): void {
    this.#sleepers = this.#sleepers.filter((sleeper) => !sleepers.includes(sleeper));
    for (const { wake } of sleepers) wake();
  }
}
