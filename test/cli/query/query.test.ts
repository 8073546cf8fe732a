import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dataFolderArchive } from '../../../cli/query/data-folder.ts';
import { csvFormat } from '../../../cli/query/formats/csv.ts';
import { jsonFormat } from '../../../cli/query/formats/json.ts';
import { tableFormat } from '../../../cli/query/formats/table.ts';
import { type Query, query } from '../../../cli/query/query.ts';
import type { NewRecord } from '../../../lib/domain/records/records.ts';
import { recordOf } from '../../harness/records.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { hardRecords } from '../../unit/archive/parquet/hard-records.ts';
import { run } from '../command.ts';
import { hour, openDataFolder } from './archived-folder.ts';

type Folder = ReturnType<typeof openDataFolder>;

const value = (said: unknown): NewRecord => recordOf({ value: said });

/** A folder whose broker runs until the test is over. */
const makeFolder = () => {
  const path = temporaryFolder();
  const folder = openDataFolder(path);
  return { path, folder };
};

/** One that ran. */
const makeArchive = async (records: readonly NewRecord[]): Promise<string> => {
  const { path, folder } = makeFolder();
  await archiveOne(folder, records);
  folder.close();
  return path;
};

const archiveOne = async (folder: Folder, records: readonly NewRecord[]) => {
  const topic = await folder.makeTopic('orders');
  await folder.append(topic, 0, records);
  folder.pass(2 * hour);
  await folder.archive(topic);
  return topic;
};

/** What every file of a folder holds. */
const contents = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(path, name)).isFile())
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(path, name)))
          .digest('hex'),
      ]),
  );

/** What the command answers, in this process. */
const ask = async (data: string, asked: Query): Promise<string> => {
  let text = '';
  for await (const piece of query(dataFolderArchive(data), asked)) text += piece;
  return text;
};

const rows = async (data: string, statement: string, topics?: readonly string[]): Promise<unknown> =>
  JSON.parse(await ask(data, { statement, format: jsonFormat, ...(topics && { topics }) }));

