import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, eventually, type Record as LogRecord } from '../end-to-end/client.ts';
import { awsEnvironment } from './cdk.ts';

const root = new URL('../..', import.meta.url).pathname;
/** A name that SQL takes in quotes alone. */
const topic = 'orders.2026-eu';
const partitions = 2;

/** Whoever reads the archive of the stack by the commands, with nothing but what users have. */
export interface ReaderDeps {
  readonly endpoint: string;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly stack: string;
  readonly url: string;
  readonly key: string;
}

interface Partition {
  readonly partition: number;
  readonly archivedThrough: number;
}

/** What a row of `records` says of a record, as JSON. */
interface Row {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: string;
  readonly key: string | null;
  readonly value: string;
  readonly value_json: unknown;
  readonly headers: Readonly<Record<string, string>> | null;
}

const everyShape = [
  { key: 'ключ 🌊', value: { text: 'Grüße', list: [1, null, true] }, headers: { event: 'paid', two: 'é' } },
  { value: null },
  { key: '', valueBase64: 'AAEC/w==' },
  { key: 'k', value: [1.5, 'x'], timestamp: '2024-05-01T12:00:00.000Z' },
];

/** What does not become smaller, so that some of them fill a segment of a mebibyte. */
const large = (): string => randomBytes(180_000).toString('base64');

const rowOf = ({ partition, offset, timestamp, key, value, valueBase64, headers }: LogRecord): Row => ({
  partition,
  offset,
  timestamp,
  key: key ?? null,
  value: valueBase64 ?? Buffer.from(JSON.stringify(value)).toString('base64'),
  value_json: valueBase64 === undefined ? value : null,
  headers: headers ?? null,
});

/** A record as it was given: without the place and the time that it has in one topic alone. */
const givenOf = ({ key, value, valueBase64, headers, timestamp }: LogRecord) => ({
  key,
  value,
  valueBase64,
  headers,
  timestamp,
});

export class ArchiveReader {
  readonly #deps: ReaderDeps;
  readonly #client: Client;

  private constructor(deps: ReaderDeps) {
    this.#deps = deps;
    this.#client = new Client(deps.url, deps.key);
  }

  /** Makes the topic, and appends more than a segment to each of its partitions. */
  static async start(deps: ReaderDeps): Promise<ArchiveReader> {
    const reader = new ArchiveReader(deps);
    await reader.#client.ok('PUT', `/v1/topics/${topic}`, { partitions });
    const numbers = Array.from({ length: partitions }, (_, partition) => partition);
    const small = numbers.flatMap((partition) => everyShape.map((record) => ({ ...record, partition })));
    await reader.#client.produce(topic, small);
    for (let number = 0; number < 9; number += 1)
      await reader.#client.produce(
        topic,
        numbers.map((partition) => ({ partition, key: `k${number}`, value: { number, text: large() } })),
      );
    return reader;
  }

  /** Waits until a segment of each partition is archived. */
  async archived(withinMs: number): Promise<void> {
    const isArchived = (all: readonly Partition[]): boolean =>
      all.every(({ archivedThrough }) => archivedThrough > 0);
    await eventually('a segment of each partition', () => this.#partitions(), isArchived, withinMs);
  }

  /** Checks that `npm run query -- --stack` gives what fetches give, and leaves nothing behind. */
  async queryAsFetched(outputs: Readonly<Record<string, string>>): Promise<void> {
    const { stack, folder } = this.#deps;
    const columns = 'partition, "offset", timestamp, key, value, value_json, headers';
    const statement = `select ${columns} from "${topic}" order by partition, "offset"`;
    const rows = await this.#run('query', ['--stack', stack, '--format', 'json', statement]);
    const ends = new Map((await this.#partitions()).map((one) => [one.partition, one.archivedThrough]));
    const fetched = (await this.#fetched(topic)).filter(
      ({ partition, offset }) => offset < (ends.get(partition) ?? 0),
    );
    assert.ok(fetched.length > partitions * everyShape.length, 'what is archived has records of every shape');
    assert.deepEqual(JSON.parse(rows), fetched.map(rowOf));

    const { ArchiveBucketName: bucket = '', StateTableName: table = '' } = outputs;
    const count = `select topic, count(*) as records from records group by all`;
    const byNames = ['--bucket', bucket, '--table', table, '--topic', topic, '--format', 'csv', count];
    assert.equal(await this.#run('query', byNames), `topic,records\r\n${topic},${fetched.length}\r\n`);
    const left = readdirSync(folder).filter((name) => name.startsWith('millrace-query-'));
    assert.deepEqual(left, [], 'the copy of the bucket is gone');
  }

  /** Checks that an export has what fetches give: NDJSON as it is, Parquet by importing it into a copy of the topic. */
  async exportAsFetched(): Promise<void> {
    const { folder } = this.#deps;
    const fetched = await this.#fetched(topic);
    const lines = join(folder, 'export-ndjson');
    await this.#run('export', [topic, '--out', lines]);
    const written = readdirSync(lines)
      .sort()
      .flatMap((name) => readFileSync(join(lines, name), 'utf8').trimEnd().split('\n'));
    assert.deepEqual(
      written.map((line) => JSON.parse(line)),
      fetched,
    );
    const parquet = join(folder, 'export-parquet');
    await this.#run('export', [topic, '--out', parquet, '--format', 'parquet']);
    const copy = `${topic}-copy`;
    await this.#client.ok('PUT', `/v1/topics/${copy}`, { partitions });
    await this.#run('import', [copy, parquet]);
    assert.deepEqual((await this.#fetched(copy)).map(givenOf), fetched.map(givenOf));
  }

  async #partitions(): Promise<readonly Partition[]> {
    const answer = await this.#client.ok<{ partitions: Partition[] }>(
      'GET',
      `/v1/topics/${topic}/partitions`,
    );
    return answer.partitions;
  }

  /** Every record of a topic, partition by partition. */
  async #fetched(name: string): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    for (let partition = 0; partition < partitions; partition += 1)
      for (let offset = 0; ; ) {
        const page = await this.#client.fetch(name, partition, `offset=${offset}`);
        records.push(...page.records);
        offset = page.nextOffset;
        if (offset >= page.endOffset) break;
      }
    return records;
  }

  /** Runs a command of `cli/` in an environment of its own. Gives what it answered. */
  async #run(command: string, args: readonly string[]): Promise<string> {
    const { endpoint, folder, url, key, signal } = this.#deps;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(root, 'cli', command, 'main.ts'), ...args],
      {
        cwd: folder,
        env: { ...awsEnvironment(endpoint, folder), MILLRACE_URL: url, MILLRACE_KEY: key },
        maxBuffer: 64 * 2 ** 20,
        timeout: 60_000,
        signal,
      },
    );
    return stdout;
  }
}
