/**
 * `npm run bench:produce`: what producing over HTTP takes, of a broker over SQLite beside a bare node:http server that is
 * given the same JSON in the same run: plain, with an `Idempotency-Key`, and with `Producer-*` headers, on one partition.
 * Latencies in ms; CPU time of the server's process in µs for each record, and how much of the time it is busy: of each figure
 * the median of several rounds. Then what each kind of request costs on DynamoDB, where the broker's time goes, and what
 * clients see of a store that throttles. `--seconds` how long each case takes (1.5), `--rounds` how often (3), `--only` which
 * cases, by a part of their names, `--part` which of `load`, `units`, `profile` and `strain` (all).
 */
import { parseArgs } from 'node:util';
import { type Round, run } from '../http/load.ts';
import { median, summary } from '../http/report.ts';
import { type Server, startBare, startBroker } from '../http/server.ts';
import { type ProduceCase, produceCases } from './cases.ts';
import { partsOf } from './profile.ts';
import { strain } from './strain.ts';
import { costs } from './units.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1.5' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    part: { type: 'string', default: '' },
  },
});
const seconds = Number(values.seconds);
const wanted = produceCases.filter(({ label }) => label.includes(values.only));

const row = (label: string, cells: readonly string[]): void =>
  void process.stdout.write(`${label.padEnd(26)}${cells.map((cell) => cell.padStart(12)).join('')}\n`);
const line = (text = ''): void => void process.stdout.write(`${text}\n`);

interface Measured {
  readonly ours: Round[];
  readonly bare: Round[];
}

const measure = async (broker: Server, yardstick: Server): Promise<ReadonlyMap<ProduceCase, Measured>> => {
  const measured = new Map(wanted.map((each): [ProduceCase, Measured] => [each, { ours: [], bare: [] }]));
  // What has not run for a while is slower: every case before the first that counts.
  for (const server of [yardstick, broker]) for (const each of wanted) await run(server, each, seconds);
  for (let round = 0; round < Number(values.rounds); round += 1)
    for (const [each, { ours, bare }] of measured) {
      bare.push(await run(yardstick, each, seconds));
      ours.push(await run(broker, each, seconds));
    }
  return measured;
};

const showLoad = async (broker: Server): Promise<void> => {
  const yardstick = await startBare();
  const measured = await measure(broker, yardstick);
  await yardstick.stop();
  row('connections × records', ['records/s', 'p50', 'p99', 'CPU µs', '× bare', 'busy', 'bare rec/s']);
  for (const [{ label }, { ours, bare }] of measured) {
    const { recordsPerSecond, p50, p99, cpuMicros } = summary(ours);
    const ratio = median(ours.map((round, index) => round.cpuMicros / (bare[index]?.cpuMicros ?? 0)));
    const busy = (recordsPerSecond * cpuMicros) / 1e6;
    row(label, [
      Math.round(recordsPerSecond).toLocaleString('en'),
      p50.toFixed(2),
      p99.toFixed(2),
      cpuMicros.toFixed(1),
      ratio.toFixed(1),
      `${Math.round(busy * 100)} %`,
      Math.round(summary(bare).recordsPerSecond).toLocaleString('en'),
    ]);
  }
};

const showUnits = async (): Promise<void> => {
  row('a request on DynamoDB', ['writes', 'reads', 'write units', 'read units', 'WU/record']);
  for (const { records, mode, writes, reads, writeUnits, readUnits } of await costs())
    row(
      `${records} ${records === 1 ? 'record' : 'records'}, ${mode}`,
      [writes, reads, writeUnits, readUnits, writeUnits / records].map((value) =>
        String(Number(value.toFixed(3))),
      ),
    );
};

const showProfiles = async (broker: Server): Promise<void> => {
  for (const each of wanted.filter(({ connections }) => connections !== 16)) {
    const profile = await broker.profileOf(() => run(broker, each, seconds));
    const parts = partsOf(profile).filter(({ share }) => share >= 0.01);
    line(
      `${each.label}: ${parts.map(({ kind, share }) => `${kind} ${Math.round(share * 100)} %`).join(', ')}`,
    );
  }
};

const showStrain = async (): Promise<void> => {
  for (const connections of [64, 1000]) {
    const { perSecond, withRetryAfter, p50, p99, longest, unanswered, megabytes } = await strain(
      connections,
      10,
    );
    const answers = Object.entries(perSecond).map(([code, count]) => `${code} ${Math.round(count)}/s`);
    line(
      `${connections} connections: ${answers.join(', ')}; p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, longest ${longest.toFixed(0)} ms; ${unanswered} without an answer; Retry-After in ${Math.round(withRetryAfter * 100)} % of refusals; ${megabytes.toFixed(0)} MB`,
    );
  }
};

const isWanted = (part: string): boolean => values.part === '' || values.part === part;

if (isWanted('load') || isWanted('profile')) {
  const broker = await startBroker('sqlite');
  if (isWanted('load')) await showLoad(broker);
  if (isWanted('profile')) {
    line('\nWhere the time of the broker goes');
    await showProfiles(broker);
  }
  await broker.stop();
}
if (isWanted('units')) {
  line();
  await showUnits();
}
if (isWanted('strain')) {
  line('\nA store that gives the partition 1,000 write units a second, records of 10 KB');
  await showStrain();
}