describe('npm run query', () => {
  test('gives each record as it is in the log, JSON as JSON and bytes as base64', async () => {
    const at = Date.UTC(2026, 4, 5, 6, 7, 8, 9);
    const path = await makeArchive([
      recordOf({ key: 'k', value: { n: 1, of: 'é' }, headers: { event: 'paid', 'a b': '' }, timestamp: at }),
      { valueBase64: '/wA=' },
      { valueJson: '12345678901234567890123' as NewRecord['valueJson'] & string },
      value(null),
    ]);
    const appended = '2026-01-01T00:00:00.000Z';
    const plain = {
      topic: 'orders',
      partition: 0,
      timestamp: appended,
      append_time: appended,
      key: null,
      content_type: 'application/json',
      headers: null,
    };
    expect(await rows(path, 'select * from orders order by "offset"')).toEqual([
      {
        ...plain,
        offset: 0,
        timestamp: '2026-05-05T06:07:08.009Z',
        key: 'k',
        value: Buffer.from('{"n":1,"of":"é"}').toString('base64'),
        value_json: { n: 1, of: 'é' },
        headers: { event: 'paid', 'a b': '' },
      },
      { ...plain, offset: 1, value: '/wA=', value_json: null, content_type: null },
      expect.objectContaining({ offset: 2, value_json: expect.any(Number) }),
      expect.objectContaining({ offset: 3, value: 'bnVsbA==', value_json: null }),
    ]);
    const statement = 'select value_json from orders where "offset" = 2';
    expect(await ask(path, { statement, format: jsonFormat })).toContain(':12345678901234567890123}');
  });

  test('reads whatever records there may be', async () => {
    // As the log has them: without white space around values and headers.
    const hard = hardRecords.filter(
      ({ valueJson, headersJson }) => valueJson?.trim() === valueJson && headersJson?.trim() === headersJson,
    );
    // A number that is beyond DuckDB's.
    const isJson = ({ valueJson }: NewRecord) => valueJson !== undefined && !valueJson.includes('1E400');
    const path = await makeArchive(hard);
    const sql = 'select count(*) as n, count(value_json) as j, count(headers) as h from orders';
    expect(await rows(path, sql)).toEqual([
      {
        n: hard.length,
        j: hard.filter(isJson).length,
        h: hard.filter(({ headersJson }) => headersJson !== undefined).length,
      },
    ]);
    const repeated = "select headers['a'] as a from orders where headers['b'] = '2'";
    expect(await rows(path, repeated)).toEqual([{ a: '3' }]);
  });

  test('sees what the manifest names and no other object, none of it twice and none below the start', async () => {
    const { path, folder } = makeFolder();
    const topic = await archiveOne(folder, [1, 2, 3, 4, 5].map(value));
    const [segment] = await folder.stores.segments.list(
      { topicId: topic.topicId, partition: 0 },
      { from: 0, limit: 9 },
    );
    const object = join(path, 'segments', segment?.object ?? '');
    writeFileSync(object.replace(/-[^-]*\.parquet$/, '-orphan.parquet'), readFileSync(object));
    const sql = 'select value_json as said, "offset" from records order by all';
    expect(await rows(path, sql)).toHaveLength(5);
    await folder.stores.partitions.advance({ topicId: topic.topicId, partition: 0 }, 'startOffset', 3);
    expect(await rows(path, sql)).toEqual([
      { said: 4, offset: 3 },
      { said: 5, offset: 4 },
    ]);
    folder.close();
  });

  test('writes nothing in the folder of a broker that runs, was stopped or was killed', async () => {
    const { path, folder } = makeFolder();
    await archiveOne(folder, [value(1)]);
    const sql = 'select count(*) as n from orders';
    const killed = temporaryFolder();
    for (const name of Object.keys(contents(path))) {
      mkdirSync(dirname(join(killed, name)), { recursive: true });
      writeFileSync(join(killed, name), readFileSync(join(path, name)));
    }
    expect(Object.keys(contents(killed))).toContain('millrace.db-wal');
    const before = contents(path);
    expect(await rows(path, sql)).toEqual([{ n: 1 }]);
    // What readers of a running database tell each other is in memory that the file stands for.
    expect({ ...contents(path), 'millrace.db-shm': '' }).toEqual({ ...before, 'millrace.db-shm': '' });
    folder.close();
    const stopped = contents(path);
    expect(Object.keys(stopped)).not.toContain('millrace.db-wal');
    expect(await rows(path, sql)).toEqual([{ n: 1 }]);
    expect(contents(path)).toEqual(stopped);
    const { 'millrace.db-shm': _before, ...kept } = contents(killed);
    expect(await rows(killed, sql)).toEqual([{ n: 1 }]);
    expect(contents(killed)).toMatchObject(kept);
  });

  test('names what there is: topics that differ in their case, or are called records, are in records', async () => {
    const { path, folder } = makeFolder();
    for (const name of ['orders', 'Orders', 'records', 'a.b-c', 'none']) {
      const topic = await folder.makeTopic(name);
      if (name !== 'none') await folder.append(topic, 1, [value(name)]);
      folder.pass(2 * hour);
      await folder.archive(topic);
    }
    folder.close();
    expect(
      await rows(path, 'select topic, partition, value_json as said from records order by topic'),
    ).toEqual(
      ['Orders', 'a.b-c', 'orders', 'records'].map((topic) => ({ topic, partition: 1, said: topic })),
    );
    expect(await rows(path, 'show tables')).toEqual(['a.b-c', 'none', 'records'].map((name) => ({ name })));
    expect(await rows(path, 'select * from none')).toEqual([]);
    expect(await rows(path, 'select topic from records', ['a.b-c'])).toEqual([{ topic: 'a.b-c' }]);
  });

  test('writes a table for people, and CSV', async () => {
    const path = await makeArchive([
      recordOf({ key: 'a,"b"', value: { n: 'x'.repeat(200) } }),
      recordOf({ key: '', value: '\u001b[31m' }),
      { valueBase64: '/wA=' },
    ]);
    const statement = 'select "offset", key, value from orders order by 1';
    const table = await ask(path, { statement, format: tableFormat(100) });
    expect(table.split('\n').slice(0, 3)).toEqual([
      `offset  key    value`,
      `------  -----  ${'-'.repeat(80)}`,
      `     0  a,"b"  {"n":"${'x'.repeat(73)}…`,
    ]);
    expect(table).not.toContain('\u001b');
    expect(await ask(path, { statement, format: tableFormat(2) })).toContain('These are the first 2 rows');
    const csv = await ask(path, { statement, format: csvFormat });
    expect(csv.split('\r\n').slice(2)).toEqual([
      `1,"",${Buffer.from('"\\u001b[31m"').toString('base64')}`,
      '2,,/wA=',
      '',
    ]);
  });

  test('says what is wrong', async () => {
    const path = await makeArchive([value(1)]);
    const wrong = (statement: string) => expect(ask(path, { statement, format: jsonFormat })).rejects;
    await wrong('select * from order_s').toThrow('There are records and, of topics, orders.');
    await wrong('selec').toThrow(/^Parser Error: syntax error at or near "selec"/);
    for (const nothing of ['', ' ', ';', '-- a comment', '/* a comment */'])
      await wrong(nothing).toThrow('There is no statement');
    await wrong('select 1; select 2').toThrow('Only the last statement is answered');
    await wrong('select offset from orders').toThrow('stands in double quotes: "offset".');
    const other = ask(path, { statement: 'select 1', format: jsonFormat, topics: ['order'] });
    await expect(other).rejects.toThrow('there is no topic "order"; there are orders.');
    const none = temporaryFolder();
    expect(() => dataFolderArchive(none)).toThrow(`There is no archive in ${none}`);
  });

  test('says how to name what SQL does not take as it is', async () => {
    const { path, folder } = makeFolder();
    for (const name of ['orders', 'Orders', 'records', 'a.b-c', 'group']) await folder.makeTopic(name);
    folder.close();
    const said = (statement: string): Promise<string> =>
      ask(path, { statement, format: jsonFormat }).then(
        () => 'Nothing is wrong.',
        (error: Error) => error.message,
      );
    const list = await said('select * from orders');
    expect(list).toContain('There are records and, of topics, "a.b-c", group; Orders, orders, records are');
    expect(list).toContain("in records alone, where topic = 'Orders'");
    expect(await said('select * from a.b-c')).toContain('stands in double quotes: "a.b-c"');
    expect(await said('select * from group')).toContain('stands in double quotes: "group"');
    expect(await said('select * from "group" where')).not.toContain('double quotes');
  });

  test('says what an answer does not: that nothing is archived yet, that a change changes nothing', async () => {
    const { path, folder } = makeFolder();
    await archiveOne(folder, [value(1)]);
    for (const name of ['mails', 'eu.orders']) await folder.makeTopic(name);
    folder.close();
    const remarks = async (statement: string): Promise<string[]> => {
      const said: string[] = [];
      await ask(path, { statement, format: jsonFormat, remark: (line) => void said.push(line) });
      return said;
    };
    expect(await remarks('select count(*) from mails')).toEqual([
      expect.stringContaining('Nothing of mails is archived yet.'),
    ]);
    expect(await remarks('select count(*) from orders')).toEqual([]);
    expect(await remarks('select count(*) from mails, "eu.orders"')).toEqual([
      expect.stringContaining('Nothing of eu.orders, mails is archived yet.'),
    ]);
    expect(await remarks('select count(*) from records')).toEqual([]);
    expect(await remarks('select 1')).toEqual([]);
    expect(await remarks('set threads = 1; create table t as select 1 a; select a from t')).toEqual([]);
    expect(await remarks('drop view orders')).toEqual([expect.stringContaining('The archive is as it was')]);
    expect(await remarks('create table t as select * from orders')).toHaveLength(1);
    const elsewhere = join(temporaryFolder(), 'kept.db');
    expect(await remarks(`attach '${elsewhere}' as kept; create table kept.t as from orders`)).toEqual([]);
  });

  test.each([
    [['select', '1'], 'put it in quotes'],
    [['--region', 'eu-west-1', 'select 1'], '--region is of a deployed broker'],
    [['--bucket', 'b', 'select 1'], 'give --stack, or --bucket and --table'],
    [['--date', 'x', 'select 1'], 'There is no option --date'],
    [[], 'Give the statement'],
  ])('refuses the words %j', async (args, why) => {
    const { code, stderr } = await run(
      'query',
      ['--data', await makeArchive([value(1)]), ...args].slice(args.includes('--bucket') ? 2 : 0),
    );
    expect(stderr).toContain(why);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(code).toBe(1);
  });

  test('finds the folder where the broker does, and takes the statement from its input', async () => {
    const path = await makeArchive([value(1)]);
    const { stdout } = await run('query', ['--format', 'csv'], {
      environment: { MILLRACE_DATA_DIR: path },
      input: 'select count(*) from records',
    });
    expect(stdout).toBe('count_star()\r\n1\r\n');
  });
});
