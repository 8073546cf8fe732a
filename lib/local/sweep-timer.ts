import type { Clock } from '../stores/clock.ts';
import type { Telemetry } from '../stores/telemetry.ts';

const pauseAfterFailureMs = 1000;

/** Stands in for the schedule of the sweep: at once, again soon after a failure, and then every `everyMs`. */
export class SweepTimer {
  readonly #sweep: () => Promise<unknown>;
  readonly #everyMs: number;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(sweep: () => Promise<unknown>, everyMs: number, deps: { clock: Clock; telemetry: Telemetry }) {
    this.#sweep = sweep;
    this.#everyMs = everyMs;
    this.#clock = deps.clock;
    this.#telemetry = deps.telemetry;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when the sweep under way, if any, is over. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let pauseMs = this.#everyMs;
      try {
        await this.#sweep();
      } catch (error) {
        this.#telemetry.record({ kind: 'fault', where: 'sweep', error });
        pauseMs = Math.min(pauseMs, pauseAfterFailureMs);
      }
      await this.#clock.sleep(pauseMs, signal);
    }
  }
}
