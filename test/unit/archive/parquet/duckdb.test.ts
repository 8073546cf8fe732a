import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogRecord, NewRecord } from '../../../../lib/domain/records/records.ts';
import { anyRecords, hardRecords, inLog } from './hard-records.ts';
import { about, written } from './written.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-duckdb-'));
const file = join(folder, 'segment.parquet');
let rows: (sql: string) => Promise<Record<string, unknown>[]>;

beforeAll(async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  rows = async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Texts are compared by their bytes: the client of DuckDB leaves a mark of byte order out. */
const hex = (bytes: Buffer): string => bytes.toString('hex').toUpperCase();
const hexOf = (text: string): string => hex(Buffer.from(text));
const json = (text: string | undefined): string => hexOf(JSON.parse(text ?? ''));

/** Headers as a list, read by nothing of ours: JSON.parse of each part, since an object would lose some. */
const pairsOf = (text: string | undefined): unknown => {
  if (text === undefined) return null;
  const string = '"(?:[^"\\\\]|\\\\.)*"';
  const pairs = text.matchAll(new RegExp(`(${string})\\s*:\\s*(${string})`, 'gs'));
  return [...pairs].map(([, key, value]) => ({ key: json(key), value: json(value) }));
};

/** The row that a record should be. */
const rowOf = (record: LogRecord): Record<string, unknown> => ({
  offset: String(record.offset),
  timestamp: String(record.timestamp),
  append_time: String(record.appendedAt),
  key: record.key === undefined ? null : hexOf(record.key),
  value:
    record.valueJson === undefined
      ? hex(Buffer.from(record.valueBase64 ?? '', 'base64'))
      : hexOf(record.valueJson),
  content_type: record.valueJson === undefined ? null : 'application/json',
  headers: pairsOf(record.headersJson),
});

const select = `select "offset"::varchar as offset, epoch_ms(timestamp)::varchar as timestamp,
  epoch_ms(append_time)::varchar as append_time, hex(encode(key)) as key, hex(value) as value, content_type,
  list_transform(headers, lambda h: {key: hex(encode(h.key)), value: hex(encode(h.value))}) as headers
  from '${file}'`;

const write = (records: readonly NewRecord[], rowGroupRecords = 4000): LogRecord[] => {
  const placed = inLog(records, 5);
  writeFileSync(file, written(placed, { rowGroupRecords }).body);
  return placed;
};

describe('DuckDB', () => {
  it('sees the columns in their types', async () => {
    write(hardRecords);
    const columns = await rows(`describe select * from '${file}'`);
    expect(columns.map(({ column_name, column_type }) => [column_name, column_type])).toEqual([
      ['offset', 'BIGINT'],
      ['timestamp', 'TIMESTAMP WITH TIME ZONE'],
      ['append_time', 'TIMESTAMP WITH TIME ZONE'],
      ['key', 'VARCHAR'],
      ['value', 'BLOB'],
      ['content_type', 'VARCHAR'],
      ['headers', 'STRUCT("key" VARCHAR, "value" VARCHAR)[]'],
      ['headers_json', 'VARCHAR'],
    ]);
  });

  it.each([1, 3, 4000])('reads every record that was written, in row groups of %i', async (size) => {
    const records = write(hardRecords, size);
    expect(await rows(select)).toEqual(records.map(rowOf));
  });

  it('reads any records', async () => {
    const property = fc.asyncProperty(anyRecords, fc.integer({ min: 1, max: 9 }), async (records, size) => {
      writeFileSync(file, written(records, { rowGroupRecords: size }).body);
      expect(await rows(select)).toEqual(records.map(rowOf));
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it('reads records of which none has a key, a content type or headers', async () => {
    const records = write([{ valueBase64: 'AAE=' }, { valueBase64: '' }]);
    expect(await rows(select)).toEqual(records.map(rowOf));
  });

  it('reads thousands of records whose keys and headers come again and again', async () => {
    const given = Array.from({ length: 9000 }, (_, index): NewRecord => {
      const plain = hardRecords[index % 5] ?? {};
      const repeated = { key: `key ${index % 7}` };
      return index % 3 === 0 ? plain : { ...plain, ...repeated };
    });
    const records = write(given);
    expect(await rows(select)).toEqual(records.map(rowOf));
  });

  it('parses JSON values, and looks into them', async () => {
    write([{ valueJson: '{"total":12.5,"of":"é"}' as NewRecord['valueJson'] & string }]);
    expect(await rows(`select decode(value)::json ->> '$.of' as said from '${file}'`)).toEqual([
      { said: 'é' },
    ]);
  });

  it('leaves row groups out by offset and times', async () => {
    write(hardRecords.slice(0, 9), 4);
    const statistics = await rows(
      `select path_in_schema as leaf, stats_min_value as least, stats_max_value as most from parquet_metadata('${file}')
       where path_in_schema in ('offset', 'append_time') order by row_group_id, column_id`,
    );
    expect(statistics.filter(({ leaf }) => leaf === 'offset')).toEqual([
      { leaf: 'offset', least: '5', most: '8' },
      { leaf: 'offset', least: '9', most: '12' },
      { leaf: 'offset', least: '13', most: '13' },
    ]);
    expect(statistics.find(({ leaf }) => leaf === 'append_time')).toMatchObject({
      least: '2025-06-01 00:00:00+00',
    });
  });

  it('reads what the segment is of', async () => {
    write(hardRecords.slice(0, 3), 2);
    const metadata = await rows(
      `select decode(key) as key, decode(value) as value from parquet_kv_metadata('${file}')`,
    );
    const said = Object.fromEntries(metadata.map(({ key, value }) => [key, value]));
    expect(said).toMatchObject({
      'millrace.format': '1',
      'millrace.topic': about.topic,
      'millrace.topic_id': about.topicId,
      'millrace.partition': '3',
      'millrace.start': '5',
      'millrace.end': '8',
    });
  });

  it('reads a segment without records', async () => {
    write([]);
    expect(await rows(select)).toEqual([]);
  });
});
