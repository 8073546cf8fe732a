import { randomUUID } from 'node:crypto';
import { type Case, polledPartition, topic } from './cases.ts';
import { Connection } from './connection.ts';
import type { Server } from './server.ts';

/** What one round of a case showed. */
export interface Round {
  readonly recordsPerSecond: number;
  /** CPU time of the server for each record, µs. */
  readonly cpuMicros: number;
  /** ms, ascending. */
  readonly latencies: readonly number[];
}

const ascending = (numbers: number[]): number[] => numbers.sort((a, b) => a - b);

/** One connection of the case: sends until it is time, and tells of each answer how long it took, ms. */
const drive = async (
  { port, key }: Server,
  { method, path, bodies, headersOf }: Case,
  number: number,
  told: (ms: number) => boolean,
): Promise<void> => {
  const connection = await Connection.open(port, key);
  const requests = bodies.map((body) => connection.request(method, path, body));
  if (requests.length === 0) requests.push(connection.request(method, path));
  const headers = headersOf?.({ number, id: randomUUID() });
  const requestAt = (at: number): Buffer =>
    headers === undefined
      ? (requests[at % requests.length] ?? Buffer.of())
      : connection.request(method, path, bodies[at % bodies.length], headers(at - number));
  for (let at = number; ; at += 1) {
    const request = requestAt(at);
    const sentAt = performance.now();
    await connection.send(request);
    if (!told(performance.now() - sentAt)) break;
  }
  connection.close();
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs a case for so long, after a third of that which does not count. */
export const run = async (server: Server, measured: Case, seconds: number): Promise<Round> => {
  let latencies: number[] = [];
  let over = false;
  const told = (ms: number): boolean => {
    latencies.push(ms);
    return !over;
  };
  const driven = Promise.all(
    Array.from({ length: measured.connections }, (_, number) => drive(server, measured, number, told)),
  );
  // A failure ends the case at once.
  await Promise.race([driven, pause((seconds * 1000) / 3)]);
  const cpuBefore = await server.cpuMicros();
  const begun = performance.now();
  latencies = [];
  await Promise.race([driven, pause(seconds * 1000)]);
  const [counted, elapsed] = [latencies, (performance.now() - begun) / 1000];
  const cpu = (await server.cpuMicros()) - cpuBefore;
  latencies = [];
  over = true;
  await driven;
  const records = counted.length * measured.records;
  return {
    recordsPerSecond: records / elapsed,
    cpuMicros: cpu / records,
    latencies: ascending(counted),
  };
};

/** How long it takes from the sending of an append until the answer of a long poll that waits for it, ms, ascending. */
export const longPolls = async ({ port, key }: Server, count: number): Promise<readonly number[]> => {
  const [poller, producer] = [await Connection.open(port, key), await Connection.open(port, key)];
  const path = `${topic.path}/partitions/${polledPartition}/records`;
  const append = `{"records":[{"partition":${polledPartition},"value":1}]}`;
  const latencies: number[] = [];
  for (let from = 'latest', done = 0; done < count; done += 1) {
    const polled = poller.call('GET', `${path}?offset=${from}&waitSeconds=5`);
    // The poll has to wait before there is something.
    await pause(5);
    const sentAt = performance.now();
    const appended = producer.call('POST', `${topic.path}/records`, append);
    const { nextOffset } = JSON.parse(await polled) as { nextOffset: number };
    latencies.push(performance.now() - sentAt);
    await appended;
    from = String(nextOffset);
  }
  poller.close();
  producer.close();
  return ascending(latencies);
};
