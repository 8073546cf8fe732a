/**
 * `npm run bench:json`: for how long requests of five megabytes hold up a process, by what they are made of, and what its
 * memory is while many of them go through the produce route. Times are CPU ms of the thread, the shortest of several, beside
 * those of JSON.parse, since the machine may be busy. `--requests` says how many requests follow (200).
 */

import { isUtf8 } from 'node:buffer';
import { parseArgs } from 'node:util';
import { Problem } from '../../lib/domain/errors.ts';
import { decodeBatch } from '../../lib/domain/records/encoding.ts';
import { recordJson } from '../../lib/domain/records/records.ts';
import { escapedBytes } from '../../lib/http/bytes/event-room.ts';
import { produceApp } from '../../lib/http/produce.ts';
import { parseProduceRequest } from '../../lib/http/schemas/records.ts';
import { payloadOf } from '../../lib/log/append/waiting.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { seededRandom } from '../../test/simulation/scheduler.ts';
import { bodies } from './bodies.ts';

const runs = 5;

const row = (label: string, cells: readonly (string | number)[]): void =>
  void process.stdout.write(
    `${label.padEnd(26)}${cells.map((cell) => String(cell).padStart(12)).join('')}\n`,
  );

/** What `run` gives, undefined when it refuses, and the shortest time that it took. */
const timed = <T>(run: () => T): { readonly ms: number; readonly result: T | undefined } => {
  let ms = Number.POSITIVE_INFINITY;
  let result: T | undefined;
  for (let count = 0; count < runs; count += 1) {
    const from = process.threadCpuUsage();
    try {
      result = run();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
    const { user, system } = process.threadCpuUsage(from);
    ms = Math.min(ms, (user + system) / 1000);
  }
  return { ms, result };
};

/** Reads, encodes, decodes and answers one body, and gives the time for reading it. */
const measure = (label: string, body: string): number => {
  const bytes = Buffer.from(body);
  const scan = timed(() => {
    escapedBytes(bytes);
    return isUtf8(bytes) ? parseProduceRequest(bytes) : undefined;
  });
  const parse = timed(() => JSON.parse(bytes.toString()));
  const cells = [(bytes.length / 2 ** 20).toFixed(2), parse.ms.toFixed(0), scan.ms.toFixed(0)];
  const records = scan.result?.records.map(({ record }) => record);
  if (records !== undefined) {
    const encode = timed(() => payloadOf(records));
    const { data, bytes: stored = 0 } = encode.result ?? {};
    cells.push(encode.ms.toFixed(0));
    if (data !== undefined && stored > 0) {
      const batch = { base: 0, count: records.length, data, writeId: data, appendedAt: 0, bytesBefore: 0 };
      const decode = timed(() => decodeBatch(batch, 0).records);
      const answer = timed(() => Buffer.from(`[${(decode.result ?? []).map(recordJson).join(',')}]`));
      cells.push(decode.ms.toFixed(0), answer.ms.toFixed(0));
    }
  }
  row(label, cells);
  return scan.ms;
};

/** The produce route on a topic of one partition, which takes everything and keeps nothing. */
const app = () => {
  const key = { keyId: 'k', name: 'k', hash: '', scopes: ['produce'], createdAt: 0 } as const;
  const topic = {
    name: 'a',
    topicId: 'a',
    partitions: 1,
    retentionHours: null,
    archive: false,
    createdAt: 0,
    version: 1,
  };
  const resolve = () => Promise.resolve(topic);
  return produceApp({
    authenticator: { authenticate: () => Promise.resolve(key) },
    directory: { resolve, resolveAgain: resolve },
    appender: {
      append: (_at, records) => {
        payloadOf(records);
        return Promise.resolve({ base: 0, appendedAt: 0 });
      },
    },
    sticky: { next: () => 0 },
    intents: { find: () => Promise.resolve(undefined) },
    schemas: { get: () => Promise.resolve(undefined) },
    clock: systemClock,
    quotas: { meterOf: () => undefined },
    random: seededRandom(1),
    telemetry: noTelemetry,
  });
};

const megabytes = (): number => Math.round(process.memoryUsage().rss / 2 ** 20);

const residentWhile = async (requests: number): Promise<void> => {
  const api = app();
  const texts = Object.values(bodies).map((make) => Buffer.from(make()));
  const headers = { authorization: 'Bearer k', 'content-type': 'application/json' };
  const step = Math.max(1, Math.floor(requests / 10));
  row('requests', ['RSS, MiB']);
  for (let count = 0; count <= requests; count += 1) {
    if (count % step === 0) row(String(count), [megabytes()]);
    const body = texts[count % texts.length] ?? '';
    await (await api.request('/v1/topics/a/records', { method: 'POST', headers, body })).arrayBuffer();
  }
};

const { values } = parseArgs({ options: { requests: { type: 'string', default: '200' } } });
row('', ['MiB', 'JSON.parse', 'read', 'encode', 'decode', 'answer']);
const times = Object.entries(bodies).map(([label, make]) => measure(label, make()));
row('the longest', ['', '', Math.max(...times).toFixed(0)]);
await residentWhile(Number(values.requests));
