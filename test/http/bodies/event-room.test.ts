import { describe, expect, test } from 'vitest';
import { limits } from '../../../lib/domain/limits.ts';
import { requireEventRoom } from '../../../lib/http/bytes/event-room.ts';
import { gatewayEvent } from '../alike/gateway.ts';
import { request } from '../alike/table.ts';

/** Lambda's own words: "Request must be smaller than 6291556 bytes for the InvokeFunction operation". */
const lambdaTakes = 6_291_556;

const contentTypes = [
  'application/json; charset=utf-8',
  'application/x-ndjson',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
  'application/xml',
  'text/csv',
  'application/octet-stream',
  '',
];

/** One byte more than any request may have, of which each body is the beginning. */
const contents: readonly (readonly [string, Buffer])[] = [
  ['letters', Buffer.alloc(limits.requestBytes + 1, 'a')],
  ['line breaks and backslashes', Buffer.alloc(limits.requestBytes + 1, '\n\\')],
  ['control characters', Buffer.alloc(limits.requestBytes + 1, '\u0001')],
  ['JSON in lines', Buffer.alloc(limits.requestBytes + 1, '{"value":{"note":"\\"x\\"","a":"é"}}\n')],
];

const isTaken = (bytes: Buffer, contentType: string, isCompressed: boolean): boolean => {
  try {
    requireEventRoom({ bytes, contentType, isCompressed });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'too_large', details: { members: { limit: 'eventBodyBytes' } } });
    return false;
  }
};

/** The largest body that is taken, by halving. */
const largest = (content: Buffer, contentType: string, isCompressed: boolean): Buffer => {
  let [fits, fitsNot] = [0, content.byteLength];
  while (fitsNot - fits > 1) {
    const middle = Math.floor((fits + fitsNot) / 2);
    if (isTaken(content.subarray(0, middle), contentType, isCompressed)) fits = middle;
    else fitsNot = middle;
  }
  return content.subarray(0, fits);
};

/** As much head as there may be, of quotes, which the event has twice and escaped. */
const head = [
  ['X-Long', '"'.repeat(4_000)],
  ['Cookie', `a=${'"'.repeat(3_000)}`],
] as const;

const eventOf = (body: Buffer, contentType: string, encoding?: string): string =>
  JSON.stringify(
    gatewayEvent(
      request(`POST /v1/topics/orders/records?${'x=%22&'.repeat(300)}`, {
        body,
        headers: [
          ['Content-Type', contentType],
          ...(encoding === undefined ? [] : [['Content-Encoding', encoding] as const]),
          ...head,
        ],
      }),
    )?.event,
  );

describe('the largest body that is taken fits the event of a function', () => {
  test.each(
    contentTypes.flatMap((type) => contents.map(([what, content]) => [type, what, content] as const)),
  )('of "%s", made of %s', (contentType, _what, content) => {
    const body = largest(content, contentType, false);
    const event = Buffer.byteLength(eventOf(body, contentType));
    expect(event).toBeLessThan(lambdaTakes);
    // And no more than the room for the rest of the event is left over, unless requestBytes ends it before.
    if (body.byteLength < limits.requestBytes - 1) expect(event).toBeGreaterThan(lambdaTakes - 70_000);
  });

  test.each(['application/x-ndjson', 'application/vnd.millrace+json'])(
    'of "%s", compressed',
    (contentType) => {
      const body = largest(Buffer.alloc(limits.requestBytes, 0xff), contentType, true);
      expect(body.byteLength).toBe(4_669_515);
      expect(Buffer.byteLength(eventOf(body, contentType, 'gzip'))).toBeLessThan(lambdaTakes);
    },
  );
});

test('what does not fit is refused with the limit, and with how much can be sent', () => {
  expect(() =>
    requireEventRoom({ bytes: Buffer.alloc(4_669_516), contentType: 'image/png', isCompressed: false }),
  ).toThrow(/6226024 bytes in the event .* 4669515 bytes can be sent.* eventBodyBytes.* compressed/);
});
