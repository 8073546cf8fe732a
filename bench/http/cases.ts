import { seededRandom } from '../../test/simulation/scheduler.ts';

/** What the numbers of a record are: none beside a count, two whole ones that no double holds, or two decimals. */
export type Numbers = 'plain' | 'long' | 'decimal';

const recordBytes = 300;
const random = seededRandom(1);

const letters = (count: number): string =>
  Buffer.from(random.bytes(count)).toString('base64url').slice(0, count);

const digits = (count: number): string =>
  Array.from({ length: count }, () => 1 + Math.floor(random.number() * 9)).join('');

const numbers: Readonly<Record<Numbers, () => string>> = {
  plain: () => '"count":3',
  long: () => `"id":${digits(19)},"account":${digits(19)}`,
  decimal: () => `"total":${digits(4)}.${digits(2)},"tax":${digits(2)}.90`,
};

/** The value of a record as JSON, 300 bytes of it, each another. */
export const orderJson = (kind: Numbers): string => {
  const text = `{"order":"${letters(12)}","customer":"${letters(8)}",${numbers[kind]()},"note":"`;
  return `${text}${letters(recordBytes - text.length - 2)}"}`;
};

/** A case of the benchmark: as many connections, each of which sends its next request when it has its answer. */
export interface Case {
  readonly label: string;
  /** What is to be reached, in words. */
  readonly target: string;
  readonly connections: number;
  /** That a request brings or fetches. */
  readonly records: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Bodies, which the requests of a connection have in turn, from its own number on. */
  readonly bodies: readonly string[];
  /** Lines of the head, each with its end, that are others in each request of a connection, by its number from 0 on. */
  readonly headersOf?: (connection: Connected) => (request: number) => string;
}

/** A connection that drives a case. */
export interface Connected {
  /** Of those of the case, from 0 on. */
  readonly number: number;
  /** Of all that there ever were. */
  readonly id: string;
}

export const produceCase = (
  label: string,
  target: string,
  connections: number,
  { records = 1, partitions = 1, kind = 'plain' }: { records?: number; partitions?: number; kind?: Numbers },
): Case => {
  // Each partition's share, and some bodies for each of them.
  const bodies = Array.from({ length: 8 }, (_, index) => {
    const given = Array.from(
      { length: records },
      () => `{"partition":${index % partitions},"value":${orderJson(kind)}}`,
    );
    return `{"records":[${given.join(',')}]}`;
  });
  return { label, target, connections, records, method: 'POST', path: '/v1/topics/orders/records', bodies };
};

/** The partition that is fetched from, and that a long poll waits at: nothing else is written to them. */
export const fetchedPartition = 8;
export const polledPartition = 9;
export const topic = { path: '/v1/topics/orders', partitions: 10 } as const;

export const cases: readonly Case[] = [
  produceCase('1 connection × 1 record', '≥ 1,200/s', 1, {}),
  produceCase('64 × 1, one partition', '≤ 250 µs, p99.9 ≤ 100 ms', 64, {}),
  produceCase('64 × 1, 8 partitions', '≤ 250 µs, p99.9 ≤ 100 ms', 64, { partitions: 8 }),
  produceCase('8 × 100 records', '≥ 70,000/s', 8, { records: 100 }),
  produceCase('  with 19-digit numbers', '≥ 0.8 of that', 8, { records: 100, kind: 'long' }),
  produceCase('  with decimals', '≥ 0.8 of that', 8, { records: 100, kind: 'decimal' }),
  {
    label: 'fetch, limit 1000',
    target: '≥ 150,000/s',
    connections: 4,
    records: 1000,
    method: 'GET',
    path: `${topic.path}/partitions/${fetchedPartition}/records?offset=0&limit=1000`,
    bodies: [],
  },
];
