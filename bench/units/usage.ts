import type { RequestUsage } from '../../lib/stores/dynamodb/client.ts';

/** What some work cost in requests and capacity units. */
export interface Usage {
  readonly writes: number;
  readonly writeUnits: number;
  readonly reads: number;
  readonly readUnits: number;
}

export const noUsage: Usage = { writes: 0, writeUnits: 0, reads: 0, readUnits: 0 };

export const difference = (to: Usage, from: Usage): Usage => ({
  writes: to.writes - from.writes,
  writeUnits: to.writeUnits - from.writeUnits,
  reads: to.reads - from.reads,
  readUnits: to.readUnits - from.readUnits,
});

/** Adds up every request that the clients of DynamoDB send. */
export class Meter {
  #total: Usage = noUsage;

  get total(): Usage {
    return this.#total;
  }

  readonly count = ({ access, units = 0 }: RequestUsage): void => {
    const { writes, writeUnits, reads, readUnits } = this.#total;
    this.#total =
      access === 'write'
        ? { writes: writes + 1, writeUnits: writeUnits + units, reads, readUnits }
        : { writes, writeUnits, reads: reads + 1, readUnits: readUnits + units };
  };
}
