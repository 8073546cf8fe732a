/**
 * `npm run bench:http`: what the HTTP interface takes for records of 300 bytes, beside a bare node:http server that is given
 * the same JSON in the same run. Latencies in ms; CPU time of the server's process in µs for each record; of each figure the
 * median of several rounds, each of which has new servers. `--store` says what the records are kept in (memory), `--seconds`
 * how long each case takes (1.5), `--rounds` how often (3), `--only` which cases, by a part of their names.
 */
import { parseArgs } from 'node:util';
import { type Case, cases } from './cases.ts';
import { longPolls, type Round, run } from './load.ts';
import { percentile, type Summary, summary } from './report.ts';
import { type Server, startBare, startBroker } from './server.ts';

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

/** Runs every case once and adds what it showed. A server has not been warm before all cases have run once. */
const measure = async (server: Server, measured: Map<Case, Round[]>): Promise<void> => {
  for (const each of wanted) await run(server, each, seconds / 4);
  for (const each of wanted) {
    const rounds = measured.get(each) ?? [];
    measured.set(each, [...rounds, await run(server, each, seconds)]);
  }
};

const [ours, bare] = [new Map<Case, Round[]>(), new Map<Case, Round[]>()];
const polled: number[] = [];
for (let round = 0; round < Number(values.rounds); round += 1) {
  const yardstick = await startBare();
  await measure(yardstick, bare);
  await yardstick.stop();
  const broker = await startBroker(values.store);
  await measure(broker, ours);
  polled.push(percentile(await longPolls(broker, polls), 0.5));
  await broker.stop();
}

row(`on ${values.store} stores`, ['records/s', 'p50', 'p99', 'p99.9', 'CPU µs', '× bare'], 'to reach');
for (const each of wanted) {
  const [own, yardstick] = [summary(ours.get(each) ?? []), summary(bare.get(each) ?? [])];
  row(each.label, [...cellsOf(own), (own.cpuMicros / yardstick.cpuMicros).toFixed(1)], each.target);
}
const median = polled.toSorted((a, b) => a - b)[Math.floor(polled.length / 2)] ?? Number.NaN;
row('long poll, append to answer', ['', median.toFixed(2)], 'p50 ≤ 2 ms');
row('bare node:http', []);
for (const each of wanted) row(each.label, cellsOf(summary(bare.get(each) ?? [])));
