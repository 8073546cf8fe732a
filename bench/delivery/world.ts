import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRuntime } from '../../lib/local/runtime.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { Client } from '../../test/end-to-end/client.ts';
import { Endpoint } from './endpoint.ts';
import type { Latencies } from './report.ts';

/** More than the broker gives places to one group, and all neighbours' more than it has. */
const neighbourPartitions = 80;
/** Records of a request, each for another partition. */
const requestRecords = 10;
const neighbourTopics = ['neighbour-0', 'neighbour-1', 'neighbour-2'] as const;
const healthy = 'healthy';
const healthyPartitions = 4;
/** Records a second of the healthy topic. */
const rate = 10;
const roundMs = 3000;
/** Neighbours hold all that they are let when they have held as much for this long. It is not waited for without end. */
const settledMs = 1000;
const settleMs = 15_000;
/** How long an endpoint that hangs keeps a delivery: longer than a round. */
const timeoutSeconds = 30;
/** For how long the end of a round is waited for. A record that is not there then counts as never delivered. */
const lateMs = 6000;
/** For how long neighbours are given to catch up after a round. */
const catchUpMs = 3000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class Neighbour {
  readonly topic: string;
  readonly endpoint: Endpoint;
  readonly #client: Client;
  #appended = 0;

  constructor(client: Client, topic: string, endpoint: Endpoint) {
    this.#client = client;
    this.topic = topic;
    this.endpoint = endpoint;
  }

  /** One record for each of its partitions. */
  async appendEverywhere(): Promise<void> {
    for (let first = 0; first < neighbourPartitions; first += requestRecords) {
      const records = Array.from({ length: requestRecords }, (_, index) => ({
        partition: first + index,
        value: 0,
      }));
      await this.#client.produce(this.topic, records);
      this.#appended += requestRecords;
    }
  }

  /** Records that its endpoint has not acknowledged. */
  get left(): number {
    return this.#appended - this.endpoint.acknowledged;
  }
}

/** Waits until `left` gives 0, for `withinMs` at most. */
const emptied = async (left: () => number, withinMs: number): Promise<void> => {
  const deadline = performance.now() + withinMs;
  while (left() > 0 && performance.now() < deadline) await pause(50);
};

/** `count` calls of `call`, one every `everyMs`, whether or not the ones before have ended. */
const paced = async (count: number, everyMs: number, call: () => Promise<void>): Promise<void> => {
  const begun = performance.now();
  const calls: Promise<void>[] = [];
  for (let done = 0; done < count; done += 1) {
    await pause(Math.max(0, begun + done * everyMs - performance.now()));
    calls.push(call());
  }
  await Promise.all(calls);
};

const unchanged = async (count: () => number): Promise<void> => {
  const deadline = performance.now() + settleMs;
  let [seen, since] = [count(), performance.now()];
  while (performance.now() < Math.min(deadline, since + settledMs)) {
    await pause(50);
    if (count() !== seen) [seen, since] = [count(), performance.now()];
  }
};

const subscribe = async (
  client: Client,
  topic: string,
  partitions: number,
  endpoint: Endpoint,
): Promise<void> => {
  const group = `/v1/topics/${topic}/groups/g`;
  await client.ok('PUT', `/v1/topics/${topic}`, { partitions });
  const delivery = { timeoutSeconds, backoff: { initialSeconds: 0.1, maxSeconds: 0.2 } };
  await client.ok('PUT', group, { mode: 'push', start: 'earliest', delivery });
  await client.ok('POST', `${group}/endpoints`, { url: endpoint.url });
};

/** A broker in a temporary folder, a healthy group, and three neighbours of many partitions, each with an endpoint. */
export const startWorld = async () => {
  const sent: number[] = [];
  const latencies: number[] = [];
  const received = (value: unknown): void => {
    const number = Number(value);
    latencies[number] ??= performance.now() - (sent[number] ?? Number.NaN);
  };
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const runtime = await startRuntime({ folder, port: 0, telemetry: noTelemetry });
  const client = new Client(runtime.url, runtime.adminKey);
  const endpoint = await Endpoint.start(received);
  await subscribe(client, healthy, healthyPartitions, endpoint);
  const neighbours: Neighbour[] = [];
  for (const topic of neighbourTopics) {
    const neighbour = new Neighbour(client, topic, await Endpoint.start());
    await subscribe(client, topic, neighbourPartitions, neighbour.endpoint);
    neighbours.push(neighbour);
  }

  const appendOne = async (): Promise<void> => {
    const number = sent.push(performance.now()) - 1;
    await client.produce(healthy, [{ value: number }]);
  };

  return {
    /** The latencies of the healthy group, while the endpoints of `hanging` neighbours hang. */
    round: async (hanging: number): Promise<Latencies> => {
      const stuck = neighbours.slice(0, hanging);
      for (const neighbour of stuck) {
        neighbour.endpoint.hang();
        await neighbour.appendEverywhere();
      }
      await unchanged(() => stuck.reduce((sum, { endpoint: { held } }) => sum + held, 0));

      const first = sent.length;
      await paced((rate * roundMs) / 1000, 1000 / rate, appendOne);
      const missing = () => sent.length - first - latencies.slice(first).filter(Number.isFinite).length;
      await emptied(missing, lateMs);

      for (const neighbour of stuck) await neighbour.endpoint.recover();
      // What is left on a busy machine is little, and is delivered beside the next round.
      await emptied(() => Math.max(...neighbours.map(({ left }) => left)), catchUpMs);
      return Array.from(
        { length: sent.length - first },
        (_, index) => latencies[first + index] ?? Number.POSITIVE_INFINITY,
      );
    },
    stop: async (): Promise<void> => {
      await Promise.all(
        [endpoint, ...neighbours.map((neighbour) => neighbour.endpoint)].map((each) => each.stop()),
      );
      await runtime.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
