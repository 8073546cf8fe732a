import { describe, expect, test } from 'vitest';
import type { Polled } from '../../../lib/groups/pull/requests.ts';
import type { PullRouteDeps } from '../../../lib/http/routes/pull.ts';
import { newRoom } from './room.ts';

type Pulls = PullRouteDeps['pulls'];

const nothing: Polled = {
  records: [],
  assignment: [],
  epochs: new Map(),
  unacknowledged: [],
  leaseUntil: 0,
  ackUntil: 0,
};

/** A room whose groups only write down what they are asked. */
const recorded = async () => {
  const calls: unknown[] = [];
  const note =
    <Answer>(method: keyof Pulls, answer: Answer) =>
    (_topic: unknown, group: string, request: unknown): Promise<Answer> => {
      const { signal: _ends, ...given } =
        typeof request === 'string' ? { consumerId: request } : Object(request);
      calls.push([method, group, given]);
      return Promise.resolve(answer);
    };
  const pulls: Pulls = {
    poll: note('poll', nothing),
    acknowledge: note('acknowledge', undefined),
    giveBack: note('giveBack', undefined),
    leave: note('leave', undefined),
  };
  return { ...(await newRoom({ replace: () => ({ pulls }) })), calls };
};

const consumerId = 'a';
const map = (entries: Readonly<Record<number, number>>): ReadonlyMap<number, number> =>
  new Map(Object.entries(entries).map(([key, value]) => [Number(key), value]));
const standard = { consumerId, maxRecords: 100, maxBytes: 4 * 1024 * 1024, waitMs: 0 };
const ranges = [
  { partition: 0, offset: 3 },
  { partition: 1, from: 2, to: 7, outcome: 'nack', delaySeconds: 0.25 },
  { partition: 2, offset: 0, outcome: 'extend', topic: 'orders.workers.dead' },
  { partition: 3, offset: 0, outcome: 'ack' },
  { partition: 4, offset: 0, outcome: 'nack' },
];
const taken = (outcome: string, delayMs?: number) => [
  { partition: 0, from: 3, to: 4, outcome, ...(delayMs !== undefined && outcome === 'nack' && { delayMs }) },
  { partition: 1, from: 2, to: 7, outcome: 'nack', delayMs: 250 },
  { partition: 2, from: 0, to: 1, outcome: 'extend', topic: 'orders.workers.dead' },
  { partition: 3, from: 0, to: 1, outcome: 'ack' },
  { partition: 4, from: 0, to: 1, outcome: 'nack', ...(delayMs !== undefined && { delayMs }) },
];

describe('what a consumer asks is what its group is asked', () => {
  test.each([
    ['poll', {}, 'poll', standard],
    [
      'poll',
      { maxRecords: 1000, maxBytes: 1, waitSeconds: 1.5, epochs: { 0: 1, 1023: 2 }, positions: { 1023: 5 } },
      'poll',
      {
        ...standard,
        maxRecords: 1000,
        maxBytes: 1,
        waitMs: 1500,
        epochs: map({ 0: 1, 1023: 2 }),
        positions: map({ 1023: 5 }),
      },
    ],
    ['poll', { ack: { offsets: { 0: 1 } } }, 'poll', { ...standard, ack: { offsets: map({ 0: 1 }) } }],
    ['poll', { ack: { records: [] } }, 'poll', { ...standard, ack: { records: [] } }],
    ['poll', { ack: { records: ranges } }, 'poll', { ...standard, ack: { records: taken('ack') } }],
    ['ack', { offsets: {} }, 'acknowledge', { consumerId, ack: { offsets: map({}) } }],
    [
      'ack',
      { offsets: { 0: 1, 7: 9007199254740991 }, epochs: { 7: 2 } },
      'acknowledge',
      { consumerId, ack: { offsets: map({ 0: 1, 7: 9007199254740991 }) }, epochs: map({ 7: 2 }) },
    ],
    ['ack', { records: ranges }, 'acknowledge', { consumerId, ack: { records: taken('ack') } }],
    ['nack', { offsets: { 0: 1 } }, 'giveBack', { consumerId, offsets: map({ 0: 1 }), delayMs: 0 }],
    [
      'nack',
      { offsets: { 0: 1 }, delaySeconds: 43200, epochs: { 0: 4 } },
      'giveBack',
      { consumerId, offsets: map({ 0: 1 }), delayMs: 43_200_000, epochs: map({ 0: 4 }) },
    ],
    [
      'nack',
      { offsets: { 0: 1 }, delaySeconds: 1.0015 },
      'giveBack',
      { consumerId, offsets: map({ 0: 1 }), delayMs: 1002 },
    ],
    ['nack', { records: ranges }, 'acknowledge', { consumerId, ack: { records: taken('nack', 0) } }],
    [
      'nack',
      { records: ranges, delaySeconds: 10 },
      'acknowledge',
      { consumerId, ack: { records: taken('nack', 10_000) } },
    ],
    ['leave', {}, 'leave', { consumerId }],
  ] as const)('%s %j', async (verb, body, method, asked) => {
    const { ask, calls } = await recorded();
    expect((await ask(verb, { consumerId, ...body })).status).toBe(verb === 'poll' ? 200 : 204);
    expect(calls).toEqual([[method, 'workers', asked]]);
  });
});
