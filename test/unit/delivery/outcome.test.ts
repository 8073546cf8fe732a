import { describe, expect, it } from 'vitest';
import { type Outcome, outcomeOf } from '../../../lib/delivery/requests/outcome.ts';
import type { Acknowledgement } from '../../../lib/domain/acknowledgements/acknowledgement.ts';

const message = {
  id: 'g1-0-40-44',
  start: 40,
  end: 44,
  records: 4,
  offsets: [40, 41, 42, 43],
  appendedAt: 0,
  body: '{}',
};
const now = Date.UTC(2026, 0, 1);

describe('a 2xx', () => {
  const outcome = (acknowledged?: Acknowledgement, status = 200): Outcome =>
    outcomeOf({ kind: 'answered', status, ...(acknowledged && { acknowledged }) }, message, now);

  it('acknowledges the whole message when it says nothing else', () => {
    for (const status of [200, 202, 204, 299])
      expect(outcome(undefined, status)).toEqual({ kind: 'acknowledged', through: 44 });
    expect(outcome({ kind: 'all' })).toEqual({ kind: 'acknowledged', through: 44 });
  });

  it.each([41, 43, 44])('acknowledges what is below %d, an offset of the message', (offset) => {
    expect(outcome({ kind: 'below', offset })).toEqual({ kind: 'acknowledged', through: offset });
  });

  it.each([
    [40, /acknowledged nothing: ack.offset is 40/],
    [39, /no offset from 41 to 44/],
    [45, /no offset from 41 to 44/],
    [-1, /no offset from 41 to 44/],
  ])('is a refusal when it acknowledges what is below %d', (offset, reason) => {
    expect(outcome({ kind: 'below', offset })).toEqual({
      kind: 'refusal',
      reason: expect.stringMatching(reason),
      status: 200,
    });
  });

  it.each([
    [[43], 43],
    [[42, 43], 42],
    [[41, 43], 41],
  ])(
    'acknowledges what is before the first record that it refused, and tells which: %j',
    (offsets, through) => {
      expect(outcome({ kind: 'failed', offsets })).toEqual({
        kind: 'acknowledged',
        through,
        failed: offsets,
      });
    },
  );

  it.each([
    [[40], /^The endpoint refused the record at offset 40\.$/],
    [[40, 41, 43], /^The endpoint refused the record at offset 40, and 2 more of the message\.$/],
  ])('is a refusal of those that it names when nothing is before them: %j', (offsets, reason) => {
    expect(outcome({ kind: 'failed', offsets })).toEqual({
      kind: 'refusal',
      reason: expect.stringMatching(reason),
      status: 200,
      failed: offsets,
    });
  });

  it.each([
    [[39], 39],
    [[41, 44], 44],
    [[-1, 41], -1],
  ])(
    'is a refusal that acknowledges nothing when it names records that the message has not: %j',
    (offsets, stranger) => {
      expect(outcome({ kind: 'failed', offsets })).toEqual({
        kind: 'refusal',
        reason: `The endpoint answered with an ack.failed that has offset ${stranger}, which the message has not.`,
        status: 200,
      });
    },
  );

  it('knows which offsets of a message are records, and which compaction took', () => {
    const compacted = { ...message, records: 3, offsets: [40, 42, 43] };
    const answer = (offsets: readonly number[]) =>
      outcomeOf({ kind: 'answered', status: 200, acknowledged: { kind: 'failed', offsets } }, compacted, now);
    expect(answer([42])).toEqual({ kind: 'acknowledged', through: 42, failed: [42] });
    expect(answer([41])).toMatchObject({ kind: 'refusal', reason: expect.stringContaining('offset 41') });
  });

  it('is a refusal that says why when its ack is not understood', () => {
    expect(outcome({ kind: 'unclear', reason: 'The endpoint said what it said.' })).toEqual({
      kind: 'refusal',
      reason: 'The endpoint said what it said.',
      status: 200,
    });
  });
});

it('no answer is an outage, with the reason of the sender', () => {
  expect(outcomeOf({ kind: 'unreachable', reason: 'Nobody is there.' }, message, now)).toEqual({
    kind: 'outage',
    reason: 'Nobody is there.',
  });
});

it.each([
  [429, 'outage', true],
  [502, 'outage', false],
  [503, 'outage', true],
  [504, 'outage', false],
  [101, 'refusal', false],
  [302, 'refusal', false],
  [400, 'refusal', false],
  [500, 'refusal', false],
] as const)('%d is a kind of %s, and may ask to wait: %s', (status, kind, waits) => {
  const outcome = outcomeOf({ kind: 'answered', status, retryAfter: '7' }, message, now);
  expect(outcome).toEqual({
    kind,
    reason: `The endpoint answered ${status}.`,
    status,
    ...(waits && { retryAfterMs: 7000 }),
  });
});

it('410 says that it is gone', () => {
  expect(outcomeOf({ kind: 'answered', status: 410 }, message, now)).toMatchObject({
    kind: 'refusal',
    gone: true,
  });
});
