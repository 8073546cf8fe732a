import type { ArchiverRun } from '../../archive/deps.ts';
import type { ArchiveTask } from '../../domain/archive/archive-tasks.ts';
import { partitionKey } from '../../domain/records/records.ts';
import type { ArchiveQueue } from '../../stores/archive-queue.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';

/** What one task has, where no function limits it. */
const runMs = 300_000;

/**
 * Stands in for the archive queue and what takes from it: does the tasks that it is sent one after the other, those of one
 * partition that wait together once. What fails, and what is lost with the process, the next sweep finds again.
 */
export class ArchivePump implements ArchiveQueue {
  readonly #archive: (task: ArchiveTask, run: ArchiverRun) => Promise<void>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #telemetry: Telemetry;
  /** By partition, in order. */
  readonly #waiting = new Map<string, ArchiveTask>();
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor(
    archive: (task: ArchiveTask, run: ArchiverRun) => Promise<void>,
    { clock, telemetry }: { clock: Pick<Clock, 'monotonic'>; telemetry: Telemetry },
  ) {
    this.#archive = archive;
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  async send(tasks: readonly ArchiveTask[]): Promise<void> {
    for (const task of tasks) this.#waiting.set(partitionKey(task), task);
    if (this.#waiting.size > 0) this.#working ??= this.#work();
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await this.#working;
  }

  /** Resolves when the task under way, which has no time left from now on, is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    for (let next = this.#next(); next !== undefined && !this.#stopped; next = this.#next()) {
      const until = this.#clock.monotonic() + runMs;
      const run = { remainingMs: () => (this.#stopped ? 0 : until - this.#clock.monotonic()) };
      try {
        await this.#archive(next, run);
      } catch (error) {
        this.#telemetry.record({ kind: 'fault', where: 'archive', error });
      }
    }
    this.#working = undefined;
  }

  #next(): ArchiveTask | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const [key, task] = first;
    this.#waiting.delete(key);
    return task;
  }
}
