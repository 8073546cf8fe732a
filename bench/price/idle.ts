import { hoursOfAMonth, type Price, pollersOfAQueue, pollSeconds, prices } from './prices.ts';

/** What an idle stack is made of that costs. */
export interface IdleStack {
  readonly alarms: number;
  readonly dashboards: number;
  /** In all of them. A search is counted as one here; what CloudWatch counts it as, its pages do not say. */
  readonly dashboardMetrics: number;
  /** Queues that Lambda polls. */
  readonly polledQueues: number;
  readonly sweepMinutes: number;
  readonly sweepMemoryMb: number;
  /** Of one sweep, counted. */
  readonly sweepReadUnits: number;
}

export interface Item {
  readonly label: string;
  readonly count: number;
  readonly price: Price;
  /** In dollars a month. */
  readonly usd: number;
  /** The same in an account in which nothing else uses what is free. */
  readonly usdAlone: number;
}

/** What a sweep that has a few queries to send is charged for, ms, a cold start now and then included. */
const sweepMs = 250;
/** What Lambda and the sweep log of one. */
const sweepLogBytes = 600;
/** More than these, and a dashboard is not free. */
const freeDashboardMetrics = 50;

/** Of so many. @param free what of them costs nothing in an account that has nothing else. */
export const item = (label: string, count: number, price: Price, free = price.free ?? 0): Item => ({
  label,
  count,
  price,
  usd: count * price.usd,
  usdAlone: Math.max(0, count - free) * price.usd,
});

/** What a month costs in which nobody sends or reads anything, without what is stored. */
export const idleItems = (stack: IdleStack): readonly Item[] => {
  const seconds = hoursOfAMonth * 3600;
  const sweeps = seconds / 60 / stack.sweepMinutes;
  const gbSeconds = (sweeps * sweepMs * stack.sweepMemoryMb) / 1000 / 1024;
  const polls = (stack.polledQueues * pollersOfAQueue * seconds) / pollSeconds;
  const freeDashboards = stack.dashboardMetrics > freeDashboardMetrics ? 0 : prices.dashboard.free;
  return [
    item('dashboard', stack.dashboards, prices.dashboard, freeDashboards),
    item('alarms', stack.alarms, prices.alarm),
    item('own metrics', 0, prices.metric),
    item('polls of the two queues by Lambda', polls, prices.queueRequest),
    item('sweeps: calls by the schedule', sweeps, prices.scheduled),
    item('sweeps: calls of the function', sweeps, prices.lambdaCall),
    item('sweeps: GB-seconds', gbSeconds, prices.lambdaGbSecond),
    item('sweeps: read units', sweeps * stack.sweepReadUnits, prices.readUnit),
    item('sweeps: GB of logs', (sweeps * sweepLogBytes) / 1024 ** 3, prices.logs),
  ];
};

const cents = (usd: number): string => usd.toFixed(2);

const figure = (count: number): string =>
  count >= 10 || Number.isInteger(count) ? Math.round(count).toLocaleString('en-US') : count.toPrecision(2);

/** As a table; its last line has the sums. Cents are rounded after adding up. @param per what time the items are of. */
export const idleTable = (items: readonly Item[], per = 'in a month'): string => {
  const line = (label: string, ...cells: readonly [string, string, string]): string => {
    const [count, usd, alone] = cells;
    return `${label.padEnd(36)}${count.padStart(12)}${usd.padStart(10)}${alone.padStart(10)}`;
  };
  const sum = (of: (each: Item) => number): string => cents(items.reduce((all, each) => all + of(each), 0));
  return [
    line('', per, '$', '$ alone'),
    ...items.map(({ label, count, usd, usdAlone }) =>
      line(label, figure(count), cents(usd), cents(usdAlone)),
    ),
    line(
      'together',
      '',
      sum(({ usd }) => usd),
      sum(({ usdAlone }) => usdAlone),
    ),
  ].join('\n');
};
