import { readFileSync } from 'node:fs';
import { readSettings } from '../../infra/settings.ts';
import { prices } from '../price/prices.ts';
import { recordsOf } from '../units/scenarios.ts';
import { type System, startSystem } from '../units/system.ts';
import { difference, type Usage } from '../units/usage.ts';
import { line } from './report.ts';

/** What an endpoint takes to answer: for so long deliver is paid for. */
const answerMs = 20;

/** What some records took on their way to the webhook; `usage` is of DynamoDB. */
export interface Delivered {
  readonly label: string;
  readonly records: number;
  readonly webhooks: number;
  readonly usage: Usage;
  /** Requests to the wake queue: those that send, and for each message one that receives it and one that deletes it. */
  readonly queue: number;
  /** Of on-append and of deliver. */
  readonly calls: number;
}

/** US dollars for each record, with the time in which deliver waits for answers, and without what it works itself. */
export const dollarsOf = (
  { records, webhooks, usage, queue, calls }: Delivered,
  deliverMemoryMb: number,
): number => {
  const gbSeconds = (webhooks * answerMs * deliverMemoryMb) / 1000 / 1024;
  const usd =
    usage.writeUnits * prices.writeUnit.usd +
    usage.readUnits * prices.readUnit.usd +
    queue * prices.queueRequest.usd +
    calls * prices.lambdaCall.usd +
    gbSeconds * prices.lambdaGbSecond.usd;
  return usd / records;
};

/** One append of `records`, the event of the stream, and the run that it wakes. What each of them took of the store stands apart. */
const once = async (system: System, records: number) => {
  const [start, sent] = [system.meter.total, system.sendRequests()];
  await system.produce(recordsOf(records));
  const appended = system.meter.total;
  await system.tell(system.topicId);
  let webhooks = 0;
  await system.deliverAll(() => {
    webhooks += 1;
  });
  const sends = system.sendRequests() - sent;
  return {
    appending: difference(appended, start),
    delivering: difference(system.meter.total, appended),
    // Each wake is a message by itself here, which Lambda receives and deletes. Under load ten go together.
    ...{ webhooks, queue: 3 * sends, calls: 1 + sends },
  };
};

const measure = async (system: System, records: number): Promise<readonly Delivered[]> => {
  await once(system, records);
  const { appending, delivering, ...rest } = await once(system, records);
  const what = records === 1 ? 'a record alone' : `${records} records of one append`;
  const nothing = { webhooks: 0, queue: 0, calls: 0 };
  return [
    { label: `${what}: delivery`, records, usage: delivering, ...rest },
    { label: '  its append, for comparison', records, usage: appending, ...nothing },
  ];
};

/** A run that finds 60 messages of 100 records: its wake came before them. */
const measureBacklog = async (system: System): Promise<Delivered> => {
  const appends = 60;
  for (let done = 0; done < appends; done += 1) await system.produce(recordsOf(100));
  const before = system.meter.total;
  let webhooks = 0;
  await system.deliverAll(() => {
    webhooks += 1;
  });
  const usage = difference(system.meter.total, before);
  return { label: 'a backlog: delivery', records: appends * 100, webhooks, usage, queue: 3, calls: 2 };
};

/**
 * What a delivered record of 300 bytes costs, counted at the clients of the real code over embedded stores, as `npm run bench:units` counts.
 * A record alone is the dearest.
 */
export const measureCost = async (): Promise<readonly string[]> => {
  const context = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
  const { deliverMemoryMb } = readSettings((context as { context: Record<string, unknown> }).context);
  const system = await startSystem();
  try {
    const measured = [
      ...(await measure(system, 1)),
      ...(await measure(system, 100)),
      await measureBacklog(system),
    ];
    line('for each record', ['webhooks', 'writes', 'reads', 'WU', 'RU', 'queue', 'calls', '$/million']);
    for (const each of measured) {
      const { label, records, webhooks, usage, queue, calls } = each;
      const { writes, reads, writeUnits, readUnits } = usage;
      const cells = [webhooks, writes, reads, writeUnits, readUnits, queue, calls].map((count) =>
        String(Number((count / records).toFixed(4))),
      );
      line(label, [...cells, (dollarsOf(each, deliverMemoryMb) * 1e6).toFixed(3)]);
    }
    const alone = measured[0];
    const isMissed =
      alone === undefined || alone.usage.writes > 2 || alone.usage.reads > 2 || alone.queue > 3;
    return isMissed
      ? ['the delivery of a record alone may take 2 writes, 2 reads and 3 queue requests at most.']
      : [];
  } finally {
    await system.stop();
  }
};
