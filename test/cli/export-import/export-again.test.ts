import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Broker } from '../../../cli/broker/broker.ts';
import { type ExportRequest, exportToFiles } from '../../../cli/export/files.ts';
import { Client, eventually } from '../../end-to-end/client.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { useBroker } from '../against-broker.ts';
import { run } from '../command.ts';
import { makeTopic } from './transfer.ts';

const { broker, surroundings } = useBroker();

const numbered = (count: number, what = 'value'): string[] =>
  Array.from({ length: count }, (_, at) => `{"partition":0,"value":"${what} ${at}"}`);

type Request = Partial<Pick<ExportRequest, 'from' | 'to' | 'partitions'>> &
  Pick<ExportRequest, 'topic' | 'out'> & { readonly format?: string; readonly url?: string };

/** Exports as the command does. Gives how many records it wrote, and what it told. */
const exported = async ({ format = 'ndjson', partitions = [], url = broker().url, ...request }: Request) => {
  const { signal } = new AbortController();
  const { key } = broker();
  const remarks: string[] = [];
  const deps = {
    broker: new Broker({ url, key, signal, sleep: async () => undefined }),
    progress: { tell: () => undefined, resumeAt: () => undefined },
    remark: (line: string) => void remarks.push(line),
    signal,
  };
  const as = format as ExportRequest['format'];
  const { records } = await exportToFiles(deps, { partitions, format: as, ...request });
  return { records, remarks };
};

const refused = (request: Request) => expect(exported(request)).rejects;

/** Every file below a folder, and what it holds. */
const contents = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile())
      .map((path) => [path, readFileSync(path, 'latin1')]),
  );

/** Deletes a topic, and makes one of its name. */
const makeAgain = async (topic: string, records: readonly string[]): Promise<void> => {
  const client = new Client(broker().url, broker().key);
  await client.ok('DELETE', `/v1/topics/${topic}`);
  const gone = () => client.call('GET', `/v1/topics/${topic}`);
  await eventually('the topic is gone', gone, ({ status }) => status === 404);
  await makeTopic(broker(), topic, 1, records);
};

const offset = (at: number) => ({ offset: at });

describe('what is there already is gone on with', () => {
  test.each(['ndjson', 'parquet'])('and told of, as %s', async (format) => {
    const topic = `more-${format}`;
    await makeTopic(broker(), topic, 1, numbered(3));
    const request = { topic, out: temporaryFolder(), format };
    expect(await exported(request)).toEqual({ records: 3, remarks: [] });
    await new Client(broker().url, broker().key).produce(topic, [{ value: 'more' }]);
    const remarks = ['Going on behind what is there already.'];
    expect(await exported(request)).toEqual({ records: 1, remarks });
    expect(await exported(request)).toEqual({ records: 0, remarks });
  });

  test('also by two at the same time, which write the same', async () => {
    await makeTopic(broker(), 'twice', 1, numbered(3000));
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    await Promise.all([one, one, two].map((out) => exported({ topic: 'twice', out })));
    const read = (folder: string): string => readFileSync(join(folder, 'twice-0.ndjson'), 'utf8');
    expect(read(one)).toBe(read(two));
  });

  test('what was not finished of a line is made anew', async () => {
    await makeTopic(broker(), 'cut', 1, numbered(2));
    const whole = join(temporaryFolder(), 'whole.ndjson');
    await exported({ topic: 'cut', out: whole });
    const text = readFileSync(whole, 'utf8');
    for (const length of [5, 30, text.indexOf('\n') + 9, text.length - 1]) {
      const out = join(temporaryFolder(), 'cut.ndjson');
      writeFileSync(out, text.slice(0, length));
      await exported({ topic: 'cut', out });
      expect(readFileSync(out, 'utf8')).toBe(text);
    }
  });
});

