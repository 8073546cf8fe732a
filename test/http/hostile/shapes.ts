import { limits } from '../../../lib/domain/limits.ts';
import { compressed } from '../bodies/codings.ts';
import { beyond, invalid, produced, produceLine, type Row, tooLarge } from './row.ts';

type Wanted = Parameters<typeof produced>[2];

const typed =
  (type: string) =>
  (
    what: string,
    body: string | Uint8Array,
    wanted: Wanted,
    headers: Readonly<Record<string, string>> = {},
  ): Row =>
    produced(`of ${type} ${what}`, body, wanted, { 'content-type': type, ...headers });

const unsupported: Wanted = [415, 'unsupported_media_type', /./];
const lines = typed('application/x-ndjson');
const event = typed('application/cloudevents+json');
const events = typed('application/cloudevents-batch+json');
const bytes = typed('application/octet-stream');

const mostAsBase64 = 4_669_515;
const good = '{"value":1}\n';

const lineRows: readonly Row[] = [
  lines('is empty', '', invalid(/at least one record/)),
  lines('has blank lines alone', '\n \n\t\r\n\n', invalid(/at least one record/)),
  lines('is too long', good.repeat(420_000), tooLarge('requestBytes')),
  lines('is too long for an event', ' '.repeat(mostAsBase64 + 1), tooLarge('eventBodyBytes')),
  lines('has 100,001 lines', good.repeat(100_001), beyond('requestLines')),
  lines('has a line that is too long', `${good}{"value":"${'x'.repeat(1e6)}"}\n`, tooLarge('recordBytes')),
  lines('has a line of 10,000 levels', `${good}{"value":${'['.repeat(1e4)}`, beyond('jsonDepth')),
  lines('breaks off', `${good}{"value":`, invalid(/line 2/)),
  lines('has two records in a line', '{"value":1}{"value":2}\n', invalid(/line 1/)),
  lines('has a list', '[{"value":1}]', invalid(/line 1/)),
  lines('is JSON', '{"records":[{"value":1}]}', invalid(/line 1/)),
  lines('is JSON over many lines', '{\n"value": 1\n}\n', invalid(/line 1/)),
  lines('has a line in Latin-1', Buffer.from(`${good}{"value":"é"}`, 'latin1'), invalid(/line 2: .*UTF-8/)),
  lines('is UTF-16', Buffer.from(good, 'utf16le'), invalid(/line 1/)),
  lines('names a field twice', '{"value":1,"value":2}', invalid(/line 1.*twice/s)),
  lines('has __proto__', '{"value":1,"__proto__":{}}', invalid(/Unknown field/)),
  lines('has CR LF in a header', '{"value":1,"headers":{"a":"\\r\\nb"}}', invalid(/control/)),
  lines('is a bomb', compressed.zstd(Buffer.alloc(50_000_000, good)), tooLarge('requestBytes'), {
    'content-encoding': 'zstd',
  }),
  lines('says Latin-1', good, unsupported, { 'content-type': 'application/x-ndjson; charset=latin1' }),
];

const attributes = '"specversion":"1.0","id":"1","source":"/s","type":"t"';

