import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sourceOf } from '../../cli/import/files.ts';
import { headersOf, type Mapping, valuesOf } from '../../cli/import/mapping.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { useBroker } from './against-broker.ts';
import { run, type Surroundings } from './command.ts';
import { parquetOf } from './export-import/parquet-of-others.ts';
import { contentsOf, makeTopic } from './export-import/transfer.ts';

const { broker, surroundings } = useBroker();

const given = (name: string, text: string | Buffer): string => {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text);
  return file;
};

const noMapping: Mapping = { values: [], headers: {} };
const fine = '{"value":1,"partition":0}\n';

describe('what is wrong in a file is named with its place', () => {
  /** Reads all of it. Gives what is said to be wrong. */
  const wrong = async (
    name: string,
    text: string | Buffer,
    mapping: Partial<Mapping> = {},
  ): Promise<string> => {
    try {
      const source = await sourceOf(given(name, text), { ...noMapping, ...mapping });
      for await (const { at } of source.records()) expect(at).toBeGreaterThan(0);
    } catch (error) {
      return String(error);
    }
    return 'Nothing is wrong.';
  };

  test.each([
    ['half a line', `${fine}{"value":1`, 'line 2: '],
    ['a field that is none', `${fine}\n{"value":1,"x":2}\n`, 'line 3: "x" is no field of a record.'],
    ['no value', `${fine}{"key":"k"}\n`, 'line 2: A record has either "value" or "valueBase64".'],
    ['no object', '[]', 'line 1: A record is an object.'],
    ['no UTF-8', Buffer.concat([Buffer.from(fine), Buffer.from([0xff, 0x0a])]), 'line 2: It is not UTF-8.'],
    ['a line without end', 'x'.repeat(5_000_000), 'line 1: It is longer than a record can be.'],
  ])('%s', async (_what, text, said) => {
    expect(await wrong('a.ndjson', text)).toContain(`a.ndjson, ${said}`);
  });

  test('a column that is not there, or is not what it is said to be', async () => {
    const parquet = readFileSync(await parquetOf(`SELECT 1 AS a, 'x' AS t`));
    expect(await wrong('a.parquet', 'nothing')).toContain('a.parquet is no Parquet file');
    expect(await wrong('a.parquet', parquet, { key: 'b' })).toContain('has no column "b": it has a, t');
    expect(await wrong('a.parquet', parquet, { timestamp: 't' })).toContain(
      'a.parquet, row 1: The timestamp',
    );
    expect(await wrong('a.parquet', parquet, { partition: 't' })).toContain(
      'a.parquet, row 1: The partition',
    );
    expect(await wrong('a.ndjson', fine, { key: 'a' })).toContain('are for Parquet of others');
    expect(await wrong('a.csv', fine)).toContain('.ndjson, .jsonl or .parquet');
    expect(() => headersOf(['event'])).toThrow('name=column');
    expect(() => headersOf(['event=a', 'event=b'])).toThrow('event is given twice');
    expect(() => valuesOf(['a', 'a'])).toThrow('a is given twice');
  });

  test('what only the broker knows', async () => {
    await makeTopic(broker(), 'wrong', 2);
    const refused = async (text: string): Promise<string> => {
      const { code, stderr } = await run('import', ['wrong', given('b.ndjson', text)], surroundings());
      expect(code).toBe(1);
      expect(stderr).not.toMatch(/^ +at /m);
      return stderr;
    };
    const long = `{"value":1,"partition":0,"key":"${'k'.repeat(2000)}"}`;
    expect(await refused(`${fine}${fine}${long}\n${fine}`)).toMatch(
      /b\.ndjson, line 3: key: At most 1024 bytes \(limit recordKeyBytes/,
    );
    expect(await refused(`${fine}{"value":1,"partition":2}\n`)).toContain('line 2: It is of partition 2');
    expect((await contentsOf(broker(), 'wrong')).flat()).toEqual([]);
  });
});

test('what is wrong on the command line, and what the broker says', async () => {
  const said = async (args: readonly string[], around: Surroundings = surroundings()): Promise<string> => {
    const { code, stderr } = await run('export', args, around);
    expect(code).toBe(1);
    return stderr;
  };
  const out = ['--out', temporaryFolder()];
  expect(await said(['no-such-topic', ...out])).toContain('404');
  expect(await said(['orders'])).toContain('--out');
  const withoutKey = { environment: { MILLRACE_URL: broker().url } };
  expect(await said(['orders', ...out], withoutKey)).toContain('--api-key');
  const nobody = { environment: { MILLRACE_URL: 'http://127.0.0.1:9', MILLRACE_KEY: 'k' } };
  expect(await said(['orders', ...out], nobody)).toContain('There is no broker at http://127.0.0.1:9');
});
