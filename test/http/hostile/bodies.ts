import { limits } from '../../../lib/domain/limits.ts';
import { compressed } from '../bodies/codings.ts';
import { beyond, bombs, invalid, produced, type Row, tooLarge } from './row.ts';

const one = '{"records":[{"value":1}]}';
const record = (fields: string): string => `{"records":[{${fields}}]}`;
const value = (json: string): string => record(`"value":${json}`);

const oversized: readonly Row[] = [
  produced('says that it is too long', one, tooLarge('requestBytes'), { 'content-length': '5000001' }),
  produced('is too long', one.padEnd(limits.requestBytes + 1), tooLarge('requestBytes')),
  produced('is too long for an event', value(`[${'\n'.repeat(3_200_000)}1]`), tooLarge('eventBodyBytes')),
  produced(
    'has 100,000 records',
    `{"records":[${'{"value":1},'.repeat(1e5)}{"value":1}]}`,
    beyond('requestRecords'),
  ),
  produced('has a record of a megabyte', value(`"${'x'.repeat(1e6)}"`), tooLarge('recordBytes')),
  produced(
    'has a key of a megabyte',
    record(`"key":"${'x'.repeat(1e6)}","value":1`),
    tooLarge('recordKeyBytes'),
  ),
  produced(
    'has thousands of headers',
    record(`"value":1,"headers":{${Array.from({ length: 5000 }, (_, at) => `"h${at}":""`).join()}}`),
    beyond('recordHeaders'),
  ),
  produced(
    'has a field name of a megabyte',
    record(`"value":1,"${'x'.repeat(1e6)}":1`),
    invalid(/Unknown field/),
  ),
  produced(
    'has thousands of unknown fields',
    record(`${'"x":1,'.repeat(1e5)}"value":1`),
    invalid(/Unknown field/),
  ),
];

const nested = (depth: number, open: string, close: string): string =>
  value(`${open.repeat(depth)}1${close.repeat(depth)}`);

const deep: readonly Row[] = [
  produced('is 10,000 lists deep', nested(1e4, '[', ']'), beyond('jsonDepth')),
  produced('is 10,000 objects deep', nested(1e4, '{"a":', '}'), beyond('jsonDepth')),
  produced('is 10,000 lists deep and never closes', value('['.repeat(1e4)), beyond('jsonDepth')),
  produced('is deep outside of any record', '['.repeat(1e4), beyond('jsonDepth')),
  produced('is deep in an unknown field', `{"x":${'['.repeat(1e4)}`, beyond('jsonDepth')),
];

const truncated: readonly Row[] = [1, 2, 11, 12, 20, 22, 23, 24].map((length) =>
  produced(`ends after ${length} bytes`, one.slice(0, length), invalid(/not JSON/)),
);