const eventRows: readonly Row[] = [
  event('is empty', '', invalid(/not JSON|object/)),
  event('is a list', `[{${attributes}}]`, invalid(/object/)),
  event('has no attributes', '{}', invalid(/specversion: This is missing/)),
  event('is of another version', `{${attributes.replace('1.0', '0.3')}}`, invalid(/version "1.0"/)),
  event('names an attribute twice', `{${attributes},"id":"2"}`, invalid(/id: .*twice/)),
  event('has an object as an attribute', `{${attributes},"x":{}}`, invalid(/string, a whole number/)),
  event('has CR LF in an attribute', `{${attributes},"subject":"a\\r\\nb"}`, invalid(/control/)),
  event('has a name of upper case', `{${attributes},"X-Y":"a"}`, invalid(/a-z/)),
  event('has __proto__', `{${attributes},"__proto__":{"id":"2"}}`, invalid(/a-z/)),
  event('has bad base64', `{${attributes},"data_base64":"-_8="}`, invalid(/base64/)),
  event('has data twice', `{${attributes},"data":1,"data_base64":"AA=="}`, invalid(/either data/)),
  event('is 10,000 levels deep', `{${attributes},"data":${'['.repeat(1e4)}`, beyond('jsonDepth')),
  event('has a time of thirty digits', `{${attributes},"time":"${'1'.repeat(30)}"}`, invalid(/RFC 3339/)),
  event(
    'has hundreds of attributes',
    `{${attributes},${Array.from({ length: 500 }, (_, at) => `"a${at}":"b"`)}}`,
    beyond('recordHeaders'),
  ),
  event('has a long key', `{${attributes},"partitionkey":"${'k'.repeat(2000)}"}`, tooLarge('recordKeyBytes')),
  events('is an event', `{${attributes}}`, invalid(/list/)),
  events('has 1,001 events', `[${`{${attributes}},`.repeat(1001)}1]`, beyond('requestRecords')),
  events('has nonsense', '[1,"x",null,[]]', invalid(/\[0\]: An event is an object/)),
  event('is of another format', '<event/>', unsupported, { 'content-type': 'application/cloudevents+xml' }),
];

/** An event whose attributes are headers. */
const binary = (what: string, wanted: Wanted, headers: Readonly<Record<string, string>>): Row =>
  typed('text/plain')(`and an event ${what}`, 'x', wanted, {
    'ce-specversion': '1.0',
    'ce-id': '1',
    'ce-source': '/s',
    'ce-type': 't',
    ...headers,
  });

const binaryRows: readonly Row[] = [
  binary('whose subject hides CR LF', invalid(/control/), { 'ce-subject': 'a%0D%0Ab' }),
  binary('whose subject hides a NUL', invalid(/control/), { 'ce-subject': 'a%00' }),
  binary('whose subject is no UTF-8', invalid(/UTF-8/), { 'ce-subject': '%ff%fe' }),
  binary('whose data is a header', invalid(/leave it out/), { 'ce-data': 'x' }),
  binary('with a name that is none', invalid(/a-z/), { 'ce-__proto__': 'x' }),
  binary('without an id', invalid(/missing|empty/), { 'ce-id': '' }),
];

const raw = (query: string, wanted: Wanted, body: string | Uint8Array = 'x'): Row => ({
  ...bytes(`with ${query.slice(0, 40)}`, body, wanted),
  line: `${produceLine}?${query}`,
});

const rawRows: readonly Row[] = [
  bytes('is too long for a record', Buffer.alloc(limits.recordBytes), tooLarge('recordBytes')),
  bytes('is too long for an event', Buffer.alloc(mostAsBase64 + 1), tooLarge('eventBodyBytes')),
  typed('text/plain')('is Latin-1', Buffer.from('é', 'latin1'), invalid(/UTF-8/)),
  typed('application/x-www-form-urlencoded')('is JSON', '{"records":[]}', unsupported),
  typed(';;;')('says no type', 'x', [415, 'unsupported_media_type', /type and a subtype/]),
  raw('key=a&key=b', invalid(/once/)),
  raw('key=%ff', invalid(/UTF-8/)),
  raw(`key=${'k'.repeat(1025)}`, tooLarge('recordKeyBytes')),
  raw('partition=1e400', invalid(/whole number/)),
  raw(`partition=${'1'.repeat(30)}`, invalid(/whole number/)),
  raw('partition=-0', invalid(/whole number/)),
  raw('timestamp=1', invalid(/ISO 8601/)),
  raw('headers=a', invalid(/Unknown query parameter/)),
  raw('_method=DELETE', invalid(/Unknown query parameter/)),
];

export const shapeRows: readonly Row[] = [...lineRows, ...eventRows, ...binaryRows, ...rawRows];
