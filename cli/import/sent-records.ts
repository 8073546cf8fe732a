import { createHash, type Hash } from 'node:crypto';
import type { NewRecord } from '../../lib/domain/records/records.ts';
import { producedText } from '../broker/record-text.ts';
import type { CommandError } from '../failure.ts';
import type { PartitionState } from './state.ts';

const digestOf = (hash: Hash): string => hash.copy().digest('base64url');

/**
 * The records of a file that were sent to one partition, in order, by a digest of them: a later run that passes over them, or
 * sends the last again, sees that they are still the same.
 */
export class SentRecords {
  readonly #partition: number;
  readonly #state: PartitionState;
  readonly #other: (partition: number) => CommandError;
  #hash = createHash('sha256');
  /** Of those that are stored for certain, how many the file has not had yet. */
  #left: number;

  /** @param other says that the file has other records than were sent. */
  constructor(partition: number, state: PartitionState, other: (partition: number) => CommandError) {
    this.#partition = partition;
    this.#state = state;
    this.#other = other;
    this.#left = state.sent;
  }

  /**
   * Passes over the next record of the file, if it is one that was stored.
   * @throws CommandError where they are others.
   */
  passes(record: NewRecord): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    this.#hash.update(producedText(record, this.#partition));
    const { digest } = this.#state;
    if (this.#left === 0 && digest !== undefined && digest !== digestOf(this.#hash))
      throw this.#other(this.#partition);
    return true;
  }

  /**
   * To be called before texts are sent.
   * @throws CommandError where an earlier run's last request is sent again, and has become another.
   */
  send(texts: readonly string[]): void {
    const hash = this.#with(texts);
    const { pending, pendingDigest } = this.#state;
    if (pending === texts.length && pendingDigest !== undefined && pendingDigest !== digestOf(hash))
      throw this.#other(this.#partition);
    this.#state.pending = texts.length;
    this.#state.pendingDigest = digestOf(hash);
  }

  /** What was sent is stored, or the first of it: the others are sent again. */
  stored(texts: readonly string[]): void {
    this.#hash = this.#with(texts);
    this.#state.sent += texts.length;
    this.#state.digest = digestOf(this.#hash);
    this.refused();
  }

  /** Nothing of what was sent is stored, or will be. */
  refused(): void {
    this.#state.pending = 0;
    delete this.#state.pendingDigest;
  }

  /** To be called when all of the file is sent. @throws CommandError where it has fewer records than were sent. */
  end(): void {
    if (this.#left > 0 || this.#state.pending > 0) throw this.#other(this.#partition);
  }

  #with(texts: readonly string[]): Hash {
    const hash = this.#hash.copy();
    for (const text of texts) hash.update(text);
    return hash;
  }
}
