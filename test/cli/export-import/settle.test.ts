import { describe, expect, test } from 'vitest';
import type { Broker } from '../../../cli/broker/broker.ts';
import { findStored } from '../../../cli/import/settle.ts';
import type { JsonText } from '../../../lib/domain/json/text.ts';
import { type NewRecord, recordJson } from '../../../lib/domain/records/records.ts';
import { recordOf } from '../../harness/records.ts';

const [a, b, c, other] = ['a', 'b', 'c', 'other'].map((value) => recordOf({ value })) as [
  NewRecord,
  NewRecord,
  NewRecord,
  NewRecord,
];

/** A partition of these records from offset 5 on, of which a page has two. */
const partitionOf = (records: readonly NewRecord[]): Pick<Broker, 'fetch'> => ({
  fetch: async (_topic, partition, place) => {
    const from = 'offset' in place ? place.offset : 5;
    const shown = records
      .map((record, at) => ({ timestamp: 1, appendedAt: 1, ...record, partition, offset: 5 + at }))
      .filter(({ offset }) => offset >= from)
      .slice(0, 2);
    return { records: shown.map(recordJson) as JsonText[], nextOffset: from + shown.length };
  },
});

const found = (log: readonly NewRecord[], sent: readonly NewRecord[]) =>
  findStored(partitionOf(log), 'orders', 0, sent, { from: 5, to: 5 + log.length });

describe('what was sent to offset 5, and had no answer,', () => {
  test.each([
    ['is there', [a, b, c], [a, b, c], { stored: 3, next: 8 }],
    ['is there, and more of the same file', [a, b, c], [a, b], { stored: 2, next: 7 }],
    ['is there in a part, and nothing else', [a, b], [a, b, c], { stored: 2, next: 7 }],
    ['is there behind what others wrote', [other, a, b, c], [a, b, c], { stored: 3, next: 9 }],
    ['is there behind what looks like its beginning', [a, a, b], [a, b], { stored: 2, next: 8 }],
    ['is there before what others wrote', [a, b, other], [a, b], { stored: 2, next: 7 }],
    ['is not there', [other, other], [a, b], { stored: 0, next: 7 }],
    ['is not there, but what looks like its beginning', [a, other], [a, b], { stored: 0, next: 7 }],
    ['is not there, but what looks like its beginning is last', [other, a], [a, b], { stored: 0, next: 7 }],
  ])('%s', async (_what, log, sent, expected) => {
    expect(await found(log, sent)).toEqual(expected);
  });

  test('is known by key, headers and time too, where it has one', async () => {
    const full = recordOf({ value: 1, key: 'k', headers: { a: 'b' }, timestamp: 9 });
    expect(await found([full], [full])).toEqual({ stored: 1, next: 6 });
    for (const change of [{ key: 'l' }, { timestamp: 8 }, { headersJson: '{}' as JsonText }])
      expect(await found([{ ...full, ...change }], [full])).toEqual({ stored: 0, next: 6 });
  });
});
