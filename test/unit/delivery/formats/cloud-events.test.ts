import { CloudEvent, HTTP } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../../lib/delivery/message.ts';
import { bodyText } from '../../../harness/body-text.ts';
import type { GivenRecord } from '../../../harness/records.ts';
import { composed, logged } from './composed.ts';

const event = {
  ce_specversion: '1.0',
  ce_id: 'A-1',
  ce_source: '/shop',
  ce_type: 'com.example.paid',
  ce_time: '2024-05-01T12:00:00.000Z',
};
/** What `event` is to others, but for its data. */
const attributes = {
  specversion: '1.0',
  id: 'A-1',
  source: '/shop',
  type: 'com.example.paid',
  time: '2024-05-01T12:00:00.000Z',
};
/** What a record is that came as no event, but for its data. */
const wrapped = {
  specversion: '1.0',
  id: 'orders/3/40',
  source: '/v1/topics/orders',
  type: 'millrace.record',
  time: '2026-01-01T00:00:00.000Z',
};
const bytes = Buffer.from([0, 1, 0xfe, 0xff]);

/** What the SDK makes of a message, as JSON; it leaves the decoding of headers to whoever calls it. */
const readBySdk = ({ headers, body }: Message): unknown => {
  const decoded = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      name.startsWith('ce-') ? decodeURIComponent(value) : value,
    ]),
  );
  const read = HTTP.toEvent<unknown>({ headers: decoded, body: body.length === 0 ? undefined : body });
  const events = [read].flat();
  for (const each of events) expect(new CloudEvent({ ...each }).validate()).toBe(true);
  const plain = JSON.parse(JSON.stringify(events)) as unknown[];
  return Array.isArray(read) ? plain : plain[0];
};

const json = { 'content-type': 'application/json' };
const cases: readonly (readonly [string, GivenRecord, object])[] = [
  [
    'JSON',
    { value: { a: [1, 'ä'] }, headers: { ...event, ...json } },
    { ...attributes, datacontenttype: 'application/json', data: { a: [1, 'ä'] } },
  ],
  [
    'text',
    { value: '<a b="ü"/>', headers: { ...event, 'content-type': 'application/xml' } },
    { ...attributes, datacontenttype: 'application/xml', data: '<a b="ü"/>' },
  ],
  [
    'bytes',
    { valueBase64: bytes.toString('base64'), headers: { ...event, 'content-type': 'image/png' } },
    { ...attributes, datacontenttype: 'image/png', data_base64: bytes.toString('base64') },
  ],
  [
    'no data',
    { valueBase64: '', headers: { ...event, ce_subject: 'gone' } },
    { ...attributes, subject: 'gone' },
  ],
  [
    'attributes of any characters',
    {
      value: {},
      key: 'k',
      headers: { ...event, ...json, ce_subject: '10% of "ä" 🌊 = %20', ce_partitionkey: 'ü k' },
    },
    {
      ...attributes,
      datacontenttype: 'application/json',
      subject: '10% of "ä" 🌊 = %20',
      partitionkey: 'ü k',
      data: {},
    },
  ],
  [
    'JSON that came as none',
    { value: { a: 1 }, key: 'käse', headers: { trace: 'x y', 'X-Other': 'left out' } },
    { ...wrapped, partitionkey: 'käse', trace: 'x y', datacontenttype: 'application/json', data: { a: 1 } },
  ],
  [
    'bytes that came as none',
    { valueBase64: bytes.toString('base64') },
    { ...wrapped, datacontenttype: 'application/octet-stream', data_base64: bytes.toString('base64') },
  ],
  [
    'a type, that came as none',
    { valueBase64: bytes.toString('base64'), headers: { 'Content-Type': 'image/png' } },
    { ...wrapped, datacontenttype: 'image/png', data_base64: bytes.toString('base64') },
  ],
];

