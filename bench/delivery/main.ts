/**
 * `npm run bench:delivery`: what delivery to webhooks takes, on the local broker and on loopback: how long a record takes from its produce
 * request to the webhook; what one group carries in each order; what a delivered record costs in requests, units and dollars; and what a
 * healthy group notices of neighbours whose endpoints hang. Ends with 1 when something misses what is to be reached.
 *
 * `--part latency`, `one-partition`, `orders`, `cost` or `neighbours` measures that alone; several may be given. `--seconds` is for how long
 * each rate is kept up in each of three rounds (5); one a second three times as long.
 */
import { parseArgs } from 'node:util';
import { measureCost } from './cost.ts';
import { measureLatency } from './latency.ts';
import { measureNeighbours } from './neighbours.ts';
import { measureOrders } from './orders.ts';

const { values } = parseArgs({
  options: { part: { type: 'string', multiple: true }, seconds: { type: 'string', default: '5' } },
});
const seconds = Number(values.seconds);
if (!(seconds > 0 && seconds <= 600)) throw new Error('--seconds takes a number above 0, 600 at most.');

/** Each gives what it missed, as sentences. */
const parts: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  latency: () => measureLatency(seconds),
  'one-partition': () => measureOrders(1),
  orders: () => measureOrders(16),
  cost: measureCost,
  neighbours: measureNeighbours,
};

const names = values.part ?? Object.keys(parts);
const misses: string[] = [];
for (const name of names) {
  const measure = parts[name];
  if (measure === undefined) throw new Error(`--part takes ${Object.keys(parts).join(', ')}.`);
  misses.push(...(await measure()));
  process.stdout.write('\n');
}
for (const miss of misses) process.stdout.write(`MISSED: ${miss}\n`);
process.exitCode = misses.length === 0 ? 0 : 1;
