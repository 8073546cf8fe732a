import type { JsonText } from '../../lib/domain/json/text.ts';

/** Where the records of one partition go. */
export interface Sink {
  /** The offset after the last record that it has from before; undefined where it has none. */
  readonly resumeAt: number | undefined;
  /**
   * Takes records, in order, as a fetch shows them.
   * @param next the offset at which whoever goes on would begin.
   */
  write(records: readonly JsonText[], next: number): Promise<void>;
  /** Nothing is written afterwards. What was written is then on the disk. */
  close(): Promise<void>;
}
