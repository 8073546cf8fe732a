import { describe, expect, test } from 'vitest';
import { useBroker } from '../against-broker.ts';
import { parquetOf } from './parquet-of-others.ts';
import { contentsOf, makeTopic } from './transfer.ts';

const { broker, imported } = useBroker();

describe('Parquet of others', () => {
  const sink = `SELECT 'k' || i AS k, '{"n": ' || i || ', "big": 12345678901234567890}' AS body,
    make_timestamp(1767225600000000 + i * 1000) AS at, i % 2 AS part, CASE WHEN i > 0 THEN 'paid' END AS event
    FROM range(3) t(i)`;

  test.each(['', ', COMPRESSION gzip, PARQUET_VERSION v2'])('has its columns named%s', async (options) => {
    const topic = `sink${options.replace(/\W+/g, '-')}`;
    await makeTopic(broker(), topic, 2);
    const mapping = ['--key', 'k', '--value', 'body', '--timestamp', 'at', '--partition', 'part'];
    await imported(topic, await parquetOf(sink, options), ...mapping, '--header', 'event=event');
    const said = (at: number, headers = '') =>
      `{"timestamp":"2026-01-01T00:00:00.00${at}Z","key":"k${at}","value":{"n": ${at}, "big": 12345678901234567890}${headers}}`;
    const paid = ',"headers":{"event":"paid"}';
    expect(await contentsOf(broker(), topic)).toEqual([[said(0), said(2, paid)], [said(1, paid)]]);
  });

  test('of which no column is named is one of objects', async () => {
    await makeTopic(broker(), 'objects', 1);
    const columns = `9007199254740993::BIGINT AS long, 1.10::DECIMAL(4, 2) AS price, 'text' AS name, NULL AS none,
      TIMESTAMP '2026-01-02 03:04:05.678' AS at, DATE '2026-01-02' AS day, [1, 2] AS list,
      {'a': 'b', 'c': [true]} AS nested, MAP {'x': 1.5::DOUBLE} AS map, '\\xFF'::BLOB AS bytes`;
    await imported('objects', await parquetOf(`SELECT ${columns}`));
    const [[record = '']] = (await contentsOf(broker(), 'objects')) as [[string]];
    expect(record).toContain(
      '"value":{"long":9007199254740993,"price":1.10,"name":"text","none":null,"at":"2026-01-02T03:04:05.678Z",' +
        '"day":"2026-01-02","list":[1,2],"nested":{"a":"b","c":[true]},"map":{"x":1.5},"bytes":"/w=="}',
    );
  });

  test('keeps text that is no JSON, and bytes, as bytes', async () => {
    await makeTopic(broker(), 'bytes', 1);
    const file = await parquetOf(`SELECT unnest(['plain', '"json"', NULL]) AS v`);
    await imported('bytes', file, '--value', 'v');
    await imported(
      'bytes',
      await parquetOf(`SELECT '{"a":1}'::BLOB AS v, 1767225600000 AS ms`),
      '--value',
      'v',
      '--timestamp',
      'ms',
    );
    const [records] = await contentsOf(broker(), 'bytes');
    expect(records?.map((record) => record.replace(/"timestamp":"[^"]*",/, ''))).toEqual([
      `{"valueBase64":"${Buffer.from('plain').toString('base64')}"}`,
      '{"value":"json"}',
      '{"value":null}',
      `{"valueBase64":"${Buffer.from('{"a":1}').toString('base64')}"}`,
    ]);
    expect(records?.at(-1)).toContain('2026-01-01T00:00:00.000Z');
  });
});
