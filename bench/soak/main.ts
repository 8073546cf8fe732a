/**
 * `npm run bench:soak -- --minutes 60`: what the memory of a broker does under a low load that goes on: half the time
 * small requests, half the time requests of 4 MB, fetches and deliveries beside both. Prints a line for each sample, and
 * after each half what is left when everything that nobody refers to has been collected.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from '../../test/end-to-end/client.ts';
import { startOptions } from '../../test/local/start-command.ts';
import { Endpoint } from '../delivery/endpoint.ts';
import { load, partitions, type Size } from './load.ts';
import type { Memory, Ready } from './messages.ts';

const samplesOfHalf = 10;
const topic = 'soak';
const group = `/v1/topics/${topic}/groups/hooks`;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const memoryOf = async (broker: ChildProcess, collect: boolean): Promise<Memory> => {
  const answered = once(broker, 'message');
  broker.send({ collect });
  const [memory] = (await answered) as [Memory];
  return memory;
};

const columns = ['rss', 'files', 'heapUsed', 'heapTotal', 'external', 'arrayBuffers'] as const;
const row = (cells: readonly string[]): void =>
  void process.stdout.write(`${cells.map((cell, at) => cell.padStart(at === 0 ? 24 : 13)).join('')}\n`);
const show = (what: string, requests: number, memory: Memory): void =>
  row([what, String(requests), ...columns.map((name) => `${(memory[name] / 2 ** 20).toFixed(1)} MB`)]);

/** Until everything is delivered, or a minute has passed. */
const delivered = async (client: Client): Promise<void> => {
  for (let looks = 0; looks < 60; looks += 1) {
    const { status, body } = await client.call('GET', group);
    if (
      status === 200 &&
      (body as { partitions: { lag: number }[] }).partitions.every(({ lag }) => lag === 0)
    )
      return;
    await pause(1000);
  }
};

/** One half of the soak. */
const soak = async (broker: ChildProcess, client: Client, size: Size, ms: number): Promise<void> => {
  const under = load(client, topic, size);
  const began = performance.now();
  for (let sample = 1; sample <= samplesOfHalf; sample += 1) {
    await pause(Math.max(0, began + (ms * sample) / samplesOfHalf - performance.now()));
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    show(`${size}, ${minutes} min`, under.tally.done, await memoryOf(broker, false));
  }
  await under.stop();
  if (under.tally.failed > 0) process.stdout.write(`${under.tally.failed} requests were not answered 200.\n`);
  await delivered(client);
  show(`${size}, over`, under.tally.done, await memoryOf(broker, false));
  show(`${size}, collected`, under.tally.done, await memoryOf(broker, true));
  // What the collector has emptied it gives back to the system when the process is idle.
  await pause(5000);
  show(`${size}, idle`, under.tally.done, await memoryOf(broker, true));
};

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 24 * 60)) throw new Error('--minutes takes a number above 0, 1440 at most.');

const folder = mkdtempSync(join(tmpdir(), 'millrace-soak-'));
const endpoint = await Endpoint.start();
const broker = fork(new URL('broker.ts', import.meta.url), [folder], {
  execArgv: [...startOptions(), '--expose-gc'],
});
try {
  const [{ url, key }] = (await once(broker, 'message')) as [Ready];
  const client = new Client(url, key);
  await client.ok('PUT', `/v1/topics/${topic}`, { partitions });
  await client.ok('PUT', group, { mode: 'push', start: 'earliest' });
  await client.ok('POST', `${group}/endpoints`, { url: endpoint.url });
  row(['', 'requests', ...columns]);
  show('at its start', 0, await memoryOf(broker, true));
  for (const size of ['small', 'large'] as const) await soak(broker, client, size, minutes * 30_000);
  process.stdout.write(`${endpoint.acknowledged} records were delivered.\n`);
} finally {
  const ended = once(broker, 'exit');
  if (broker.exitCode === null && broker.kill('SIGTERM')) await ended;
  await endpoint.stop();
  rmSync(folder, { recursive: true, force: true });
}
