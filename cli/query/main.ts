/** `npm run query`: a statement of SQL on the archive, run by DuckDB. */
import { text } from 'node:stream/consumers';
import { type ArgsDef, defineCommand } from 'citty';
import { runCommandLine, wholeNumber } from '../command-line.ts';
import { whereInstalled } from '../duckdb/installed.ts';
import { CommandError } from '../failure.ts';
import { everyValue } from '../option-words.ts';
import { answer, remark } from '../output.ts';
import type { Archive } from './archive.ts';
import { dataFolderArchive } from './data-folder.ts';

const args = {
  statement: {
    type: 'positional',
    required: false,
    description:
      'SQL of DuckDB. Each topic is a view of its name, as "orders"; all of them are records. Without: what stands in the input',
  },
  format: {
    type: 'enum',
    options: ['table', 'csv', 'json'],
    default: 'table',
    description: 'How the answer is written',
  },
  rows: { type: 'string', valueHint: '100', description: 'Rows that a table shows at most' },
  topic: { type: 'string', description: 'Opens this topic alone. May be repeated' },
  data: {
    type: 'string',
    description: 'The data folder of a broker of one machine. Without: MILLRACE_DATA_DIR, or .millrace',
  },
  stack: { type: 'string', description: 'The name of a deployed stack, instead of --data' },
  bucket: { type: 'string', description: 'The archive bucket of a deployed broker, with --table' },
  table: { type: 'string', description: 'Its state table, which says what is in the archive' },
  region: { type: 'string', description: 'Where the stack is. Without: as the AWS tools find it' },
  profile: { type: 'string', description: 'The profile of the AWS configuration' },
} satisfies ArgsDef;

const mebibyte = 2 ** 20;

const archiveOf = async (given: Record<keyof typeof args, string | undefined>): Promise<Archive> => {
  const { data } = given;
  const isDeployed = [given.stack, given.bucket, given.table].some((name) => name !== undefined);
  const reach = (['region', 'profile'] as const).find((name) => given[name] !== undefined);
  if (!isDeployed && reach !== undefined)
    throw new CommandError(`--${reach} is of a deployed broker: give its --stack, or --bucket and --table.`);
  if (!isDeployed) return dataFolderArchive(data ?? process.env['MILLRACE_DATA_DIR'] ?? '.millrace');
  if (data !== undefined) throw new CommandError('Give --data, or what is deployed, not both.');
  // The clients of AWS take a while to load.
  const { deployedArchive } = await import('./deployed.ts');
  return deployedArchive(given, process.env, ({ segments, bytes }) =>
    remark(`Fetching ${segments} segments, ${(bytes / mebibyte).toFixed(1)} MiB.`),
  );
};

const loadQuery = () =>
  whereInstalled(async () => ({
    ...(await import('./query.ts')),
    ...(await import('./formats/csv.ts')),
    ...(await import('./formats/json.ts')),
    ...(await import('./formats/table.ts')),
  }));

/** What was copied here is not left behind. */
const closeWhenInterrupted = (archive: Archive): void => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void archive.close().finally(() => process.exit(130)));
};

const fromInput = async (): Promise<string> => {
  const statement = process.stdin.isTTY ? '' : (await text(process.stdin)).trim();
  if (statement === '')
    throw new CommandError('Give the statement, in quotes, as "select count(*) from records".');
  return statement;
};

const command = defineCommand({
  meta: { name: 'npm run query --', description: 'Asks the archive of a broker by SQL' },
  args,
  run: async ({ args: given, rawArgs }) => {
    const most = wholeNumber('rows', given.rows, { from: 1, absent: 100 });
    const [, ...more] = given._;
    if (more.length > 0)
      throw new CommandError('The statement is one word to the shell: put it in quotes, as "select …".');
    const statement = given.statement?.trim() || (await fromInput());
    const archive = await archiveOf(given);
    closeWhenInterrupted(archive);
    const { query, csvFormat, jsonFormat, tableFormat } = await loadQuery();
    const formats = { csv: csvFormat, json: jsonFormat, table: tableFormat(most) };
    const topics = everyValue(rawArgs, 'topic');
    try {
      const asked = { statement, remark, format: formats[given.format as keyof typeof formats] };
      for await (const piece of query(archive, { ...asked, ...(topics.length > 0 && { topics }) }))
        await answer(piece);
    } finally {
      await archive.close();
    }
  },
});

await runCommandLine(command, args, ['topic']);
