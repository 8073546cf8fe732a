import { describe, expect, it } from 'vitest';
import { recordJson } from '../../../lib/domain/records/records.ts';
import { recordOf } from '../../harness/records.ts';

const place = { partition: 2, offset: 7, timestamp: 5, appendedAt: 5 };

describe('a record as it is shown', () => {
  it('has its fields in one order, and those that it has not are left out', () => {
    const given = { key: 'a"b', value: [1], headers: { h: 'x' } };
    expect(recordJson({ ...place, ...recordOf(given) })).toBe(
      '{"partition":2,"offset":7,"timestamp":"1970-01-01T00:00:00.005Z","key":"a\\"b","value":[1],"headers":{"h":"x"}}',
    );
    expect(recordJson({ ...place, valueBase64: 'AAE=' })).toBe(
      '{"partition":2,"offset":7,"timestamp":"1970-01-01T00:00:00.005Z","valueBase64":"AAE="}',
    );
  });

  it('says when it was appended where that is not its timestamp', () => {
    expect(recordJson({ ...place, appendedAt: 1000, valueBase64: '' })).toBe(
      '{"partition":2,"offset":7,"timestamp":"1970-01-01T00:00:00.005Z","appendedAt":"1970-01-01T00:00:01.000Z","valueBase64":""}',
    );
  });
});
