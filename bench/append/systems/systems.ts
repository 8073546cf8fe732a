import { Appender } from '../../../lib/log/append/appender.ts';
import { hotPartition, type System, type World } from '../simulated/world.ts';
import { counterAndPut, retryAtOnce } from './baselines.ts';

/** The product: one Appender in each process. */
export const millrace: System = {
  name: 'millrace',
  startProcess: (world: World) => {
    const process = world.scheduler.process();
    const appender = new Appender({
      batches: world.table.connect(process),
      clock: process.clock,
      random: world.processes,
    });
    return {
      append: async (record) => (await appender.append(hotPartition, [record])).base,
    };
  },
};

export const systems: readonly System[] = [millrace, retryAtOnce, counterAndPut];
