/** `npm run import`: records of files, appended to a topic. */
import { type ArgsDef, defineCommand } from 'citty';
import { isName } from '../../lib/domain/text/names.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { addressArgs, addressOf } from '../broker/address.ts';
import { Broker } from '../broker/broker.ts';
import { runCommandLine } from '../command-line.ts';
import { CommandError } from '../failure.ts';
import { everyValue } from '../option-words.ts';
import { remark } from '../output.ts';
import { whenInterrupted } from '../terminal/interrupt.ts';
import { Progress } from '../terminal/progress.ts';
import { filesOf, sourceOf } from './files.ts';
import { headersOf, type Mapping, valuesOf } from './mapping.ts';
import { importOne } from './one.ts';

const args = {
  topic: { type: 'positional', required: true, description: 'The topic, which is there' },
  file: {
    type: 'positional',
    required: true,
    description: 'Files or folders: .ndjson as an export writes it, .parquet of the archive or of others',
  },
  'by-key': {
    type: 'boolean',
    description: 'The partition by the key, also where the file names one. For a topic of other partitions',
  },
  'at-least-once': {
    type: 'boolean',
    description: 'For partitions that others write to all the time: what gets no answer may be stored twice',
  },
  key: { type: 'string', description: 'Of Parquet of others: the column that is the key' },
  value: {
    type: 'string',
    description:
      'The column that is the value; repeated: those of an object. Without: all that are nothing else',
  },
  timestamp: {
    type: 'string',
    description: 'The column that is the time: a timestamp, ms since 1970, or ISO 8601',
  },
  header: {
    type: 'string',
    valueHint: 'name=column',
    description: 'A column that is a header. May be repeated',
  },
  partition: { type: 'string', description: 'The column that is the number of the partition' },
  ...addressArgs,
} satisfies ArgsDef;

const newProgress = (): Progress =>
  new Progress({
    write: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY,
    now: systemClock.monotonic,
  });

const command = defineCommand({
  meta: { name: 'npm run import --', description: 'Appends records of files to a topic' },
  args,
  run: async ({ args: given, rawArgs }) => {
    const { topic } = given;
    if (!isName(topic)) throw new CommandError(`No topic can have the name ${JSON.stringify(topic)}.`);
    const mapping: Mapping = {
      key: given.key,
      values: valuesOf(everyValue(rawArgs, 'value')),
      timestamp: given.timestamp,
      partition: given.partition,
      headers: headersOf(everyValue(rawArgs, 'header')),
    };
    const [, ...paths] = given._;
    const sources = await Promise.all(filesOf(paths).map((path) => sourceOf(path, mapping)));
    const signal = whenInterrupted();
    const { sleep } = systemClock;
    const broker = new Broker({ ...addressOf(given, process.env), signal, sleep });
    const [byKey, atLeastOnce] = [given['by-key'] === true, given['at-least-once'] === true];
    const options = { broker, topic, byKey, atLeastOnce, signal, sleep, remark, mapping };
    for (const source of sources) await importOne(source, { ...options, progress: newProgress() });
  },
});

await runCommandLine(command, args, ['value', 'header']);
