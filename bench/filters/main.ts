/**
 * `npm run bench:filters`: what filters and transforms cost: what is loaded, and how large it is; how long a process takes to start
 * and what it keeps of memory; what a record takes, in messages of several sizes; and when the worst expressions end. Times
 * are of the clock on the wall, the shortest of several, since the machine may be busy.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildsOf } from '../../infra/constructs/bundling.ts';
import { expressionFault } from '../../lib/delivery/filtering/validity.ts';
import { ProcessExpressions } from '../../lib/stores/expressions/expressions.ts';
import { worst } from './worst.ts';

const runs = 20;

const say = (what: string, value: string): void => {
  process.stdout.write(`${what.padEnd(64)}${value.padStart(14)}\n`);
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
};

const least = async (times: number, work: () => Promise<unknown>): Promise<number> => {
  const all: number[] = [];
  for (let run = 0; run < times; run += 1) all.push(await timed(work));
  return Math.min(...all);
};

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

const saySizes = async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-filters-'));
  await Promise.all(buildsOf('deliver', folder).map((options) => build(options)));
  for (const file of ['index.mjs', 'expressions.mjs', 'node_modules/jsonata/jsonata.js'])
    say(`deliver: ${file}`, `${((await stat(join(folder, 'deliver', file))).size / 1000).toFixed(0)} KB`);
  await rm(folder, { recursive: true });
};

/** Memory of the processes that evaluate expressions, beside what they share, MB: the largest. */
const largestMb = async (): Promise<number> => {
  const own = (await readdir('/proc')).map((pid) => {
    try {
      const isOurs = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('expressions.mjs');
      const status = isOurs ? readFileSync(`/proc/${pid}/status`, 'utf8') : '';
      const isChild = status.includes(`PPid:\t${process.pid}\n`);
      return isChild ? Number(/RssAnon:\s+(\d+)/.exec(status)?.[1]) / 1024 : 0;
    } catch {
      // It is no process, or has ended.
      return 0;
    }
  });
  return Math.max(...own);
};

const order = JSON.stringify({
  topic: 'orders',
  partition: 0,
  offset: 1,
  timestamp: '2026-01-01T00:00:00.000Z',
  key: 'c1',
  headers: { source: 'shop' },
  value: {
    type: 'order.created',
    amount: 120,
    items: Array.from({ length: 10 }, (_, index) => ({ sku: `s${index}`, price: index, quantity: 2 })),
    note: 'x'.repeat(400),
  },
});

const filter = 'headers.source = "shop" and value.amount > 100';
const transform = '{"id": key, "total": $sum(value.items.(price * quantity)), "skus": value.items.sku}';

const expressions = new ProcessExpressions();
process.stdout.write(
  `Least of ${runs} runs; Node ${process.versions.node}; a record of ${order.length} bytes\n`,
);
await saySizes();
say('the first expression is read, its library loaded', ms(await timed(() => expressionFault(filter))));
say('another is read', ms(await least(runs, () => expressionFault(transform))));
say('a process is started, and judges a record', ms(await timed(() => expressions.judge(filter, [order]))));
for (const count of [1, 100, 1000]) {
  const records = Array.from({ length: count }, () => order);
  for (let run = 0; run < runs; run += 1) await expressions.shape(transform, records);
  say(`${count} judged in one message`, ms(await least(runs, () => expressions.judge(filter, records))));
  say(`${count} shaped in one message`, ms(await least(runs, () => expressions.shape(transform, records))));
}
say('memory of the process, beside the program that it shares', `${(await largestMb()).toFixed(0)} MB`);
for (const [what, expression] of Object.entries(worst)) {
  const took = await timed(() => expressions.shape(expression, [order]));
  const [{ kind, ...more } = { kind: 'none' }] = await expressions.shape(expression, [order]);
  say(`${what}: ${'code' in more ? more.code : kind}`, ms(took));
}
await expressions.stop();
