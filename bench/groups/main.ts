/**
 * `npm run bench:groups`: what groups that pull cost in requests to DynamoDB and in capacity units, counted at the clients of the real code
 * over the embedded store by a clock whose waits pass at once; how long a partition has no reader; and how fast one partition is shared,
 * over SQLite by the real clock. Ends with 1 when a target is missed.
 */
import { gapAfterDeath, gapAfterLeave } from './gaps.ts';
import { sharedSpeed } from './speed.ts';
import { type Counted, deliveredRecords, idleCycle, idleHours, warmPoll } from './units.ts';

const modes = ['pull', 'shared'] as const;
const memberCounts = [1, 4, 16] as const;
const runs = 7;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const figure = (value: number): string => String(Number(value.toPrecision(3)));

const counted = (label: string, { usage, per }: Counted): void => {
  const { writes, reads, writeUnits, readUnits } = usage;
  const cells = [writes, reads, writeUnits, readUnits].map((value) => figure(value / per).padStart(13));
  print(`${label.padEnd(36)}${cells.join('')}`);
};

const misses: string[] = [];
const require = (holds: boolean, target: string): void => {
  if (!holds) misses.push(target);
};

print(
  `${''.padEnd(36)}${['writes', 'reads', 'write units', 'read units'].map((name) => name.padStart(13)).join('')}`,
);
for (const mode of modes)
  for (const members of memberCounts)
    counted(`${mode}, ${members} members, a record`, await deliveredRecords(mode, members));
for (const mode of modes)
  for (const members of memberCounts)
    counted(`${mode}, ${members} members, an idle hour`, await idleHours(mode, members));

const poll = await warmPoll();
counted('pull, a poll with a batch and an ack', poll);
require(poll.usage.writes <= poll.per &&
  poll.usage.reads <=
    2 *
      poll.per, 'a poll that brings a batch of one partition and acknowledges the last takes 1 write and 2 reads at most');

const cycle = await idleCycle();
print(
  `requests of an idle cycle over 100 partitions: ${cycle.median}, ${cycle.most} where members and cursors are read again`,
);
require(cycle.median === 1, 'an idle cycle over 100 partitions takes 1 request');

const left = await gapAfterLeave();
const died = await gapAfterDeath();
print(
  `without a reader after a member leaves: ${left.ms} ms; after it dies: ${died.ms} ms (simulated; a session is 30 s)`,
);
require(left.partitions === 16, 'after a leave the next poll of the survivor has its partitions');

const speeds = new Map<number, number[]>(memberCounts.map((members) => [members, []]));
await sharedSpeed(1);
for (let run = 0; run < runs; run += 1)
  for (const members of memberCounts) speeds.get(members)?.push(await sharedSpeed(members));
const median = (values: readonly number[] = []): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const [one, four, sixteen] = memberCounts.map((members) => median(speeds.get(members)));
print(
  `records/s of one shared partition, medians of ${runs}: ${[one, four, sixteen].map((speed = 0) => Math.round(speed)).join(', ')} with 1, 4 and 16 members`,
);
const [ones = [], , sixteens = []] = memberCounts.map((members) => speeds.get(members));
const ratio = median(sixteens.map((speed, run) => speed / (ones[run] ?? speed)));
print(`16 members to 1, median of the ratios of each run: ${ratio.toFixed(2)}`);
require(ratio >= 0.8, '16 members get 0.8 of what one gets at least');

for (const target of misses) print(`MISSED: ${target}`);
if (misses.length === 0) print('Every target is met.');
process.exitCode = misses.length === 0 ? 0 : 1;
