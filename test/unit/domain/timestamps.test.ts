import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTimestamp, timestampText } from '../../../lib/domain/text/timestamps.ts';

test.each([
  ['2024-05-01T12:00:00Z', '2024-05-01T12:00:00.000Z'],
  ['2024-05-01T12:00Z', '2024-05-01T12:00:00.000Z'],
  ['2024-05-01T12:00:00.123456789Z', '2024-05-01T12:00:00.123Z'],
  ['2024-05-01T01:00:00+02:00', '2024-04-30T23:00:00.000Z'],
  ['2024-05-01T23:30:00-01:30', '2024-05-02T01:00:00.000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
])('%s is %s', (text, expected) => {
  const ms = parseTimestamp(text);
  expect(ms === undefined ? ms : timestampText(ms)).toBe(expected);
});

test.each([
  '',
  '2024-05-01',
  '2024-05-01T12:00:00',
  '2024-05-01 12:00:00Z',
  '2024-05-01t12:00:00z',
  '2024-5-1T12:00:00Z',
  '2024-13-01T12:00:00Z',
  '2024-00-01T12:00:00Z',
  '2024-05-00T12:00:00Z',
  '2024-05-32T12:00:00Z',
  '2023-02-29T12:00:00Z',
  '2024-04-31T12:00:00Z',
  '2024-05-01T25:00:00Z',
  '2024-05-01T12:60:00Z',
  '2024-05-01T12:00:60Z',
  '2024-05-01T12:00:00+0200',
  '2024-05-01T12:00:00+24:00',
  '2024-05-01T12:00:00,5Z',
  '0000-12-31T23:00:00Z',
  '9999-12-31T23:59:59-01:00',
  '0001-01-01T00:00:00+01:00',
  '+012024-05-01T12:00:00Z',
  '1714564800000',
  'Wed, 01 May 2024 12:00:00 GMT',
  '2024-05-01T12:00:00Z\n',
])('%j is no time', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

test('what is written is read back, in all the years that there are', () => {
  const times = fc.integer({
    min: Date.parse('0001-01-01T00:00:00Z'),
    max: Date.parse('9999-12-31T23:59:59.999Z'),
  });
  fc.assert(fc.property(times, (ms) => parseTimestamp(timestampText(ms)) === ms));
});

test('times that come in turn are each written as themselves', () => {
  const few = fc.array(fc.constantFrom(0, 1, 1000, -1), { maxLength: 12 });
  fc.assert(
    fc.property(few, (times) => {
      expect(times.map(timestampText)).toEqual(times.map((ms) => new Date(ms).toISOString()));
    }),
  );
});
