import type { NewRecord, PartitionRef } from '../../../lib/domain/records/records.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import { Scheduler, seededRandom } from '../../../test/simulation/scheduler.ts';
import { SimulatedTable, type TableOptions } from './table.ts';

/** The one partition that every writer of a row writes to. */
export const hotPartition: PartitionRef = { topicId: 'a1b2c3d4e5f6', partition: 0 };

/** One row's virtual world. Each kind of chance has a stream of its own, so that systems meet the same arrivals. */
export interface World {
  readonly scheduler: Scheduler;
  readonly table: SimulatedTable;
  readonly arrivals: Random;
  readonly processes: Random;
}

export const createWorld = (seed: number, options: Partial<TableOptions>): World => {
  const scheduler = new Scheduler();
  return {
    scheduler,
    table: new SimulatedTable(scheduler, seededRandom(seed * 4 + 1), options),
    arrivals: seededRandom(seed * 4 + 2),
    processes: seededRandom(seed * 4 + 3),
  };
};

/** One process that appends to the hot partition. */
export interface Producer {
  /** Appends one record and answers with its offset; throws a `Problem` otherwise. */
  append(record: NewRecord): Promise<number>;
}

/** A way of appending, to be compared. */
export interface System {
  readonly name: string;
  startProcess(world: World): Producer;
}
