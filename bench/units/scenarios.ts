import { createHash } from 'node:crypto';
import type { System } from './system.ts';
import { difference, type Usage } from './usage.ts';

/** What one operation costs, and how many records it moves. */
export interface Measured {
  readonly label: string;
  readonly operations: number;
  readonly records: number;
  readonly usage: Usage;
  /** Requests that one operation may take, at most; where none are given it is measured alone. */
  readonly target?: { readonly writes: number; readonly reads: number; readonly gets?: number };
}

/** About 300 bytes of JSON that compress as little as an id does. */
const record = (number: number) => {
  const hash = createHash('sha512').update(String(number));
  const [id, digest] = [hash.copy().update('id').digest('hex'), hash.digest('base64url')];
  return { key: `customer-${number % 10}`, value: { number, id, digest } };
};
export const recordsOf = (count: number) => Array.from({ length: count }, (_, number) => record(number));

const single = 200;
const batches = 120;
const batchRecords = 100;

/** Headers by which each of several appends may be sent again, by its number. */
type Repeatable = (append: number) => Readonly<Record<string, string>>;

const plain: Repeatable = () => ({});
const keyed: Repeatable = (append) => ({ 'idempotency-key': `order-${append}` });
const sequenced: Repeatable = (append) => ({
  'producer-id': 'bench',
  'producer-epoch': '0',
  'producer-seq': String(append),
});

const appends = async (
  system: System,
  label: string,
  { count, size, writes = 1, repeatable = plain }: Appends,
): Promise<Measured> => {
  await system.produce(recordsOf(size), repeatable(0));
  const before = system.meter.total;
  for (let done = 1; done <= count; done += 1) await system.produce(recordsOf(size), repeatable(done));
  const usage = difference(system.meter.total, before);
  return { label, operations: count, records: count * size, usage, target: { writes, reads: 0 } };
};

interface Appends {
  readonly count: number;
  /** Records of each. */
  readonly size: number;
  readonly writes?: number;
  readonly repeatable?: Repeatable;
}

/** The same appends once more: nothing is written but the attempt to begin. */
const replays = async (
  system: System,
  label: string,
  { count, repeatable = plain, writes = 0 }: Appends,
  reads: number,
): Promise<Measured> => {
  const before = system.meter.total;
  for (let again = count - 4; again <= count; again += 1)
    await system.produce(recordsOf(1), repeatable(again));
  const usage = difference(system.meter.total, before);
  return { label, operations: 5, records: 5, usage, target: { writes, reads } };
};

/** Reads on from page to page, in the part of the log whose batches are as large as the pages. */
const fetches = async (system: System, from: number): Promise<Measured> => {
  await system.fetch(from);
  const before = system.meter.total;
  let records = 0;
  for (let page = 1; page < batches; page += 1) {
    const answer = (await system.fetch(from + page * batchRecords)) as { records: unknown[] };
    records += answer.records.length;
  }
  const usage = difference(system.meter.total, before);
  const target = { writes: 0, reads: 1 };
  return { label: 'fetch of 100 records, sequential', operations: batches - 1, records, usage, target };
};

/** Between the webhook requests in the midst of a long run. */
const deliveries = async (system: System): Promise<Measured> => {
  const totals: Usage[] = [];
  await system.deliverAll(() => totals.push(system.meter.total));
  const [first, last] = [5, totals.length - 5];
  const [before, after] = [totals[first], totals[last]];
  if (before === undefined || after === undefined || last - first < 20)
    throw new Error(`only ${totals.length} webhook requests were made: too few to measure`);
  const operations = last - first;
  return {
    label: 'delivery of 100 records, steady',
    operations,
    records: operations * batchRecords,
    usage: difference(after, before),
    target: { writes: 1, reads: 1 },
  };
};

/** What the process knows before. */
const processes = [
  { of: 'a warm process', prepare: () => undefined, reads: 2 },
  { of: 'one that has rested', prepare: (system: System) => system.pass(60_000), reads: 3 },
  { of: 'a cold one', prepare: (system: System) => system.startCold(), reads: 4 },
];

/** A record that comes when all is delivered: the wake, the lease and the look at the tail are for it alone. */
const lonelyDeliveries = async (system: System): Promise<readonly Measured[]> => {
  const measured: Measured[] = [];
  for (const { of, prepare, reads } of processes) {
    prepare(system);
    await system.produce(recordsOf(1));
    const before = system.meter.total;
    await system.deliverAll(() => undefined);
    const usage = difference(system.meter.total, before);
    const label = `delivery of 1 record, by ${of}`;
    measured.push({ label, operations: 1, records: 1, usage, target: { writes: 2, reads } });
  }
  return measured;
};

