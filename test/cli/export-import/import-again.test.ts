import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Broker } from '../../../cli/broker/broker.ts';
import { sourceOf } from '../../../cli/import/files.ts';
import { importOne } from '../../../cli/import/one.ts';
import { Client, eventually } from '../../end-to-end/client.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { useBroker } from '../against-broker.ts';
import { parquetOf } from './parquet-of-others.ts';
import { type Fate, proxy } from './proxy.ts';
import { contentsOf, isProduce, makeTopic } from './transfer.ts';

const { broker } = useBroker();

interface Request {
  readonly topic: string;
  readonly file: string;
  readonly byKey?: boolean;
  readonly values?: readonly string[];
  readonly url?: string;
}

/** Imports as the command does. Gives how many records it sent, and what it told. */
const imported = async ({ topic, file, byKey = false, values = [], url = broker().url }: Request) => {
  const { signal } = new AbortController();
  const sleep = async (): Promise<void> => undefined;
  const mapping = { values, headers: {} };
  const remarks: string[] = [];
  let records = 0;
  await importOne(await sourceOf(file, mapping), {
    broker: new Broker({ url, key: broker().key, signal, sleep }),
    ...{ topic, byKey, mapping, signal, sleep, atLeastOnce: false },
    remark: (line) => void remarks.push(line),
    progress: {
      tell: () => undefined,
      end: (done) => {
        ({ records } = done);
      },
    },
  });
  return { records, remarks };
};

const refused = (request: Request) => expect(imported(request)).rejects;

const newFile = (text: string): string => {
  const file = join(temporaryFolder(), 'records.ndjson');
  writeFileSync(file, text);
  return file;
};

/** Lines of two partitions, more than go into one request to each. */
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `{"partition":${(from + at) % 2},"value":${from + at}}`);

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const valuesOf = async (topic: string): Promise<unknown[]> =>
  (await contentsOf(broker(), topic))
    .flat()
    .map((record) => (JSON.parse(record) as { value: unknown }).value)
    .toSorted((a, b) => Number(a) - Number(b));

const upTo = (end: number): number[] => Array.from({ length: end }, (_, at) => at);

describe('a file that had something wrong is mended, and gone on with', () => {
  test.each([
    ['a line that is none', '{"value', 'line 4501: '],
    [
      'a record that the broker refuses',
      `{"partition":0,"key":"${'k'.repeat(2000)}","value":4500}`,
      'line 4501: key',
    ],
    ['a partition that the topic has not', '{"partition":7,"value":4500}', 'line 4501: It is of partition 7'],
  ])('%s: nothing is lost, and nothing is there twice', async (what, wrong, said) => {
    const topic = `mended-${what.replaceAll(' ', '-')}`;
    await makeTopic(broker(), topic, 2);
    const lines = numbered(0, 6000);
    const file = newFile(textOf(lines.with(4500, wrong)));
    await refused({ topic, file }).toThrow(said);
    const before = await valuesOf(topic);
    expect(before.length).toBeGreaterThan(1000);
    writeFileSync(file, textOf(lines));
    const { records, remarks } = await imported({ topic, file });
    expect({ records, remarks }).toEqual({
      records: 6000 - before.length,
      remarks: [`Going on with ${file}.`],
    });
    expect(await valuesOf(topic)).toEqual(upTo(6000));
  });

  test('also by giving the topic the partitions that it wants: those before keep their keys', async () => {
    await makeTopic(broker(), 'grown', 2);
    const keyed = Array.from({ length: 2500 }, (_, at) => `{"key":"k${at % 50}","value":${at}}`);
    const file = newFile(textOf([...keyed, '{"partition":2,"value":2500}', ...keyed]));
    await refused({ topic: 'grown', file }).toThrow('Give the topic more');
    await new Client(broker().url, broker().key).ok('PATCH', '/v1/topics/grown', { partitions: 3 });
    await imported({ topic: 'grown', file });
    const [first = [], second = [], third] = await contentsOf(broker(), 'grown');
    expect([first.length + second.length, third?.length]).toEqual([5000, 1]);
    const keysOf = (records: readonly string[]): Set<string> =>
      new Set(records.map((record) => (JSON.parse(record) as { key: string }).key));
    expect([...keysOf(first)].filter((key) => keysOf(second).has(key))).toEqual([]);
  });

  test('what was wrong at the first try, of which nothing was sent, is in the way of no other', async () => {
    await makeTopic(broker(), 'tried', 1);
    const file = await parquetOf('SELECT 1 AS a');
    await refused({ topic: 'tried', file, values: ['b'] }).toThrow('has no column "b"');
    expect(existsSync(`${file}.import-tried.json`)).toBe(false);
    expect(await imported({ topic: 'tried', file, values: ['a'] })).toMatchObject({ records: 1 });
  });
});

