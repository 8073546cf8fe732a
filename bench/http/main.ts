/**
 * `npm run bench:http`: what the HTTP interface takes for records of 300 bytes, beside a bare node:http server that is given
 * the same JSON in the same run. Latencies in ms; CPU time of the server's process in µs for each record; of each figure the
 * median of several rounds, of CPU times also that of what they are beside the yardstick's. `--store` says what the records are kept in (memory), `--seconds`
 * how long each case takes (1.5), `--rounds` how often (3), `--only` which cases, by a part of their names.
 */
import { parseArgs } from 'node:util';
import { type Case, cases } from './cases.ts';
import { longPolls, type Round, run } from './load.ts';
import { median, percentile, type Summary, summary } from './report.ts';
import { startBare, startBroker } from './server.ts';

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'memory' },
    seconds: { type: 'string', default: '1.5' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
});
const seconds = Number(values.seconds);
const wanted = cases.filter(({ label }) => label.includes(values.only));
const polls = 100;

const row = (label: string, cells: readonly string[], note = ''): void =>
  void process.stdout.write(
    `${label.padEnd(26)}${cells.map((cell) => cell.padStart(11)).join('')}  ${note}\n`,
  );

const cellsOf = ({ recordsPerSecond, p50, p99, p999, cpuMicros }: Summary): string[] => [
  Math.round(recordsPerSecond).toLocaleString('en'),
  ...[p50, p99, p999].map((ms) => ms.toFixed(2)),
  cpuMicros.toFixed(1),
];

/** The rounds of a case, ours and the yardstick's. */
interface Measured {
  readonly ours: Round[];
  readonly bare: Round[];
}

const measured = new Map<Case, Measured>(wanted.map((each) => [each, { ours: [], bare: [] }]));
const polled: number[] = [];
const [broker, yardstick] = [await startBroker(values.store), await startBare()];
// What has not run for a while is slower: every case before the first that counts.
for (const server of [yardstick, broker]) for (const each of wanted) await run(server, each, seconds);
for (let round = 0; round < Number(values.rounds); round += 1) {
  // Right after each other, since the machine may be busy for a while.
  for (const [each, { ours, bare }] of measured) {
    bare.push(await run(yardstick, each, seconds));
    ours.push(await run(broker, each, seconds));
  }
  polled.push(percentile(await longPolls(broker, polls), 0.5));
}
await yardstick.stop();
await broker.stop();

row(`on ${values.store} stores`, ['records/s', 'p50', 'p99', 'p99.9', 'CPU µs', '× bare'], 'to reach');
for (const [{ label, target }, { ours, bare }] of measured) {
  const ratio = median(ours.map(({ cpuMicros }, round) => cpuMicros / (bare[round]?.cpuMicros ?? 0)));
  row(label, [...cellsOf(summary(ours)), ratio.toFixed(1)], target);
}
row('long poll, append to answer', ['', median(polled).toFixed(2)], 'p50 ≤ 2 ms');
row('bare node:http', []);
for (const [{ label }, { bare }] of measured) row(label, cellsOf(summary(bare)));
