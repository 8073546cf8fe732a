import type { JsonText } from '../../lib/domain/json/text.ts';

/** What a sink has from before. */
export interface Held {
  /** The file, or the folder. */
  readonly path: string;
  /** The offsets of its first record and its last. */
  readonly first: number;
  readonly last: number;
  /** The offset behind what it covers. */
  readonly end: number;
  /** Whether the record that a fetch shows at `last` is the one that it has. */
  isLast(shown: JsonText): boolean;
}

/** Where the records of one partition go. */
export interface Sink {
  /** Undefined where it has nothing. */
  readonly held: Held | undefined;
  /**
   * Takes records, in order, as a fetch shows them.
   * @param next the offset at which whoever goes on would begin.
   */
  write(records: readonly JsonText[], next: number): Promise<void>;
  /** Nothing is written afterwards. What was written is then on the disk. */
  close(): Promise<void>;
}
