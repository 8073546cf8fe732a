/** `npm run export`: a topic, or a part of it, as files. */
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
import { type ExportRequest, exportToFiles } from './files.ts';
import { placeOf } from './plan.ts';

const args = {
  topic: { type: 'positional', required: true, description: 'The topic' },
  out: {
    type: 'string',
    required: true,
    description: 'A folder; or, of one partition as NDJSON, a file (.ndjson). What is there is gone on with',
  },
  format: {
    type: 'enum',
    options: ['ndjson', 'parquet'],
    default: 'ndjson',
    description: 'A record a line, as a fetch shows it; or files as those of the archive',
  },
  partition: { type: 'string', description: 'Only this partition. May be repeated' },
  from: { type: 'string', description: 'The first offset, or a time (ISO 8601). Without: the oldest' },
  to: { type: 'string', description: 'The offset, or time, at which it ends, exclusive. Without: the end' },
  ...addressArgs,
} satisfies ArgsDef;

const partitionOf = (text: string): number => {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new CommandError(`--partition: the number of a partition, not ${JSON.stringify(text)}.`);
};

const command = defineCommand({
  meta: { name: 'npm run export --', description: 'Copies records of a topic into files' },
  args,
  run: async ({ args: given, rawArgs }) => {
    const { topic, out, format } = given;
    if (!isName(topic)) throw new CommandError(`No topic can have the name ${JSON.stringify(topic)}.`);
    const [, ...more] = given._;
    if (more.length > 0)
      throw new CommandError(`One topic at a time: ${topic}, and then ${more.join(', ')}.`);
    const signal = whenInterrupted();
    const broker = new Broker({ ...addressOf(given, process.env), signal, sleep: systemClock.sleep });
    const progress = new Progress({
      write: (text) => void process.stderr.write(text),
      isTerminal: process.stderr.isTTY,
      now: systemClock.monotonic,
    });
    const request = {
      topic,
      out,
      format: format as ExportRequest['format'],
      partitions: everyValue(rawArgs, 'partition').map(partitionOf),
      from: given.from === undefined ? undefined : placeOf('from', given.from),
      to: given.to === undefined ? undefined : placeOf('to', given.to),
    };
    progress.end(await exportToFiles({ broker, progress, remark, signal }, request), 'Exported');
  },
});

await runCommandLine(command, args, ['partition']);