describe('a record as a CloudEvent is read by the SDK of CloudEvents as the same event', () => {
  it.each(cases)('in structured mode: %s', (_what, record, expected) => {
    const message = composed('cloudevents-structured', logged(record));
    expect(message.headers['content-type']).toBe('application/cloudevents+json');
    expect(JSON.parse(bodyText(message))).toEqual(expected);
    // The SDK makes bytes of one per element in structured mode; they are compared as JSON above.
    if (!('data_base64' in expected)) expect(readBySdk(message)).toEqual(expected);
  });

  it.each(cases)('in binary mode: %s', (_what, record, expected) => {
    expect(readBySdk(composed('cloudevents-binary', logged(record)))).toEqual(expected);
  });

  it('in batches', () => {
    const message = composed('cloudevents-batch', logged(...cases.map(([, record]) => record)));
    expect(message.headers['content-type']).toBe('application/cloudevents-batch+json');
    expect(readBySdk(message)).toEqual(
      cases.map(([, , expected], index) =>
        'id' in expected && expected.id === wrapped.id
          ? { ...expected, id: `orders/3/${40 + index}` }
          : expected,
      ),
    );
  });
});

describe('a CloudEvent', () => {
  it('in JSON keeps numbers and truth values that its producer gave', () => {
    const headers = {
      ...event,
      ce_sequence: '7',
      ce_replayed: 'true',
      'millrace-ce-types': 'sequence=integer,replayed=boolean',
    };
    const [record] = [{ value: 1, headers }];
    expect(JSON.parse(bodyText(composed('cloudevents-structured', logged(record))))).toMatchObject({
      sequence: 7,
      replayed: true,
    });
    expect(composed('cloudevents-binary', logged(record)).headers).toMatchObject({
      'ce-sequence': '7',
      'ce-replayed': 'true',
    });
  });

  it('has data that is the text of the value, digit by digit', () => {
    const [record] = logged({ value: 0 });
    const exact = { ...record, valueJson: '{"id": 12345678901234567890}' } as typeof record & object;
    for (const format of ['cloudevents-structured', 'cloudevents-batch', 'cloudevents-binary'] as const)
      expect(bodyText(composed(format, [exact])), format).toContain('{"id": 12345678901234567890}');
  });

  it('in binary mode has the content type that its data has, or none where it has none', () => {
    const typeOf = (record: GivenRecord) =>
      composed('cloudevents-binary', logged(record)).headers['content-type'];
    expect(typeOf({ value: 1, headers: event })).toBe('application/json');
    expect(typeOf({ valueBase64: 'AAE=', headers: event })).toBeUndefined();
    expect(typeOf({ valueBase64: '', headers: event })).toBeUndefined();
    expect(typeOf({ value: { a: 1 }, headers: { ...event, 'content-type': 'text/plain' } })).toBe(
      'application/json',
    );
    expect(typeOf({ value: 'a', headers: { ...event, 'content-type': 'no type\r\nx: y' } })).toBe(
      'application/json',
    );
  });

  it('in binary mode, whose data are events, is sent in the structured mode: a receiver would take the data for it', () => {
    const type = 'application/cloudevents+json; charset=utf-8';
    const message = composed(
      'cloudevents-binary',
      logged({ value: { specversion: '1.0' }, headers: { ...event, 'content-type': type } }),
    );
    expect(readBySdk(message)).toEqual({
      ...attributes,
      datacontenttype: type,
      data: { specversion: '1.0' },
    });
    expect(message.headers).not.toHaveProperty('ce-id');
  });

  it('goes with where it is from: a request of one its offset, a batch its offsets', () => {
    const place = { 'millrace-topic': 'orders', 'millrace-group': 'billing', 'millrace-partition': '3' };
    for (const format of ['cloudevents-structured', 'cloudevents-binary'] as const)
      expect(composed(format, logged({ value: 1 })).headers).toMatchObject({
        ...place,
        'millrace-offset': '40',
      });
    const records = logged(...Array.from({ length: 9 }, (_, value) => ({ value })));
    const left = records.filter(({ offset }) => ![41, 45, 47].includes(offset));
    const offsetsOf = (some: typeof records) =>
      composed('cloudevents-batch', some).headers['millrace-offsets'];
    expect(offsetsOf(records)).toBe('40-48');
    expect(offsetsOf(left)).toBe('40,42-44,46,48');
    expect(offsetsOf(records.slice(0, 1))).toBe('40');
    expect(composed('cloudevents-batch', records).headers).toMatchObject(place);
    const holes = logged(...Array.from({ length: 2000 }, (_, value) => ({ value }))).filter(
      ({ offset }) => offset % 2 === 0,
    );
    expect(offsetsOf(holes)).toBeUndefined();
  });
});
