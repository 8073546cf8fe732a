/**
 * `npm run bench:units`: what each operation costs in requests to DynamoDB and in capacity units, counted at the
 * clients of the real code over the embedded store, and in ranges read of the archive. Ends with 1 when an operation takes more requests than it may.
 */
import { type Measured, measureAll } from './scenarios.ts';
import { startSystem } from './system.ts';

const columns = ['writes', 'reads', 'write units', 'read units', 'WU/record', 'RU/record', 'GETs'] as const;

const cells = ({ operations, records, usage }: Measured): readonly number[] => [
  usage.writes / operations,
  usage.reads / operations,
  usage.writeUnits / operations,
  usage.readUnits / operations,
  usage.writeUnits / records,
  usage.readUnits / records,
  usage.gets / operations,
];

const missed = ({ operations, usage, target }: Measured): boolean =>
  target !== undefined &&
  (usage.writes > operations * target.writes ||
    usage.reads > operations * target.reads ||
    usage.gets > operations * (target.gets ?? 0));

const line = (label: string, values: readonly string[]): void =>
  void process.stdout.write(`${label.padEnd(44)}${values.map((value) => value.padStart(13)).join('')}\n`);

const system = await startSystem();
try {
  const measured = await measureAll(system);
  line('per operation (records of 300 bytes)', columns);
  for (const row of measured)
    line(
      row.label,
      cells(row).map((value) => String(Number(value.toFixed(4)))),
    );
  const misses = measured.filter(missed);
  for (const { label, target } of misses)
    process.stdout.write(
      `MISSED: ${label} may take ${target?.writes} writes, ${target?.reads} reads and ${target?.gets ?? 0} GETs at most\n`,
    );
  if (misses.length === 0) process.stdout.write('Every operation takes the requests it may, and no more.\n');
  process.exitCode = misses.length === 0 ? 0 : 1;
} finally {
  await system.stop();
}
