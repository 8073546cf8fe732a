import fc from 'fast-check';
import type { JsonText } from '../../../../lib/domain/json/text.ts';
import type { LogRecord, NewRecord } from '../../../../lib/domain/records/records.ts';
import { recordOf } from '../../../harness/records.ts';
import { valid } from '../../domain/json-corpus.ts';

const json = (text: string): JsonText => text as JsonText;
const largeBytes = 256 * 1024;

/** Bytes that no text is, and that do not compress. */
const noise = Buffer.alloc(100_000, 0);
for (let at = 0, state = 1; at < noise.length; at += 1) {
  state = Math.imul(state, 1_103_515_245) + 12_345;
  noise[at] = state >>> 16;
}

/** Records with what is easily lost on the way through another format. */
export const hardRecords: readonly NewRecord[] = [
  { valueJson: json('null') },
  { valueJson: json('""'), key: '' },
  { valueBase64: '' },
  { valueBase64: '', key: 'k', headersJson: json('{}') },
  { valueBase64: Buffer.from([0, 0xff, 0xfe, 0x80, 0xc3]).toString('base64') },
  { valueBase64: noise.toString('base64') },
  { valueJson: json('12345678901234567890123') },
  { valueJson: json('{"n":-9223372036854775809,"d":1.10,"e":1E400}') },
  { valueJson: json('{ "a" : 1 ,\n\t"a" : 2 }') },
  { valueJson: json('"\\u0041\\ud83d\\ude00"') },
  { valueJson: json(`"${'x'.repeat(largeBytes - 2)}"`) },
  { valueJson: json(`["${'é'.repeat(largeBytes / 2 - 4)}"]`) },
  { valueJson: json('"\uFEFF begins with a mark of byte order"') },
  { valueJson: json('1'), key: '\uFEFFkey' },
  { valueJson: json('"Grüße, 😀, \u2028 and \u0000"'), key: 'ключ 😀', headersJson: json('{"é":"😀"}') },
  { valueJson: json('1'), key: 'null', headersJson: json('{"a":""}') },
  { valueJson: json('1'), headersJson: json('{"2":"two","1":"one","__proto__":"x","constructor":"y"}') },
  { valueJson: json('1'), headersJson: json('{"a":"1","b":"2","a":"3"}') },
  { valueJson: json('1'), headersJson: json('{"a":"b"}\n') },
  { valueJson: json('1'), headersJson: json('{ "a" : "\\u0041" }') },
  { valueJson: json('1'), headersJson: json('{"\uFEFFa":"\uFEFFb","quote\\"":"back\\\\slash"}') },
  {
    valueJson: json('1'),
    headersJson: json(`{${Array.from({ length: 100 }, (_, at) => `"h${at}":"${at}"`).join(',')}}`),
  },
  ...Object.values(valid)
    .flat()
    .map((text) => ({ valueJson: json(text) })),
  recordOf({ key: 'k', value: { plain: true }, headers: { a: 'b' } }),
];

/** Records in a log, from `start` on. Their times go back and forth, before 1970 too. */
export const inLog = (records: readonly NewRecord[], start = 0, partition = 3): LogRecord[] =>
  records.map((record, index) => ({
    timestamp: Date.UTC(2024, 1, 29) + ((index * 7919) % 1000) * (index % 2 === 0 ? 1 : -7_000_000_000),
    ...record,
    partition,
    offset: start + index,
    appendedAt: Date.UTC(2025, 5, 1) + 10 * Math.floor(index / 5),
  }));

const text = fc.string({ unit: 'binary' }).filter((said) => said.isWellFormed());

const headers = fc
  .array(fc.tuple(text, text), { maxLength: 4 })
  .map((list) =>
    json(`{${list.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`),
  );

const value: fc.Arbitrary<NewRecord> = fc.oneof(
  fc.json({ maxDepth: 3 }).map((said) => ({ valueJson: json(said) })),
  text.map((said) => ({ valueJson: json(JSON.stringify(said)) })),
  fc.uint8Array().map((bytes) => ({ valueBase64: Buffer.from(bytes).toString('base64') })),
);

/** Records in order of offset, some offsets missing. */
export const anyRecords: fc.Arbitrary<LogRecord[]> = fc
  .array(
    fc.record({
      value,
      key: fc.option(text, { nil: undefined }),
      headersJson: fc.option(headers, { nil: undefined }),
      timestamp: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
      appendedAt: fc.integer({ min: 0, max: 4_000_000_000_000 }),
      skipped: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(2 ** 40)),
    }),
    { maxLength: 40 },
  )
  .map((given) => {
    let next = 0;
    return given.map(({ value, key, headersJson, skipped, ...times }) => {
      const offset = next + skipped;
      next = offset + 1;
      return {
        ...value,
        ...times,
        ...(key !== undefined && { key }),
        ...(headersJson !== undefined && { headersJson }),
        partition: 3,
        offset,
      };
    });
  });
