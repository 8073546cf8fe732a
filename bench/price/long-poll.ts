import { limits } from '../../lib/domain/limits.ts';
import { Reader } from '../../lib/log/read/reader.ts';
import type { BatchStore } from '../../lib/stores/batches.ts';
import { memoryStores } from '../../lib/stores/memory/stores.ts';
import { Scheduler } from '../../test/simulation/scheduler.ts';
import { type Item, item } from './idle.ts';
import { hoursOfAMonth, prices } from './prices.ts';

export interface LongPolls {
  readonly consumeMemoryMb: number;
  /** Of one long poll in which nothing comes, counted. */
  readonly readUnits: number;
}

/** What the access log has of one request, with what CloudWatch adds. */
export const accessLogBytes = 450;
/** A short answer with its headers. */
export const shortAnswerBytes = 500;

/** What a month costs in which one partition is read by one long poll after the other, and nothing comes. */
export const longPollItems = ({ consumeMemoryMb, readUnits }: LongPolls): readonly Item[] => {
  const seconds = hoursOfAMonth * 3600;
  const polls = seconds / limits.fetchWaitSeconds;
  return [
    item('requests to the API', polls, prices.apiRequest),
    item('calls of consume', polls, prices.lambdaCall),
    item('GB-seconds', (seconds * consumeMemoryMb) / 1024, prices.lambdaGbSecond),
    item('read units', polls * readUnits, prices.readUnit),
    item('GB of logs', (polls * accessLogBytes) / 1024 ** 3, prices.logs),
    item('GB sent out', (polls * shortAnswerBytes) / 1024 ** 3, prices.dataOut),
  ];
};

/**
 * The read units of one long poll, counted in virtual time. Each request finds nothing and so costs the least: half a unit,
 * or one where it is strongly consistent. That of the key and of the topic are left out, as a process remembers them.
 */
export const longPollReadUnits = async (): Promise<number> => {
  const scheduler = new Scheduler();
  const stores = memoryStores({ clock: scheduler.clock });
  let units = 0;
  const counted = (consistent: boolean): void => {
    units += consistent ? 1 : 0.5;
  };
  const batches = new Proxy<BatchStore>(stores.batches, {
    get: (target, name: keyof BatchStore) => {
      if (name !== 'range' && name !== 'end') throw new Error(`A long poll is not expected to call ${name}.`);
      return (...[at, query]: Parameters<BatchStore['range']>) => {
        counted(query.consistent);
        return target[name](at, query);
      };
    },
  });
  const partitions = {
    ...stores.partitions,
    get: (at: { readonly topicId: string; readonly partition: number }) => {
      counted(true);
      return stores.partitions.get(at);
    },
  } as typeof stores.partitions;
  const reader = new Reader({ batches, partitions, clock: scheduler.clock });
  const request = { offset: 0, maxRecords: 100, maxBytes: 1_000_000, waitMs: limits.fetchWaitSeconds * 1000 };
  let over = false;
  const fetched = reader.fetch({ topicId: 't', partition: 0 }, request).finally(() => {
    over = true;
  });
  await scheduler.run({ when: () => over });
  await fetched;
  return units;
};