describe('a file that was imported', () => {
  test('is not again; what was put behind it since is', async () => {
    await makeTopic(broker(), 'longer', 2);
    const file = newFile(textOf(numbered(0, 10)));
    expect(await imported({ topic: 'longer', file })).toEqual({ records: 10, remarks: [] });
    const again = await imported({ topic: 'longer', file });
    expect(again.remarks).toEqual([
      expect.stringContaining('is imported already. To import it again, delete'),
    ]);
    writeFileSync(file, textOf(numbered(0, 25)));
    expect(await imported({ topic: 'longer', file })).toMatchObject({ records: 15 });
    expect(await valuesOf('longer')).toEqual(upTo(25));
  });

  test.each([
    ['changed', textOf(['{"partition":0,"value":"zero"}', ...numbered(1, 20)])],
    ['with one more before', textOf(['{"partition":0,"value":-1}', ...numbered(0, 20)])],
    ['shorter', textOf(numbered(0, 5))],
    ['empty', ''],
  ])('is refused where it is %s, and nothing is stored', async (what, text) => {
    const topic = `other-${what.replaceAll(' ', '-')}`;
    await makeTopic(broker(), topic, 2);
    const file = newFile(textOf(numbered(0, 10)));
    await imported({ topic, file });
    writeFileSync(file, text);
    await refused({ topic, file }).toThrow('is not what was imported of it');
    expect(await valuesOf(topic)).toEqual(upTo(10));
  });

  test('is refused where the topic is another, the broker, or the options', async () => {
    await makeTopic(broker(), 'begun', 1);
    const file = newFile('{"partition":0,"value":0}\n');
    await imported({ topic: 'begun', file });
    await refused({ topic: 'begun', file, byKey: true }).toThrow('begun with other options (--by-key');
    const url = await proxy(broker().url, () => 'through');
    await refused({ topic: 'begun', file, url }).toThrow(
      `begun into the broker at ${broker().url}, and this is`,
    );
    const client = new Client(broker().url, broker().key);
    await client.ok('DELETE', '/v1/topics/begun');
    const gone = () => client.call('GET', '/v1/topics/begun');
    await eventually('the topic is gone', gone, ({ status }) => status === 404);
    await makeTopic(broker(), 'begun', 1, ['{"value":"of others"}', '{"value":"of others"}']);
    await refused({ topic: 'begun', file }).toThrow('begun into a topic that was made at');
  });
});

test('the last request of a run that ended is not sent again as another', async () => {
  await makeTopic(broker(), 'pending', 1);
  const lines = ['{"partition":0,"value":0}', '{"partition":0,"value":1}'];
  const file = newFile(textOf(lines));
  const decide = (request: { readonly method: string }): Fate =>
    isProduce(request) ? 'answer lost' : 'through';
  const lost = await proxy(broker().url, decide);
  const state = `${file}.import-pending.json`;
  // The answer never comes: it is stored, and the run does not know it.
  await refused({ topic: 'pending', file, url: lost }).toThrow();
  const stored = JSON.parse(readFileSync(state, 'utf8')) as { plan: object };
  const plan = { ...stored.plan, broker: broker().url };
  writeFileSync(state, JSON.stringify({ ...stored, plan }));
  writeFileSync(file, textOf(['{"partition":0,"value":7}', ...lines.slice(1)]));
  await refused({ topic: 'pending', file }).toThrow('is not what was imported of it');
  writeFileSync(file, textOf(lines));
  await imported({ topic: 'pending', file });
  expect(await valuesOf('pending')).toEqual([0, 1]);
});

test('a file may begin with a mark of byte order, and one without records is said to have none', async () => {
  await makeTopic(broker(), 'odd', 1);
  expect(await imported({ topic: 'odd', file: newFile('\uFEFF{"value":1}\r\n') })).toMatchObject({
    records: 1,
  });
  const empty = newFile('\n');
  expect(await imported({ topic: 'odd', file: empty })).toEqual({
    records: 0,
    remarks: [`${empty} has no records.`],
  });
});

test.each([
  ["'infinity'::TIMESTAMP", 'The timestamp is no time'],
  ['1e300', 'The timestamp is no time'],
  ["'soon'", 'The timestamp is no time'],
])('a time of %s is named with its row', async (time, said) => {
  const mapping = { values: ['a'], timestamp: 't', headers: {} };
  const source = await sourceOf(await parquetOf(`SELECT 1 AS a, ${time} AS t`), mapping);
  const all = async () => {
    for await (const { at } of source.records()) expect(at).toBe(0);
  };
  await expect(all()).rejects.toThrow(`row 1: ${said}`);
});
