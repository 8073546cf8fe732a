import { hash } from 'node:crypto';

/** How far an erasure is in one partition. */
export interface ErasureProgress {
  /** Records that were erased there so far. */
  readonly erased: number;
  /** Nothing of the key that was there when it was asked for is left in the archive, nor will be. */
  readonly isDone: boolean;
}

/** What was asked for: every record of a key, that a topic had then, goes from the archive. */
export interface Erasure {
  /** Unique for ever. */
  readonly erasureId: string;
  readonly topicId: string;
  /** The topic's name. */
  readonly topic: string;
  /** Of the key, which is itself not kept: `keyHashOf`. */
  readonly keyHash: string;
  /** Wall clock ms. */
  readonly requestedAt: number;
  /** The end offset of each partition, by number, when it was asked for. What came after that is not meant. */
  readonly ends: readonly number[];
  /** By partition number; absent where nothing is done yet. */
  readonly progress: Readonly<Record<string, ErasureProgress>>;
}

/** SHA-256 of the key's UTF-8, as hex. */
export const keyHashOf = (key: string): string => hash('sha256', key);

/** Whether there is something to do in a partition. */
export const isPending = ({ ends, progress }: Erasure, partition: number): boolean =>
  (ends[partition] ?? 0) > 0 && progress[partition]?.isDone !== true;

/** The partitions, by number, in which there is something to do. */
export const pendingPartitions = (erasure: Erasure): number[] =>
  [...erasure.ends.keys()].filter((partition) => isPending(erasure, partition));

/** Records that were erased so far. */
export const erasedBy = ({ progress }: Erasure): number =>
  Object.values(progress).reduce((sum, { erased }) => sum + erased, 0);
