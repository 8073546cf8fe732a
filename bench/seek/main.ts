/**
 * `npm run bench:seek`: what a seek of a group in as many partitions as a topic may have takes in time, in requests to
 * DynamoDB and in capacity units, over the embedded store. Ends with 1 when one takes longer than a gateway waits, or writes a cursor
 * more than once.
 */
import type { GroupMode, GroupStart } from '../../lib/domain/groups/groups.ts';
import { limits } from '../../lib/domain/limits.ts';
import { type Measured, startWorld } from './world.ts';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const longestSeconds = 29;

const line = (label: string, values: readonly string[]): void =>
  void process.stdout.write(`${label.padEnd(58)}${values.map((value) => value.padStart(13)).join('')}\n`);

interface Row {
  readonly label: string;
  readonly mode: GroupMode;
  readonly to: GroupStart;
  /** Whether the group has as much in hand as it may have. */
  readonly holds?: true;
  readonly isThrottled?: true;
}

const rowsOf = (middle: string): readonly Row[] => [
  { label: 'pull, to the end', mode: 'pull', to: 'latest' },
  { label: 'pull, to the end once more: nothing is to be done', mode: 'pull', to: 'latest' },
  { label: 'pull, to the beginning', mode: 'pull', to: 'earliest' },
  { label: 'pull, to a time', mode: 'pull', to: { timestamp: middle } },
  { label: 'shared, holding all it may, to the end', mode: 'shared', to: 'latest', holds: true },
  {
    label: 'the same, of a key that takes 1,000 write units a second',
    mode: 'shared',
    to: 'latest',
    holds: true,
    isThrottled: true,
  },
  { label: 'push, to the end', mode: 'push', to: 'latest' },
  { label: 'push, to the beginning, with its wakes', mode: 'push', to: 'earliest' },
];

const world = await startWorld();
try {
  line(`a seek in ${limits.partitionsPerTopic} partitions`, [
    'seconds',
    'writes',
    'reads',
    'write units',
    'read units',
    'throttled',
  ]);
  let isMissed = false;
  for (const { label, mode, to, holds, isThrottled } of rowsOf(world.middle)) {
    if (holds === true) await world.hold(mode);
    const measured: Measured & { refused: number } = await world.seek(mode, to, isThrottled);
    const { seconds, usage, refused } = measured;
    const { writes, reads, writeUnits, readUnits } = usage;
    line(label, [seconds.toFixed(2), ...[writes, reads, writeUnits, readUnits, refused].map(String)]);
    isMissed ||= seconds > longestSeconds || writes > limits.partitionsPerTopic;
  }
  process.stdout.write(
    isMissed
      ? 'MISSED: see above.\n'
      : `Each took less than ${longestSeconds} s, and a write for a partition at most.\n`,
  );
  process.exitCode = isMissed ? 1 : 0;
} finally {
  await world.stop();
}
