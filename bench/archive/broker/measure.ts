/**
 * Reads through a broker of one machine, over HTTP, one request after the other: all records of a partition as live batches and
 * again as the archive; a hundred records at random offsets of it; and the memory of a broker that reads a GB of it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concurrently } from '../../../lib/domain/concurrently.ts';
import { timestampText } from '../../../lib/domain/text/timestamps.ts';
import { eventually } from '../../../test/end-to-end/client.ts';
import { seededRandom } from '../../../test/simulation/scheduler.ts';
import { orders } from '../payloads.ts';
import type { Settings } from './messages.ts';
import { type Broker, startBroker } from './start.ts';

const topic = 'orders';
const requestRecords = 1000;
const producersAtOnce = 4;
const passes = 2;
const randomReads = 300;
const randomReadRecords = 100;
const readBytes = 1e9;
/** As a function of 512 MB gives it. */
const smallHeapMegabytes = 256;
const day = 86_400_000;

/** Nothing is archived. */
const live: Settings = { archive: { segmentMaxAgeMs: 30 * day, segmentMaxBytes: 2 ** 40 }, sweepMs: day };
/** All is, at once, and deleted from the database. */
const archiving: Settings = { archive: { segmentMaxAgeMs: 1000, trimMinAgeMs: 0 }, sweepMs: 1000 };

const print = (label: string, said: string): void =>
  void process.stdout.write(`${label.padEnd(46)}${said}\n`);

const perSecond = (count: number, ms: number): string => Math.round((1000 * count) / ms).toLocaleString('en');
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

const fill = async ({ client }: Broker, count: number): Promise<void> => {
  await client.ok('PUT', `/v1/topics/${topic}`, { partitions: 1, retentionHours: null });
  const take = orders(true);
  const requests = Array.from({ length: Math.ceil(count / requestRecords) }, (_, at) =>
    Math.min(requestRecords, count - at * requestRecords),
  );
  await concurrently(producersAtOnce, requests, (size) => {
    const records = take(size).map(
      ({ key, valueJson, headersJson, timestamp }) =>
        `{"key":"${key}","value":${valueJson},"headers":${headersJson},"timestamp":"${timestampText(timestamp)}"}`,
    );
    return client.ok('POST', `/v1/topics/${topic}/records`, `{"records":[${records.join(',')}]}`);
  });
};

interface Page {
  readonly records: number;
  readonly nextOffset: number;
  readonly bytes: number;
}

/** Read as bytes, and not parsed: what is measured is the broker, on the same machine. */
const fetchPage = async (broker: Broker, offset: number, limit: number): Promise<Page> => {
  const answer = await broker.get(`/v1/topics/${topic}/partitions/0/records?offset=${offset}&limit=${limit}`);
  const tail = answer.subarray(-200).toString();
  const nextOffset = Number(/"nextOffset":(\d+)/.exec(tail)?.[1]);
  return { records: nextOffset - offset, nextOffset, bytes: answer.length };
};

/** Reads all that is there. Gives ms and bytes. */
const readAll = async (broker: Broker, end: number): Promise<{ ms: number; bytes: number }> => {
  const from = performance.now();
  let bytes = 0;
  for (let offset = 0; offset < end; ) {
    const page = await fetchPage(broker, offset, requestRecords);
    bytes += page.bytes;
    offset = page.nextOffset;
  }
  return { ms: performance.now() - from, bytes };
};

interface Backfill {
  /** The shortest of several, since the machine may be busy. */
  readonly wallMs: number;
  /** Of the broker. */
  readonly cpuMs: number;
}

const backfill = async (broker: Broker, count: number): Promise<Backfill> => {
  let best: Backfill = { wallMs: Number.POSITIVE_INFINITY, cpuMs: Number.POSITIVE_INFINITY };
  for (let pass = 0; pass < passes; pass += 1) {
    const before = await broker.taken();
    const { ms } = await readAll(broker, count);
    const cpuMs = (await broker.taken()).cpuMs - before.cpuMs;
    best = { wallMs: Math.min(best.wallMs, ms), cpuMs: Math.min(best.cpuMs, cpuMs) };
  }
  return best;
};

const speedOf = (count: number, { wallMs, cpuMs }: Backfill): string =>
  `${perSecond(count, wallMs)} records/s; ${perSecond(count, cpuMs)} for each second of CPU`;

const readAnywhere = async (broker: Broker, count: number): Promise<void> => {
  const random = seededRandom(7);
  const times: number[] = [];
  const before = await broker.taken();
  for (let read = 0; read < randomReads; read += 1) {
    const offset = Math.floor(random.number() * (count - 2 * requestRecords));
    const from = performance.now();
    await fetchPage(broker, offset, randomReadRecords);
    times.push(performance.now() - from);
  }
  const cpuMs = ((await broker.taken()).cpuMs - before.cpuMs) / randomReads;
  const [first = 0] = times;
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1);
  print(
    `${randomReadRecords} records at a random archived offset`,
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms; ${cpuMs.toFixed(1)} ms of CPU; the first of the process ${first.toFixed(1)} ms`,
  );
};

/** What a fresh broker takes. */
const readMuch = async (folder: string, count: number, heapMegabytes?: number): Promise<void> => {
  const broker = await startBroker(folder, live, heapMegabytes);
  try {
    if (heapMegabytes === undefined) await readAnywhere(broker, count);
    let bytes = 0;
    while (bytes < readBytes) bytes += (await readAll(broker, count)).bytes;
    const { mostRss } = await broker.taken();
    const heap = heapMegabytes === undefined ? '' : `, with a heap of ${heapMegabytes} MB`;
    print(`${megabytes(bytes)} read from it${heap}`, `${megabytes(mostRss)} of memory at most`);
  } finally {
    await broker.stop();
  }
};

const archivedThrough = async ({ client }: Broker): Promise<number> => {
  const { partitions } = await client.ok<{ partitions: { archivedThrough: number }[] }>(
    'GET',
    `/v1/topics/${topic}/partitions`,
  );
  return partitions[0]?.archivedThrough ?? 0;
};

const archiveAll = async (folder: string, count: number): Promise<void> => {
  const broker = await startBroker(folder, archiving);
  try {
    const from = performance.now();
    await eventually(
      'all is archived',
      () => archivedThrough(broker),
      (through) => through === count,
      900_000,
    );
    print('archived', `${perSecond(count, performance.now() - from)} records/s`);
  } finally {
    await broker.stop();
  }
};

/** @param count how many records of 300 bytes, with headers. */
export const measureBroker = async (count: number): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-archive-'));
  try {
    const first = await startBroker(folder, live);
    let atFirst: Backfill;
    try {
      const from = performance.now();
      await fill(first, count);
      print(
        `${count.toLocaleString('en')} records appended`,
        `${perSecond(count, performance.now() - from)} records/s`,
      );
      atFirst = await backfill(first, count);
    } finally {
      await first.stop();
    }
    print('fetched while they are live', speedOf(count, atFirst));
    await archiveAll(folder, count);
    const second = await startBroker(folder, live);
    try {
      const archived = await backfill(second, count);
      const [wall, cpu] = [atFirst.wallMs / archived.wallMs, atFirst.cpuMs / archived.cpuMs];
      print('fetched from the archive', speedOf(count, archived));
      print('  of the speed of live records', `${wall.toFixed(2)}; by CPU ${cpu.toFixed(2)}`);
    } finally {
      await second.stop();
    }
    await readMuch(folder, count);
    await readMuch(folder, count, smallHeapMegabytes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