describe('what is there and is something else is refused, and stays as it is:', () => {
  test.each(['ndjson', 'parquet'])('records of a topic that had the name before, as %s', async (format) => {
    const topic = `again-${format}`;
    await makeTopic(broker(), topic, 1, numbered(3));
    const request = { topic, out: temporaryFolder(), format };
    await exported(request);
    const before = contents(request.out);
    for (const count of [5, 2]) {
      await makeAgain(topic, numbered(count, 'another'));
      await refused(request).toThrow('or of one that had its name before. Give another --out.');
    }
    expect(contents(request.out)).toEqual(before);
  });

  test('records of another topic', async () => {
    for (const topic of ['one', 'other']) await makeTopic(broker(), topic, 1, numbered(3, topic));
    const out = join(temporaryFolder(), 'part.ndjson');
    await exported({ topic: 'one', out });
    const before = readFileSync(out, 'utf8');
    await refused({ topic: 'other', out }).toThrow('but of another topic');
    expect(readFileSync(out, 'utf8')).toBe(before);
  });

  test.each(['ndjson', 'parquet'])('another part of the topic, as %s', async (format) => {
    const topic = `parts-${format}`;
    await makeTopic(broker(), topic, 1, numbered(9));
    const request = { topic, out: temporaryFolder(), format, from: offset(3) };
    await exported({ ...request, to: offset(6) });
    const before = contents(request.out);
    await refused({ ...request, from: undefined }).toThrow(
      'begin at offset 3 of partition 0, and offset 0 is',
    );
    await refused({ ...request, to: offset(5) }).toThrow('go up to offset 5');
    await refused({ ...request, from: offset(7) }).toThrow('end before offset 6');
    expect(contents(request.out)).toEqual(before);
    expect(await exported(request)).toMatchObject({ records: 3 });
  });

  test.each(['{"name":"mine"}', '{"name":"mine"}\n', '{"partition":1,"offset":0,"value":1}\n', 'x'])(
    'a file with %j',
    async (text) => {
      await makeTopic(broker(), 'mine', 1, numbered(2));
      const out = join(temporaryFolder(), 'mine.json');
      writeFileSync(out, text);
      await refused({ topic: 'mine', out }).toThrow('does not hold exported records of its partition');
      expect(readFileSync(out, 'utf8')).toBe(text);
    },
  );

  test('a Parquet file that is damaged, or that others are writing', async () => {
    await makeTopic(broker(), 'damaged', 1, numbered(2));
    const out = temporaryFolder();
    const folder = join(out, 'topic=damaged', 'partition=0');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'mine.part'), 'x');
    writeFileSync(join(folder, `${'0'.repeat(16)}-${'1'.padStart(16, '0')}.parquet`), 'x');
    const before = contents(out);
    await refused({ topic: 'damaged', out, format: 'parquet' }).toThrow(
      'Delete it, and the same command makes',
    );
    expect(contents(out)).toEqual(before);
  });
});

test('what cannot be, or would be nothing, is said', async () => {
  await makeTopic(broker(), 'few', 1, numbered(2));
  const out = temporaryFolder();
  const few = { topic: 'few', out };
  const backwards = '--from is not before --to';
  await refused({ ...few, from: offset(2), to: offset(1) }).toThrow(backwards);
  const [later, earlier] = [{ timestamp: '2026-01-02T00:00:00Z' }, { timestamp: '2026-01-01T00:00:00Z' }];
  await refused({ ...few, from: later, to: earlier }).toThrow(backwards);
  await refused({ ...few, out: join(out, 'few.csv') }).toThrow('NDJSON or Parquet');
  const file = join(out, 'file');
  writeFileSync(file, '');
  await refused({ ...few, out: file }).toThrow('file cannot be written: it is a file (EEXIST).');
  await refused({ ...few, out: '/proc/nothing' }).toThrow('nothing can be made there (ENOENT)');
  mkdirSync(join(out, 'few-0.ndjson'));
  await refused(few).toThrow('few-0.ndjson cannot be written: it is a folder (EISDIR).');
  const none = { ...few, out: join(out, 'none') };
  const remarks = ['Topic few has no records there.'];
  expect(await exported({ ...none, from: offset(7) })).toEqual({ records: 0, remarks });
  await makeTopic(broker(), 'no', 2);
  expect((await exported({ ...none, topic: 'no' })).remarks).toEqual(['Topic no has no records.']);
  expect((await exported({ ...none, topic: 'no', partitions: [1] })).remarks).toEqual([
    'Topic no has no records there.',
  ]);
});

test('offsets that are asked for and are there no more are told of', async () => {
  const partitions = [7, 9, 0].map((at, partition) => ({ partition, startOffset: at, endOffset: at }));
  const server = createServer((_request, response) => void response.end(JSON.stringify({ partitions })));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const request = { topic: 'old', out: temporaryFolder(), url };
  const { remarks } = await exported({ ...request, from: offset(0) });
  expect(remarks[0]).toMatch(
    /^Partition 0 begins at offset 7 by now: .*, and 1 more begin behind --from too\.$/,
  );
  expect((await exported({ ...request, from: offset(9) })).remarks).toEqual([
    'Topic old has no records there.',
  ]);
  expect((await exported(request)).remarks).toEqual(['Topic old has no records.']);
});

test('the command takes one topic', async () => {
  const args = ['few', 'other', '--out', temporaryFolder()];
  const { code, stderr } = await run('export', args, surroundings());
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'One topic at a time: few, and then other.\n' });
});
