/**
 * `npm run price`: what a stack costs in a month in which nobody uses it, and of what: the resources of its template, and
 * the sweep's reads, which are counted; what a partition costs that is polled all the time, and a member of a group that has a
 * hundred; and what a day costs of as many
 * requests as the API lets through. `--topics`, `--partitions` and `--groups` say what it has; `-c name=value` are settings,
 * as for cdk.
 */
import { parseArgs } from 'node:util';
import { floodItems } from './flood.ts';
import { groupPollItems, groupPollUnits, polledPartitions } from './group-poll.ts';
import { idleItems, idleTable } from './idle.ts';
import { longPollItems, longPollReadUnits } from './long-poll.ts';
import { fairQueueSurcharge, prices, region } from './prices.ts';
import { stackOf } from './stack.ts';
import { type Idle, sweepReadUnits } from './sweep-units.ts';

const { values } = parseArgs({
  options: {
    topics: { type: 'string', default: '1' },
    partitions: { type: 'string', default: '8' },
    groups: { type: 'string', default: '1' },
    context: { type: 'string', short: 'c', multiple: true, default: [] },
  },
});

const idle: Idle = {
  topics: Number(values.topics),
  partitions: Number(values.partitions),
  groups: Number(values.groups),
};
const settings = Object.fromEntries(
  values.context.map((each) => [each.split('=')[0] ?? '', each.split('=').slice(1).join('=')]),
);
const { storage, pointInTimeRecovery } = prices;
const { consumeMemoryMb, pullMemoryMb, produceMemoryMb, throttleRate, ...stack } = stackOf(settings);
const items = idleItems({ ...stack, sweepReadUnits: await sweepReadUnits(idle) });
process.stdout.write(`${idleTable(items)}

A month of 730 hours in ${region}, with ${idle.topics} topics of ${idle.partitions} partitions and ${idle.groups} groups each.
"alone": in an account in which nothing else uses what AWS gives each one free, for ever.

One partition, read for a month by one long poll after the other, while nothing comes:
${idleTable(longPollItems({ consumeMemoryMb, readUnits: await longPollReadUnits() }))}

A member of a group that has ${polledPartitions} partitions to itself, polling for a month while nothing comes:
${idleTable(groupPollItems({ pullMemoryMb, ...(await groupPollUnits(polledPartitions)) }))}

A day of ${throttleRate} requests a second that are refused:
${idleTable(floodItems({ throttleRate, produceMemoryMb }), 'in a day')}

Not in these sums: $${(fairQueueSurcharge.usd * 1_000_000).toFixed(2)} a million that each ${fairQueueSurcharge.per} is said to cost more (${fairQueueSurcharge.source}).
Each GB in the tables costs $${storage.usd.toFixed(2)} a month, and $${pointInTimeRecovery.usd.toFixed(2)} to be restorable.
`);
