import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { plot } from './report/plot.ts';
import { tables, targetLines } from './report/report.ts';
import { type Row, type RowPlan, recordSize, runRow } from './report/rows.ts';
import { readSettings, type Settings, usage } from './settings.ts';
import { counterAndPut, retryAtOnce } from './systems/baselines.ts';
import { millrace, systems } from './systems/systems.ts';
import { judge } from './targets.ts';

const onDemandLoads = [10, 50, 100, 150, 200, 400];
const standingLoads = [200, 1000, 5000, 10_000];
const sizes = [1, 2, 4, 8];

/** Long enough for 2,000 records, and short where a second is costly to simulate. */
const secondsOf = (plan: Omit<RowPlan, 'seconds'>): number => {
  const leastStanding = plan.system === millrace ? 8 : 4;
  if (plan.processes !== undefined) return Math.min(30, Math.max(leastStanding, 40_000 / plan.offered));
  // Retrying at once under overload makes a hundred thousand requests a second.
  if (plan.system === retryAtOnce && plan.offered >= 100) return plan.offered >= 200 ? 5 : 20;
  return Math.max(60, 2000 / plan.offered);
};

const planned = (settings: Settings): readonly RowPlan[] => {
  const plans = [
    ...systems.flatMap((system) => onDemandLoads.map((offered) => ({ system, offered }))),
    ...systems.flatMap((system) =>
      sizes.flatMap((processes) => standingLoads.map((offered) => ({ system, processes, offered }))),
    ),
  ];
  return plans
    .filter((plan) => nameOf(plan).includes(settings.only))
    .map((plan) => ({ ...plan, seconds: settings.seconds ?? secondsOf(plan) }));
};

const nameOf = ({ system, processes, offered }: Omit<RowPlan, 'seconds'>): string => {
  const fleet =
    processes === undefined ? 'one at a time' : `${processes} ${processes === 1 ? 'process' : 'processes'}`;
  return `${system.name}, ${fleet}, ${offered}/s`;
};

const assumptions = ({ seed, table }: Settings): string =>
  [
    `Seed ${seed}. Records of ${recordSize} bytes on one partition, arriving independently (Poisson).`,
    `A request takes ${table.requestMs} ms on average (log-normal, sigma ${table.sigma}). A partition key carries`,
    `${table.writeUnitsPerSecond} write and ${table.readUnitsPerSecond} read units a second, and keeps`,
    `${table.burstSeconds} s of what it did not use.`,
    `A failed condition costs by the ${table.conflictCharge} item${table.winners ? ', and answers with it' : ''}.`,
    'Requests and units are per record acknowledged, bytes per record stored (compressed or not); time is virtual.',
  ].join('\n');

const measure = async (settings: Settings): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  const plans = planned(settings);
  for (const [index, plan] of plans.entries()) {
    process.stderr.write(`\r\u001b[K${index + 1}/${plans.length}  ${nameOf(plan)}, ${plan.seconds} s`);
    rows.push(await runRow(plan, settings));
  }
  process.stderr.write('\r\u001b[K');
  return rows;
};

const main = async (settings: Settings): Promise<void> => {
  const rows = await measure(settings);
  if (rows.length === 0) throw new Error(`No row's name has "${settings.only}" in it.`);
  const targets = judge(rows, new Set([counterAndPut.name]));
  process.stdout.write(`${assumptions(settings)}\n\n${tables(rows)}\n\n${targetLines(targets)}\n`);
  if (settings.plotPath !== '') {
    const caption = `${recordSize}-byte records, one partition, ${settings.table.requestMs} ms a request, seed ${settings.seed}. Latency is of the records that were acknowledged.`;
    writeFileSync(settings.plotPath, plot(rows, caption));
    process.stdout.write(`\nPlot: ${relative('', settings.plotPath)}\n`);
  }
  if (targets.some(({ met }) => !met)) process.exitCode = 1;
};

try {
  if (process.argv.includes('--help')) process.stdout.write(`${usage}\n`);
  else await main(readSettings(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
  process.exitCode = 2;
}
