import { Problem } from '../../../lib/domain/errors.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';
import type { Producer, System, World } from './world.ts';

/** Where arriving records go: which process takes one, and the offset that it gets. */
export interface Fleet {
  send(record: NewRecord): { readonly process: number; readonly offset: Promise<number> };
}

/** Lambda's concurrency in an account that asked for no more. */
const concurrency = 1000;

/**
 * Processes that take one request at a time, as Lambda runs them: the one that was busy last takes the next request,
 * a new one starts when all are busy, and none beyond `concurrency`.
 */
export const onDemand = (world: World, system: System): Fleet => {
  const idle: { readonly index: number; readonly producer: Producer }[] = [];
  let started = 0;
  const start = () => {
    if (started === concurrency) return undefined;
    started += 1;
    return { index: started - 1, producer: system.startProcess(world) };
  };
  return {
    send: (record) => {
      const process = idle.pop() ?? start();
      if (process === undefined) {
        const error = new Problem('partition_overloaded', 'No process is free.');
        return { process: -1, offset: Promise.reject(error) };
      }
      const offset = process.producer.append(record).finally(() => idle.push(process));
      return { process: process.index, offset };
    },
  };
};

/** `size` processes that each take as many requests at once as there are; every record goes to any of them. */
export const standing = (world: World, system: System, size: number): Fleet => {
  const producers = Array.from({ length: size }, () => system.startProcess(world));
  return {
    send: (record) => {
      const process = Math.floor(world.arrivals.number() * size);
      const producer = producers[process];
      if (producer === undefined) throw new RangeError(`No process ${process}.`);
      return { process, offset: producer.append(record) };
    },
  };
};
