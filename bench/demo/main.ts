/**
 * `npm run demo`: a broker in a temporary folder, 329 real webhook payloads put in, and a receiver that verifies every
 * signature and fails a fifth of the requests. Ends with a table, and with 1 when anything is missing, altered or out
 * of order.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRuntime } from '../../lib/local/runtime.ts';
import type { Random } from '../../lib/surroundings/random.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { Client } from '../../test/end-to-end/client.ts';
import { type Reaction, Receiver } from '../../test/end-to-end/receiver.ts';
import { seededRandom } from '../../test/simulation/scheduler.ts';
import { payloads } from './payloads.ts';
import { Tally } from './tally.ts';

const deadlineMs = 120_000;
const topic = 'github';
const group = `/v1/topics/${topic}/groups/webhooks`;
const settings = {
  mode: 'push',
  start: 'earliest',
  delivery: { batchSize: 10, timeoutSeconds: 1, backoff: { initialSeconds: 0.1, maxSeconds: 0.5 } },
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A fifth of the requests fail: of these half are refused, and half are left without an answer. */
const reaction = (random: Random): Reaction => {
  const chance = random.number();
  if (chance >= 0.2) return 204;
  return chance < 0.1 ? 'silence' : 500;
};

const subscribe = async (client: Client, receiver: Receiver, tally: Tally, random: Random) => {
  await client.ok('PUT', `/v1/topics/${topic}`, { partitions: 8 });
  await client.ok('PUT', group, settings);
  const endpoint = { url: receiver.url('/hook') };
  const { secret } = await client.ok<{ secret: string }>('POST', `${group}/endpoints`, endpoint);
  return receiver.open('/hook', secret, (delivery) => {
    tally.attempted(delivery);
    const reacts = reaction(random);
    if (reacts === 204) tally.acknowledged(delivery);
    return reacts;
  });
};

/** The keys side by side, and the records of each one after the other. */
const produceAll = async (client: Client, tally: Tally): Promise<void> => {
  const keys = Map.groupBy(payloads, ({ key }) => key);
  const produceKey = async (own: typeof payloads): Promise<void> => {
    for (const [place, payload] of own.entries()) {
      const at = Date.now();
      const [result] = await client.produce(topic, [payload]);
      if (result !== undefined) tally.produced(result, { payload, place, at });
    }
  };
  await Promise.all([...keys.values()].map(produceKey));
};

const lagOf = async (client: Client): Promise<number> => {
  const { partitions } = await client.ok<{ partitions: { lag: number }[] }>('GET', group);
  return partitions.reduce((sum, { lag }) => sum + lag, 0);
};

/** One line that is written over, or where there is no terminal a line a second. */
const showProgress = (tally: Tally): { stop(): void } => {
  const { isTTY } = process.stdout;
  const show = (): void =>
    void process.stdout.write(isTTY ? `\r\x1b[K${tally.progress}` : `${tally.progress}\n`);
  const timer = setInterval(show, isTTY ? 100 : 1000);
  return {
    stop: () => {
      clearInterval(timer);
      show();
      if (isTTY) process.stdout.write('\n');
    },
  };
};

const run = async (url: string, key: string, receiver: Receiver): Promise<boolean> => {
  const tally = new Tally();
  const client = new Client(url, key);
  const { unverified } = await subscribe(client, receiver, tally, seededRandom(1));
  const deadline = Date.now() + deadlineMs;
  const progress = showProgress(tally);
  let lag: number;
  try {
    await produceAll(client, tally);
    do {
      await pause(50);
      lag = tally.delivered < payloads.length ? Number.NaN : await lagOf(client);
    } while (lag !== 0 && Date.now() < deadline);
  } finally {
    progress.stop();
  }
  const { rows, ok } = tally.result(payloads.length, await lagOf(client));
  for (const [label, value] of [...rows, ['signatures that did not verify', unverified.length] as const])
    process.stdout.write(`${label.padEnd(36)}${String(value).padStart(8)}\n`);
  const missing = tally.missing();
  if (missing.length > 0) process.stdout.write(`missing (partition/offset): ${missing.join(' ')}\n`);
  return ok && unverified.length === 0;
};

const folder = mkdtempSync(join(tmpdir(), 'millrace-demo-'));
const receiver = await Receiver.start();
const runtime = await startRuntime({ folder, port: 0, telemetry: noTelemetry });
process.stdout.write(`A broker at ${runtime.url}, a receiver at ${receiver.url('/hook')}\n`);
try {
  process.exitCode = (await run(runtime.url, runtime.adminKey, receiver)) ? 0 : 1;
} finally {
  await runtime.stop();
  await receiver.stop();
  rmSync(folder, { recursive: true, force: true });
}
