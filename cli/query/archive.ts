import type { TopicFiles } from './views.ts';

/** Where a query finds the archive. */
export interface Archive {
  /**
   * Its topics, as files that can be read now.
   * @param isNamed says of a topic whether the statement may name it: the others may be given as if nothing of them were archived.
   */
  open(isNamed: (topic: string) => boolean): Promise<readonly TopicFiles[]>;
  /** Lets go of what was opened. */
  close(): Promise<void>;
}
