import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemBytes, writeUnits } from '../../../bench/append/item-size.ts';
import { jsonText } from '../../../lib/domain/json/text.ts';
import { encodeRecords } from '../../../lib/domain/records/encoding.ts';
import { originOf, originText, parseOrigin } from '../../../lib/domain/records/origin.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${parentId}-01`;

describe("a call's traceparent", () => {
  it.each([traceparent, `00-${traceId}-${parentId}-00`, `cc-${traceId}-${parentId}-ff`])(
    'is kept when the W3C would take it: %s',
    (valid) => {
      expect(originOf('r1', valid)).toEqual({ requestId: 'r1', traceparent: valid });
    },
  );

  it.each([
    '',
    'trace',
    `ff-${traceId}-${parentId}-01`,
    `00-${'0'.repeat(32)}-${parentId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
    `00-${traceId}-${parentId}`,
    `00-${traceId}-${parentId}-01-more`,
    ` ${traceparent}`,
    `${traceparent}\nx-injected: 1`,
    `${traceparent}, ${traceparent}`,
  ])('is left out when it is not one: %j', (invalid) => {
    expect(originOf('r1', invalid)).toEqual({ requestId: 'r1' });
  });
});

describe('an origin', () => {
  it('comes back from its text', () => {
    const requestId = fc.stringMatching(/^[\x21-\x7e]{1,64}$/);
    fc.assert(
      fc.property(requestId, fc.boolean(), (id, traced) => {
        const origin = originOf(id, traced ? traceparent : undefined);
        expect(origin && parseOrigin(originText(origin))).toEqual({
          requestId: id,
          ...(traced && { traceparent }),
        });
      }),
    );
  });

  it('is none where the id of the call cannot be stored', () => {
    for (const id of ['', 'a b', 'ü', 'r\n', 'x'.repeat(65)])
      expect(originOf(id, traceparent)).toBeUndefined();
    expect(parseOrigin('')).toBeUndefined();
  });

  it('leaves a record of 300 bytes in one write unit, and counts where records are compressed', () => {
    const origin = originOf('x'.repeat(64), traceparent);
    const itemOf = (value: string): number => {
      const data = encodeRecords([{ valueJson: jsonText(value) }], origin);
      const at = { topicId: '0123456789abcdef0123', partition: 1023 };
      const [appendedAt, bytesBefore, writeId] = [1_790_000_000_123, 2 ** 53 - 1, new Uint8Array(8)];
      const maxTimestamp = 253_402_300_799_999;
      const batch = { base: 2 ** 53 - 2, count: 1, data, writeId, appendedAt, bytesBefore, maxTimestamp };
      return itemBytes(at, { ...batch, ...(origin !== undefined && { origin }) });
    };
    expect(writeUnits(itemOf('x'.repeat(300)))).toBe(1);
    // Plain, these fit into a write unit without the origin, and with it not.
    for (const length of [810, 850, 900]) expect(writeUnits(itemOf('x'.repeat(length)))).toBe(1);
  });
});
