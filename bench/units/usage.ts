import type { RequestUsage } from '../../lib/stores/dynamodb/table/client.ts';
import type { ObjectStore } from '../../lib/stores/objects.ts';

/** What some work cost in requests and capacity units. */
export interface Usage {
  readonly writes: number;
  readonly writeUnits: number;
  readonly reads: number;
  readonly readUnits: number;
  /** Ranges read of objects of the archive. */
  readonly gets: number;
}

export const noUsage: Usage = { writes: 0, writeUnits: 0, reads: 0, readUnits: 0, gets: 0 };

export const difference = (to: Usage, from: Usage): Usage => ({
  writes: to.writes - from.writes,
  writeUnits: to.writeUnits - from.writeUnits,
  reads: to.reads - from.reads,
  readUnits: to.readUnits - from.readUnits,
  gets: to.gets - from.gets,
});

/** Adds up every request that the clients of DynamoDB send, and the ranges read of objects. */
export class Meter {
  #total: Usage = noUsage;

  get total(): Usage {
    return this.#total;
  }

  readonly count = ({ access, units = 0 }: RequestUsage): void => {
    const { writes, writeUnits, reads, readUnits } = this.#total;
    this.#total =
      access === 'write'
        ? { ...this.#total, writes: writes + 1, writeUnits: writeUnits + units }
        : { ...this.#total, reads: reads + 1, readUnits: readUnits + units };
  };

  /** `objects`, of which what is read is counted. */
  counting(objects: ObjectStore): ObjectStore {
    return {
      put: (...given) => objects.put(...given),
      list: (...given) => objects.list(...given),
      delete: (...given) => objects.delete(...given),
      read: (...given) => {
        this.#total = { ...this.#total, gets: this.#total.gets + 1 };
        return objects.read(...given);
      },
    };
  }
}
