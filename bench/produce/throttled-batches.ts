import { ThrottledError } from '../../lib/domain/errors.ts';
import { partitionKey } from '../../lib/domain/records/records.ts';
import type { BatchStore } from '../../lib/stores/batches.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import { Capacity } from '../append/capacity.ts';
import { itemBytes, writeUnits } from '../append/item-size.ts';

/** What a partition key of DynamoDB carries, and what a request to it takes about. */
const writeUnitsPerSecond = 1000;
const requestMs = 5.5;

/** `batches`, where puts take as long as DynamoDB's, and are throttled beyond the write units that it gives a key. */
export const throttledBatches = (batches: BatchStore, clock: Clock): BatchStore => {
  const capacities = new Map<string, Capacity>();
  const capacityOf = (key: string): Capacity => {
    const now = clock.monotonic();
    const capacity =
      capacities.get(key) ??
      new Capacity({ perSecond: writeUnitsPerSecond, depth: writeUnitsPerSecond / 10, now });
    capacities.set(key, capacity);
    return capacity;
  };
  return {
    last: (...given) => batches.last(...given),
    end: (...given) => batches.end(...given),
    range: (...given) => batches.range(...given),
    floor: (...given) => batches.floor(...given),
    present: (...given) => batches.present(...given),
    delete: (...given) => batches.delete(...given),
    putIfAbsent: async (at, batch, attempt) => {
      await clock.sleep(requestMs);
      const units = writeUnits(itemBytes(at, batch));
      if (!capacityOf(partitionKey(at)).take(units, clock.monotonic()))
        throw new ThrottledError('More write units than one partition key has.');
      return batches.putIfAbsent(at, batch, attempt);
    },
  };
};
