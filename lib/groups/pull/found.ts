import type { UndecodableBatchError } from '../../domain/errors.ts';
import type { Range } from '../../domain/groups/runs/hand-out.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import type { Lane } from './lanes.ts';
import type { HandedOut } from './requests.ts';
import type { Budget } from './take.ts';

/** What one partition may bring. */
export interface Share extends Budget {
  /** One record is taken whatever its size. */
  readonly isFirst: boolean;
}

/** What was read of a range. */
export interface ReadRange extends Range {
  readonly records: readonly LogRecord[];
}

/** What one look of a shared poll has found so far. */
export class Found {
  readonly records: HandedOut[] = [];
  room: Budget;
  damage: UndecodableBatchError | undefined;
  failure: { readonly error: unknown } | undefined;

  constructor(maxRecords: number, maxBytes: number) {
    this.room = { maxRecords, maxBytes };
  }

  get isEmpty(): boolean {
    return this.records.length === 0;
  }

  get isFull(): boolean {
    return this.room.maxRecords <= 0 || this.room.maxBytes <= 0;
  }

  /** An equal part of what is left, for so many. */
  share(count: number): Budget {
    const { maxRecords, maxBytes } = this.room;
    return {
      maxRecords: Math.max(1, Math.floor(maxRecords / count)),
      maxBytes: Math.max(1, Math.floor(maxBytes / count)),
    };
  }

  spend(records: number, bytes: number): void {
    const { maxRecords, maxBytes } = this.room;
    this.room = { maxRecords: maxRecords - records, maxBytes: maxBytes - bytes };
  }

  add({ topic, isDead }: Lane, ranges: readonly ReadRange[], given: ReadonlyMap<number, number>): void {
    for (const { records } of ranges) {
      for (const record of records) {
        const deliveries = given.get(record.offset);
        if (deliveries === undefined) this.room = { ...this.room, maxRecords: this.room.maxRecords + 1 };
        else this.records.push({ record, deliveries, ...(isDead && { topic }) });
      }
    }
  }

  /** What one partition fails at keeps nobody from the others. */
  async unlessFailed<T>(change: Promise<T>): Promise<T | undefined> {
    try {
      return await change;
    } catch (error) {
      this.failure ??= { error };
      return undefined;
    }
  }
}