/** An attempt that fails is written to the attempt log: a write unit, or two where the answer has much to say. */
const failedDeliveries = async (system: System): Promise<readonly Measured[]> => {
  const refusing = { kind: 'answered', status: 503, retryAfter: '1' } as const;
  const answers = [refusing, { ...refusing, excerpt: 'x'.repeat(1024) }];
  const measured: Measured[] = [];
  await system.produce(recordsOf(1));
  for (const answered of answers) {
    const before = system.meter.total;
    await system.deliverAll(() => undefined, answered);
    const usage = difference(system.meter.total, before);
    const label = `a failed attempt${'excerpt' in answered ? ', and a KiB of its answer' : ''}`;
    measured.push({ label, operations: 1, records: 1, usage, target: { writes: 3, reads: 3 } });
    // Past the pause before the next.
    system.pass(5000);
  }
  await system.deliverAll(() => undefined);
  return measured;
};

/** Beside what a delivery takes: a slot taken with the place of its first request, and given back. */
const pacedDelivery = async (system: System): Promise<Measured> => {
  await system.pace({ maxConcurrentRequests: 4, requestsPerSecond: 100 });
  const deliver = async () => {
    await system.produce(recordsOf(1));
    const before = system.meter.total;
    await system.deliverAll(() => undefined);
    return difference(system.meter.total, before);
  };
  await deliver();
  const usage = await deliver();
  const label = 'delivery of 1 record, to a paced endpoint';
  return { label, operations: 1, records: 1, usage, target: { writes: 4, reads: 2 } };
};

/** What the stream's event of an append costs, once its topic is known. */
const told = async (system: System, topicId: string, what: string): Promise<Measured> => {
  await system.tell(topicId);
  const before = system.meter.total;
  await system.tell(topicId);
  const usage = difference(system.meter.total, before);
  return {
    label: `wakes of an append, ${what}`,
    operations: 1,
    records: 1,
    usage,
    target: { writes: 0, reads: 0 },
  };
};

const fetched = async (system: System, offset: number): Promise<number> =>
  ((await system.fetch(offset)) as { records: unknown[] }).records.length;

/** The same pages as above, once they are archived; then hundreds of records here and there, by a process that remembers footers alone. */
const archivedFetches = async (system: System, from: number): Promise<readonly Measured[]> => {
  await system.archive();
  // Who calls is asked for anew after so long.
  await fetched(system, from);
  const measure = async (label: string, offsets: readonly number[], target: Measured['target']) => {
    const before = system.meter.total;
    let records = 0;
    for (const offset of offsets) records += await fetched(system, offset);
    const usage = difference(system.meter.total, before);
    return { label, operations: offsets.length, records, usage, ...(target !== undefined && { target }) };
  };
  const pages = Array.from({ length: batches }, (_, page) => from + page * batchRecords);
  // As of a segment of usual size: these records are alike, and take little room there.
  const large = { wholeObjectBytes: 0 };
  system.startReader(large);
  const cold = { writes: 0, reads: 3, gets: 2 };
  const first = await measure('fetch of 100 archived records, by a cold process', pages.slice(0, 1), cold);
  const onwards = { writes: 0, reads: 0, gets: 0.2 };
  const sequential = await measure('fetch of 100 archived records, sequential', pages.slice(1), onwards);
  system.startReader({ ...large, rowGroupBytes: 0, readAheadBytes: 0 });
  await fetched(system, from);
  const anywhere = pages.map((_, index) => pages[(index * 37) % pages.length] ?? from);
  const other = { writes: 0, reads: 0, gets: 1 };
  return [first, sequential, await measure('fetch of 100 archived records, elsewhere', anywhere, other)];
};

/** Appends that may be sent again, and what that costs. */
const repeatableAppends = async (system: System): Promise<readonly Measured[]> => {
  const withKey = { count: single, size: 1, writes: 2, repeatable: keyed };
  const inSequence = { count: single, size: 1, repeatable: sequenced };
  return [
    await appends(system, 'append of 1 record with a key', withKey),
    await replays(system, 'the same again', { ...withKey, writes: 1 }, 2),
    await appends(system, 'append of 1 record in a sequence', inSequence),
    await replays(system, 'the same again', inSequence, 0),
  ];
};

export const measureAll = async (system: System): Promise<readonly Measured[]> => {
  const one = await appends(system, 'append of 1 record', { count: single, size: 1 });
  const hundred = await appends(system, 'append of 100 records', { count: batches, size: batchRecords });
  return [
    one,
    hundred,
    await fetches(system, single + 1),
    await deliveries(system),
    ...(await lonelyDeliveries(system)),
    await told(system, system.topicId, 'of a group'),
    await told(system, 'nobodys1', 'of no group'),
    ...(await repeatableAppends(system)),
    // What takes time comes last: appends go by how old their tail is.
    ...(await failedDeliveries(system)),
    await pacedDelivery(system),
    ...(await archivedFetches(system, single + 1)),
  ];
};