const bytes = (...all: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(all.map((each) => Buffer.from(each as string)));

const charsets: readonly Row[] = [
  produced('is UTF-16', Buffer.from(one, 'utf16le'), invalid(/not JSON|UTF-8/)),
  produced(
    'is UTF-16 with its mark',
    bytes([0xff, 0xfe], [...Buffer.from(one, 'utf16le')]),
    invalid(/UTF-8/),
  ),
  produced('says UTF-16', one, [415, 'unsupported_media_type', /UTF-8/], {
    'content-type': 'application/json; charset=utf-16',
  }),
  produced('says Latin-1', one, [415, 'unsupported_media_type', /UTF-8/], {
    'content-type': 'application/json; charset="iso-8859-1"',
  }),
  produced('is Latin-1', Buffer.from(value('"é"'), 'latin1'), invalid(/UTF-8/)),
  produced('is overlong', bytes('{"records":[{"value":"', [0xc0, 0xaf], '"}]}'), invalid(/UTF-8/)),
  produced(
    'has half of a pair in UTF-8',
    bytes('{"records":[{"value":"', [0xed, 0xa0, 0x80], '"}]}'),
    invalid(/UTF-8/),
  ),
  produced(
    'is beyond Unicode',
    bytes('{"records":[{"value":"', [0xf4, 0x90, 0x80, 0x80], '"}]}'),
    invalid(/UTF-8/),
  ),
  produced('ends inside a character', bytes(one, [0xf0, 0x9f]), invalid(/UTF-8/)),
  produced('has two marks', `\ufeff\ufeff${one}`, invalid(/not JSON/)),
  produced('has half of an escaped pair', value('"\\ud800"'), invalid(/surrogate pair/)),
  produced('has a raw line break in a string', value('"a\nb"'), invalid(/not JSON/)),
  produced('has a NUL between', `{"records":\u0000[{"value":1}]}`, invalid(/not JSON/)),
];

const fields: readonly Row[] = [
  produced('names its records twice', '{"records":[{"value":1}],"records":[]}', invalid(/twice/)),
  produced('has a value twice', record('"value":1,"value":2'), invalid(/twice/)),
  produced('has a value twice, once escaped', record('"value":1,"\\u0076alue":2'), invalid(/twice/)),
  produced('has a header twice', record('"value":1,"headers":{"a":"1","a":"2"}'), invalid(/twice/)),
  produced('has __proto__', record('"value":1,"__proto__":{"key":"k"}'), invalid(/Unknown field/)),
  produced(
    'has __proto__ in front of all',
    '{"__proto__":{"records":[{"value":1}]}}',
    invalid(/Unknown field/),
  ),
  produced('has constructor', record('"value":1,"constructor":{"prototype":{}}'), invalid(/Unknown field/)),
  produced('has toString', record('"value":1,"toString":1'), invalid(/Unknown field/)),
];

const headers: readonly Row[] = [
  ...['\\r\\nX-Admin: 1', '\\u0000', '\\n', '\\u007f', '\\u001b[2J'].flatMap((text) => [
    produced(`has ${text} in a header`, record(`"value":1,"headers":{"a":"${text}"}`), invalid(/control/)),
    produced(
      `has ${text} in a header's name`,
      record(`"value":1,"headers":{"a${text}":"b"}`),
      invalid(/control/),
    ),
  ]),
  produced('has a header without a name', record('"value":1,"headers":{"":"b"}'), invalid(/not empty/)),
  produced('has a header that is a list', record('"value":1,"headers":{"a":["b"]}'), invalid(/string/)),
];

const base64: readonly Row[] = [
  '-_8=',
  'AA',
  'AA=',
  'AA===',
  'A A=',
  'AA==\\n',
  'AB==',
  'é',
  '====',
  'data:,x',
].map((text) => produced(`has base64 that is ${text}`, record(`"valueBase64":"${text}"`), invalid(/base64/)));

const numbers: readonly Row[] = [
  ...[
    '1e400',
    '-1e400',
    '1e-400',
    '-1',
    '0.5',
    '0.99999999999999999999',
    '1'.repeat(30),
    '9007199254740993',
    '"0"',
  ].flatMap((number) => [
    produced(`has the partition ${number}`, record(`"value":1,"partition":${number}`), invalid(/partition/)),
    produced(
      `expects the offset ${number}`,
      `{"records":[{"value":1,"partition":0}],"expectedOffset":${number}}`,
      invalid(/offset/),
    ),
  ]),
  ...[
    '1e400',
    '1'.repeat(30),
    '0',
    '-0',
    '"1e400"',
    '"+275761-01-01T00:00:00Z"',
    '"2024-02-30T00:00:00Z"',
  ].map((time) =>
    produced(`has the timestamp ${time}`, record(`"value":1,"timestamp":${time}`), invalid(/ISO 8601/)),
  ),
  ...['01', '+1', '.5', '1.', '1e', '0x10', 'NaN', '-Infinity', '1_000'].map((number) =>
    produced(`has the value ${number}`, value(number), invalid(/not JSON/)),
  ),
];

const encoded = (encoding: string): Readonly<Record<string, string>> => ({ 'content-encoding': encoding });
const { gzip, br, zstd } = compressed;

/** Made when they are needed: it takes a second. */
export const bombRows = (): readonly Row[] => {
  const all = bombs();
  return [
    ...(['gzip', 'br', 'zstd'] as const).map((coding) =>
      produced(`is a bomb of ${coding}`, all[coding], tooLarge('requestBytes'), encoded(coding)),
    ),
    produced(
      'is a bomb in a bomb',
      gzip(gzip(all.gzip)),
      tooLarge('requestBytes'),
      encoded('gzip, gzip, gzip'),
    ),
    produced(
      'is a bomb in two wrappers',
      br(zstd(all.br)),
      tooLarge('requestBytes'),
      encoded('br, zstd, br'),
    ),
    produced('is wrapped for ever', gzip(one), beyond('bodyCodings'), encoded('gzip,'.repeat(500))),
    produced('is not what it says', one, invalid(/is not gzip/), encoded('gzip')),
    produced('breaks off inside', zstd(one).subarray(0, 12), invalid(/breaks off/), encoded('zstd')),
    produced('is of an unknown coding', one, [415, 'unsupported_media_type', /zstd/], encoded('deflate')),
  ];
};

export const bodyRows: readonly Row[] = [
  ...oversized,
  ...deep,
  ...truncated,
  ...charsets,
  ...fields,
  ...headers,
  ...base64,
  ...numbers,
];
