import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Client } from '../../end-to-end/client.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { useBroker } from '../against-broker.ts';
import { contentsOf, makeTopic, many } from './transfer.ts';

const { broker, exported, imported } = useBroker();

/** Whatever a record can be, as it is produced. */
const everyShape = [
  '{"partition":0,"value":null}',
  '{"partition":0,"value":{"n":12345678901234567890123,"d":1.10,"e":1E400}}',
  '{"partition":0,"value":"\\u0041\\ud83d\\ude00 \\n","key":"ключ 😀"}',
  '{"partition":1,"valueBase64":"/wD+"}',
  '{"partition":1,"valueBase64":"","key":"","headers":{}}',
  '{"partition":1,"value":{"a":1,"a":2},"headers":{"2":"two","1":"\\u00e9","__proto__":"x"}}',
  '{"partition":2,"value":[{}],"timestamp":"0001-01-01T00:00:00.000Z"}',
  '{"partition":2,"value":1,"timestamp":"2026-01-31T12:00:00.000Z","key":"k","headers":{"event":"paid"}}',
  '{"partition":2,"value":"\ufeffmark"}',
];
/** JSON of several lines. */
const manyLines = '{"partition":0,"value":{ "a" : [\n\t1,\r\n 2 ] }}';

describe('what npm run export writes, npm run import appends', () => {
  test.each(['ndjson', 'parquet'])('every shape of a record, as %s', async (format) => {
    const source = `shapes-${format}`;
    const records = format === 'parquet' ? [...everyShape, manyLines] : everyShape;
    await makeTopic(broker(), source, 3, records);
    await makeTopic(broker(), `${source}-copy`, 3);
    const out = temporaryFolder();
    expect(await exported(source, '--out', out, '--format', format)).toContain(
      `Exported ${records.length} records`,
    );
    await imported(`${source}-copy`, out);
    expect(await contentsOf(broker(), `${source}-copy`)).toEqual(await contentsOf(broker(), source));
    // Once more neither writes anything.
    expect(await exported(source, '--out', out, '--format', format)).toContain('Exported 0 records');
    expect(await imported(`${source}-copy`, out)).toContain('is imported already');
    expect((await contentsOf(broker(), `${source}-copy`)).flat()).toHaveLength(records.length);
  });

  test('NDJSON is a record a line, as a fetch shows it, also where its JSON has several lines', async () => {
    await makeTopic(broker(), 'lines', 1, [manyLines, '{"key":"k","value":1}']);
    const file = join(temporaryFolder(), 'lines.ndjson');
    await exported('lines', '--out', file);
    const { records } = await new Client(broker().url, broker().key).fetch('lines', 0, 'offset=0');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(records);
    expect(lines[0]).toContain('"value":{ "a" : [ \t1,   2 ] }');
  });

  test('a part of a topic: partitions, offsets and times', async () => {
    const timed = Array.from(
      { length: 10 },
      (_, at) => `{"partition":${at % 2},"value":${at},"timestamp":"2026-01-01T00:00:0${at}.000Z"}`,
    );
    await makeTopic(broker(), 'parts', 3, timed);
    const values = async (...args: readonly string[]): Promise<unknown> => {
      const out = temporaryFolder();
      await exported('parts', '--out', out, ...args);
      const files = readdirSync(out).sort();
      return files.map((name) =>
        readFileSync(join(out, name), 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line).value),
      );
    };
    expect(await values('--partition', '1')).toEqual([[1, 3, 5, 7, 9]]);
    expect(await values('--from', '1', '--to', '3')).toEqual([[2, 4], [3, 5], []]);
    const times = ['--from', '2026-01-01T00:00:02.500Z', '--to', '2026-01-01T00:00:06Z'];
    expect(await values(...times, '--partition', '0', '--partition', '1')).toEqual([[4], [3, 5]]);
  });

  test('into a topic of other partitions by key, each key in order', async () => {
    await makeTopic(broker(), 'by-key', 2, many(50));
    await makeTopic(broker(), 'by-key-copy', 5);
    const out = temporaryFolder();
    await exported('by-key', '--out', out);
    await imported('by-key-copy', out, '--by-key');
    const perKey = (contents: readonly (readonly string[])[]) =>
      Object.groupBy(contents.flat(), (record) => JSON.parse(record).key as string);
    expect(perKey(await contentsOf(broker(), 'by-key-copy'))).toEqual(
      perKey(await contentsOf(broker(), 'by-key')),
    );
  });
});
