import type { ArchiveTask } from '../domain/archive/archive-tasks.ts';

/** At least once, in no order. What is lost on the way the next sweep finds again. */
export interface ArchiveQueue {
  /** Resolves when every task is on the queue; throws when any may not be (some may be there then). */
  send(tasks: readonly ArchiveTask[]): Promise<void>;
}
