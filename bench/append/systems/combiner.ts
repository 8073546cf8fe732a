import { limits } from '../../../lib/domain/limits.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';
import type { Producer } from '../simulated/world.ts';

interface Waiting {
  readonly record: NewRecord;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: unknown) => void;
}

/** One write in flight; what arrives meanwhile goes together in the next. Nothing more: for the baselines. */
export class Combiner implements Producer {
  readonly #write: (records: readonly NewRecord[]) => Promise<number>;
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(write: (records: readonly NewRecord[]) => Promise<number>) {
    this.#write = write;
  }

  append(record: NewRecord): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      if (!this.#writing) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, limits.batchRecords);
      this.#waiting = this.#waiting.slice(limits.batchRecords);
      try {
        const base = await this.#write(batch.map(({ record }) => record));
        for (const [index, { resolve }] of batch.entries()) resolve(base + index);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = false;
  }
}
