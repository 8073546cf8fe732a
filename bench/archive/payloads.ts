import { jsonText } from '../../lib/domain/json/text.ts';
import type { LogRecord, NewRecord } from '../../lib/domain/records/records.ts';
import { seededRandom } from '../../test/simulation/scheduler.ts';
import { orderEvent } from '../append/records.ts';
import { payloads } from '../demo/payloads.ts';

const startMs = Date.UTC(2026, 0, 1);
const recordBytes = 300;
const customers = 20_000;
/** Records of a batch, which have one time of append, and how long after the one before it comes. */
const batchRecords = 50;
const batchMs = 120;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Gives records one after the other, in order of offset. */
export type Source = (count: number) => LogRecord[];

const placed = (record: NewRecord, offset: number, sentMs: number): LogRecord => {
  const appendedAt = startMs + batchMs * Math.floor(offset / batchRecords);
  return { ...record, partition: 0, offset, timestamp: appendedAt - sentMs, appendedAt };
};

/** Events of a shop of 300 bytes each, with a customer as key; with headers, two more that say where they came from. */
export const orders = (withHeaders: boolean): Source => {
  const random = seededRandom(1);
  let next = 0;
  const one = (): LogRecord => {
    const offset = next++;
    const event = orderEvent(random, offset, startMs + offset * 2, recordBytes);
    const key = `customer-${Math.floor(random.number() * customers)}`;
    const headers = { source: random.number() < 0.5 ? 'web' : 'app', trace: hex(random.bytes(8)) };
    const given = { ...event, key, ...(withHeaders && { headersJson: jsonText(headers) }) };
    return placed(given, offset, Math.floor(random.number() * 40));
  };
  return (count) => Array.from({ length: count }, one);
};

/** The examples of GitHub's webhooks, each once. */
export const webhooks = (): readonly LogRecord[] =>
  payloads.map(({ key, value, headers }, offset) =>
    placed({ key, valueJson: jsonText(value), headersJson: jsonText(headers) }, offset, 0),
  );

/** The same again and again. */
export const repeatedWebhooks = (): Source => {
  const given = webhooks();
  let next = 0;
  return (count) =>
    Array.from({ length: count }, () => {
      const offset = next++;
      return { ...(given[offset % given.length] as LogRecord), offset };
    });
};
