import { describe, expect, it } from 'vitest';
import { expressionInput } from '../../../../lib/delivery/filtering/input.ts';
import { jsonText } from '../../../../lib/domain/json/text.ts';

const place = { partition: 1, offset: 2, timestamp: 0, appendedAt: 0 };
const given = (record: object): unknown => JSON.parse(expressionInput('orders', { ...place, ...record }));
const bytes = (text: string): string => Buffer.from(text).toString('base64');

describe('what an expression is given of a record', () => {
  it('is the record as a message shows it, and its topic', () => {
    const record = { key: 'k', valueJson: jsonText({ a: 1 }), headersJson: jsonText({ h: 'x' }) };
    expect(given(record)).toEqual({
      topic: 'orders',
      partition: 1,
      offset: 2,
      timestamp: '1970-01-01T00:00:00.000Z',
      key: 'k',
      value: { a: 1 },
      headers: { h: 'x' },
    });
  });

  it.each([
    ['JSON', '{"a": 1}', { a: 1 }],
    ['another text', 'no json', 'no json'],
    ['a text with what JSON escapes', '"\n', '"\n'],
    ['nothing', '', ''],
  ])('has bytes that are %s as the value', (_what, text, value) => {
    expect(given({ valueBase64: bytes(text) })).toMatchObject({ value });
    expect(given({ valueBase64: bytes(text) })).not.toHaveProperty('valueBase64');
  });

  it('has bytes that are no text as they are', () => {
    expect(given({ valueBase64: '/w==' })).toMatchObject({ valueBase64: '/w==' });
    expect(given({ valueBase64: '/w==' })).not.toHaveProperty('value');
  });
});
