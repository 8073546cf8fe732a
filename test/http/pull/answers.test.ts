import { describe, expect, test } from 'vitest';
import { createHttpHandler } from '../../../functions/http-events.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { recordBytes } from '../../../lib/domain/records/encoding.ts';
import type { LogRecord } from '../../../lib/domain/records/records.ts';
import type { HandedOut, Polled } from '../../../lib/groups/pull/requests.ts';
import { recordOf } from '../../harness/records.ts';
import { gatewayEvent } from '../alike/gateway.ts';
import { request } from '../alike/table.ts';
import { codings, expanded } from '../bodies/codings.ts';
import { groupPath, newRoom } from './room.ts';

const at = Date.UTC(2026, 2, 1);

const record = (offset: number, given: Parameters<typeof recordOf>[0], partition = 0): LogRecord => ({
  ...recordOf(given),
  partition,
  offset,
  timestamp: at,
  appendedAt: at,
});

/** A room in which every poll is answered so. */
const answering = (polled: Partial<Polled>) => {
  const whole = {
    records: [],
    assignment: [],
    epochs: new Map(),
    unacknowledged: [],
    leaseUntil: at,
    ackUntil: at,
    ...polled,
  };
  return newRoom({
    replace: ({ pulls }) => ({ pulls: { ...pulls, poll: () => Promise.resolve(whole) } as never }),
  });
};

const asFunction = async (polled: Partial<Polled>, encoding = 'identity') => {
  const { world } = await answering(polled);
  const headers = [['Accept-Encoding', encoding]] as const;
  const arrived = gatewayEvent(request(`POST ${groupPath}/poll`, { headers, body: '{"consumerId":"a"}' }));
  if (arrived === undefined) throw new Error('The gateway would answer by itself.');
  const handle = createHttpHandler({ app: world.apps.pull, telemetry: { flush: () => undefined } });
  return handle(arrived.event, { getRemainingTimeInMillis: () => 60_000 });
};

/** As much as a poll may bring: of most records, with the longest names beside them. */
const largest = (): Partial<Polled> => {
  const topic = 't'.repeat(limits.nameLength);
  const value = (bytes: number): string => 'é'.repeat(bytes / 2);
  const one = (offset: number): LogRecord => ({
    ...record(offset, { value: value(4100), key: 'k' }, 1023),
    offset: Number.MAX_SAFE_INTEGER - offset,
    appendedAt: at + 1,
  });
  const records: HandedOut[] = [];
  for (let bytes = 0; records.length < limits.pollRecords; ) {
    const next = one(records.length);
    bytes += recordBytes(next);
    if (bytes > limits.pollBytes) break;
    records.push({ record: next, topic, deliveries: limits.maxDeliveries });
  }
  const assignment = Array.from({ length: limits.partitionsPerTopic }, (_, partition) => partition);
  const epochs = new Map(assignment.map((partition) => [partition, Number.MAX_SAFE_INTEGER]));
  return { records, assignment, epochs };
};

describe('a poll is answered', () => {
  test('with where each record comes from in a redrive, and how often it was handed out', async () => {
    const { ask } = await answering({
      records: [
        { record: record(0, { value: 1 }), deliveries: 3 },
        {
          record: record(7, { key: 'k', value: { a: '"' } }, 2),
          topic: 'orders.workers.dead',
          deliveries: 1,
        },
        { record: record(9, { value: null }) },
      ],
      epochs: new Map([[2, 5]]),
      assignment: [2],
      ackUntil: at + 1,
    });
    const timestamp = '2026-03-01T00:00:00.000Z';
    expect((await ask('poll', { consumerId: 'a' })).json).toEqual({
      records: [
        { partition: 0, offset: 0, timestamp, value: 1, deliveries: 3 },
        {
          partition: 2,
          offset: 7,
          timestamp,
          key: 'k',
          value: { a: '"' },
          topic: 'orders.workers.dead',
          deliveries: 1,
        },
        { partition: 0, offset: 9, timestamp, value: null },
      ],
      assignment: [2],
      epochs: { 2: 5 },
      leaseUntil: timestamp,
      ackUntil: '2026-03-01T00:00:00.001Z',
    });
  });

  test('with what a poll could not acknowledge, where there is such', async () => {
    const { ask } = await answering({ unacknowledged: [3, 4] });
    expect((await ask('poll', { consumerId: 'a' })).json).toMatchObject({ unacknowledged: [3, 4] });
    const others = await answering({ unacknowledged: [] });
    expect((await others.ask('poll', { consumerId: 'a' })).json).not.toHaveProperty('unacknowledged');
  });

  test('with no more than a function may give, as much as it may bring', async () => {
    const polled = largest();
    expect(polled.records).toHaveLength(limits.pollRecords);
    const result = await asFunction(polled);
    expect(result).toMatchObject({ statusCode: 200, isBase64Encoded: true });
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(limits.functionAnswerBytes);
    const { records } = JSON.parse(Buffer.from(result.body, 'base64').toString()) as { records: unknown[] };
    expect(records).toHaveLength(limits.pollRecords);
  });

  test.each(codings)('with the same bytes, compressed by %s where it asks for that', async (coding) => {
    const records = Array.from({ length: 100 }, (_, offset) => ({
      record: record(offset, { value: `n${offset}` }),
    }));
    const plain = await asFunction({ records });
    const compressed = await asFunction({ records }, coding);
    expect(compressed.headers).toMatchObject({ 'content-encoding': coding, vary: 'accept-encoding' });
    expect(plain.headers).toMatchObject({ vary: 'accept-encoding' });
    expect(expanded[coding](Buffer.from(compressed.body, 'base64')).toString()).toBe(plain.body);
    expect(compressed.body.length).toBeLessThan(plain.body.length / 4);
  });
});
