/**
 * What it takes to archive a GB of payload (keys, values and headers), and to delete it from the table: requests and capacity
 * units, counted at the clients of the real code over the embedded stores, and what they cost. Functions are not in it.
 */
import { prices } from '../../price/prices.ts';
import { orders } from '../payloads.ts';
import { type Asked, openPartition } from './system.ts';

const gigabyte = 1e9;
/** One segment of the largest size, about. */
const payloadBytes = 60_000_000;
const batchSizes = [10, 100, 1000];

const usdOf = ({ writeUnits, readUnits, puts, gets }: Asked): number =>
  writeUnits * prices.writeUnit.usd +
  readUnits * prices.readUnit.usd +
  puts * prices.objectPut.usd +
  gets * prices.objectGet.usd;

const row = (label: string, cells: readonly string[]): void =>
  void process.stdout.write(`${label.padEnd(34)}${cells.map((cell) => cell.padStart(13)).join('')}\n`);

const whole = (count: number): string => Math.round(count).toLocaleString('en');

const cellsOf = (asked: Asked, bytes: number): string[] => {
  const perGigabyte = gigabyte / bytes;
  const { requests, writeUnits, readUnits, puts, gets } = asked;
  return [
    ...[requests, writeUnits, readUnits, puts, gets].map((count) => whole(count * perGigabyte)),
    (usdOf(asked) * perGigabyte).toFixed(3),
  ];
};

const sum = (all: readonly Asked[], name: keyof Asked): number =>
  all.reduce((total, asked) => total + asked[name], 0);

const total = (all: readonly Asked[]): Asked => ({
  requests: sum(all, 'requests'),
  writeUnits: sum(all, 'writeUnits'),
  readUnits: sum(all, 'readUnits'),
  puts: sum(all, 'puts'),
  gets: sum(all, 'gets'),
  objectBytes: sum(all, 'objectBytes'),
});

const measure = async (batchRecords: number): Promise<void> => {
  const partition = await openPartition(`by${batchRecords}`);
  try {
    const take = orders(true);
    const appended: Asked[] = [];
    let bytes = 0;
    while (bytes < payloadBytes) {
      const records = take(batchRecords);
      for (const { key = '', valueJson = '', headersJson = '' } of records)
        bytes += key.length + valueJson.length + headersJson.length;
      appended.push(await partition.append(records));
    }
    const archived = await partition.archive();
    const deleted = await partition.delete();
    row(`appended, ${batchRecords} records a batch`, cellsOf(total(appended), bytes));
    row('  archived', cellsOf(archived, bytes));
    row('  deleted from the table', cellsOf(deleted, bytes));
    row('  both', cellsOf(total([archived, deleted]), bytes));
    const share = archived.objectBytes / bytes;
    row('  a month in S3', [
      `${share.toFixed(2)} GB, ${(share * prices.objectStorage.usd).toFixed(4)} dollars`,
    ]);
  } finally {
    await partition.stop();
  }
};

export const measureUnits = async (): Promise<void> => {
  row('for a GB of orders with headers', [
    'requests',
    'write units',
    'read units',
    'PUTs',
    'GETs',
    'dollars',
  ]);
  for (const batchRecords of batchSizes) await measure(batchRecords);
};
