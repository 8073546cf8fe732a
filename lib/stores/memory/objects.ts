import type { Clock } from '../../surroundings/clock.ts';
import {
  type ByteRange,
  ObjectMissingError,
  type ObjectPage,
  type ObjectStore,
  type StoredObject,
} from '../objects.ts';

interface Stored {
  readonly body: Uint8Array;
  readonly storedAt: number;
}

/** Objects in memory. Every call takes effect before it returns its promise. */
export class MemoryObjectStore implements ObjectStore {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #objects = new Map<string, Stored>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  async put(object: string, body: Uint8Array): Promise<void> {
    if (this.#objects.has(object)) return;
    this.#objects.set(object, { body: Uint8Array.from(body), storedAt: this.#clock.now() });
  }

  async read(object: string, { from, to }: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const stored = this.#objects.get(object);
    if (stored === undefined) throw new ObjectMissingError(object);
    if (from < 0 || to <= from || to > stored.body.length)
      throw new RangeError(`${object} has ${stored.body.length} bytes: ${from} to ${to} are not among them.`);
    return stored.body.slice(from, to);
  }

  async list({ prefix = '', after = '', limit }: ObjectPage): Promise<readonly StoredObject[]> {
    return [...this.#objects]
      .filter(([name]) => name.startsWith(prefix) && name > after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([name, { body, storedAt }]) => ({ name, bytes: body.length, storedAt }));
  }

  async delete(objects: readonly string[]): Promise<void> {
    for (const object of objects) this.#objects.delete(object);
  }
}
