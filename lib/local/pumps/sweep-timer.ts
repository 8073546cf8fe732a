import type { Clock } from '../../surroundings/clock.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';

const pauseAfterFailureMs = 1000;

/** What one sweep has, where no function limits it. */
const sweepRunMs = 60_000;

/**
 * Stands in for the schedule of the sweep: at once, again soon after a failure, and then every `everyMs`. A sweep has a
 * minute, and no time left once it is to stop. Other work of that kind can be timed by it too, `where` being its name.
 */
export class SweepTimer {
  readonly #sweep: (run: { remainingMs(): number }) => Promise<unknown>;
  readonly #everyMs: number;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #where: string;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    sweep: (run: { remainingMs(): number }) => Promise<unknown>,
    everyMs: number,
    deps: { clock: Clock; telemetry: Telemetry; where?: string },
  ) {
    this.#sweep = sweep;
    this.#everyMs = everyMs;
    this.#clock = deps.clock;
    this.#telemetry = deps.telemetry;
    this.#where = deps.where ?? 'sweep';
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when the sweep under way, if any, is over. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #remaining(): () => number {
    const until = this.#clock.monotonic() + sweepRunMs;
    return () => (this.#stop.signal.aborted ? 0 : until - this.#clock.monotonic());
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let pauseMs = this.#everyMs;
      try {
        await this.#sweep({ remainingMs: this.#remaining() });
      } catch (error) {
        this.#telemetry.record({ kind: 'fault', where: this.#where, error });
        pauseMs = Math.min(pauseMs, pauseAfterFailureMs);
      }
      await this.#clock.sleep(pauseMs, signal);
    }
  }
}
