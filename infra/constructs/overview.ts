import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  MathExpression,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { counted, countedOverall, ofFunction, period, type Watched } from './signals.ts';

const graph = (title: string, left: IMetric[], right: IMetric[] = []): IWidget =>
  new GraphWidget({ title, left, right, width: 8, height: 6, period, leftYAxis: { min: 0 } });

/** Of whatever there is with these dimensions, as it comes and goes. */
const searched = (
  { namespace }: Watched,
  dimensions: string,
  metricName: string,
  statistic: string,
): IMetric =>
  new MathExpression({
    expression: `SEARCH('{"${namespace}",${dimensions}} MetricName="${metricName}"', '${statistic}', ${period.toSeconds()})`,
    usingMetrics: {},
    label: '',
    period,
  });

/**
 * What Lambda counts of each of our functions. Searched for, since a dashboard of more than 50 metrics is paid for; whatever
 * a search finds counts as one, as far as is known.
 */
const ofEveryFunction = ({ functions }: Watched, metricName: 'Errors' | 'Throttles'): IMetric => {
  const names = Object.values(functions).map(({ lambda }) => `FunctionName="${lambda.functionName}"`);
  return new MathExpression({
    expression: `SEARCH('{"AWS/Lambda","FunctionName"} MetricName="${metricName}" AND (${names.join(' OR ')})', 'Sum', ${period.toSeconds()})`,
    usingMetrics: {},
    label: '',
    period,
  });
};

const ofEveryGroup = (watched: Watched, metricName: 'Lag' | 'LagAge'): IMetric =>
  searched(watched, 'service,topic,group', metricName, 'Maximum');

const byFunction = (watched: Watched, metricName: 'Faults'): IMetric =>
  searched(watched, 'service', metricName, 'Sum');

const produceRow = (watched: Watched): IWidget[] => {
  const produce = (name: string, statistic = 'Sum'): IMetric => counted(watched, 'produce', name, statistic);
  return [
    graph('Records and bytes produced', [produce('RecordsProduced')], [produce('BytesProduced')]),
    graph(
      'Appends: ms, and records in a batch',
      [produce('AppendDuration', 'p50'), produce('AppendDuration', 'p99')],
      [produce('RecordsPerBatch', 'Average')],
    ),
    graph(
      'Appends that met others, were throttled or were refused',
      [produce('AppendConflicts'), produce('AppendThrottles')],
      ['Overloaded', 'Unknown', 'Unavailable'].map((reason) => produce(`AppendsRefused${reason}`)),
    ),
  ];
};

const deliveryRow = (watched: Watched): IWidget[] => {
  const deliver = (name: string, statistic = 'Sum'): IMetric => counted(watched, 'deliver', name, statistic);
  return [
    graph('Lag by group, records', [ofEveryGroup(watched, 'Lag')], [ofEveryGroup(watched, 'LagAge')]),
    graph(
      'Attempts by outcome',
      ['Acknowledged', 'Outage', 'Refusal'].map((outcome) => deliver(`Attempts${outcome}`)),
      [deliver('RecordsDelivered')],
    ),
    graph(
      'From append to acknowledgement, ms',
      [deliver('AppendToAcknowledgement', 'p50'), deliver('AppendToAcknowledgement', 'p99')],
      [deliver('AttemptDuration', 'p99')],
    ),
  ];
};

const queueLabels = [
  'wakes',
  'wakes set aside',
  'stream events set aside',
  'archive tasks',
  'archive tasks set aside',
];

const partsRow = (watched: Watched): IWidget[] => {
  const { queue, deadLetters, streamFailures } = watched.wakes;
  const age = queue.metricApproximateAgeOfOldestMessage({ period, statistic: 'Maximum' });
  const { tasks } = watched;
  const queues = [queue, deadLetters, streamFailures, tasks.queue, tasks.deadLetters];
  const visible = queues.map((each, index) =>
    each.metricApproximateNumberOfMessagesVisible({
      period,
      statistic: 'Maximum',
      label: queueLabels[index] ?? '',
    }),
  );
  return [
    graph('Queues', visible, [age]),
    graph('Stream: how far on-append is behind, ms', [
      ofFunction(watched, 'on-append', 'IteratorAge', 'Maximum'),
    ]),
    graph(
      'Functions: errors and throttles',
      [ofEveryFunction(watched, 'Errors')],
      [ofEveryFunction(watched, 'Throttles')],
    ),
  ];
};

const faultsRow = (watched: Watched): IWidget[] => [
  graph(
    'Faults by function, and batches that cannot be decoded',
    [byFunction(watched, 'Faults')],
    [countedOverall(watched, 'UndecodableBatches')],
  ),
  graph('Requests that DynamoDB refused for want of capacity', [countedOverall(watched, 'StoreThrottles')]),
  graph(
    'Sweep: groups that are paused or that nobody polls, while records wait; wakes, and records that are stuck',
    ['PausedGroups', 'AbandonedGroups'].map((name) => counted(watched, 'sweep', name, 'Maximum')),
    [counted(watched, 'sweep', 'SweepWakes', 'Sum'), counted(watched, 'sweep', 'StuckRecords', 'Maximum')],
  ),
];

const archiveRow = (watched: Watched): IWidget[] => {
  const archive = (name: string, statistic = 'Sum'): IMetric => counted(watched, 'archive', name, statistic);
  return [
    graph('Archived: records and bytes', [archive('RecordsArchived')], [archive('BytesArchived')]),
    graph('Segments: ms for one', [archive('SegmentDuration', 'p50'), archive('SegmentDuration', 'p99')]),
    graph('How late the archive is, ms', [counted(watched, 'sweep', 'ArchiveLagAge', 'Maximum')]),
  ];
};

const entryRow = (watched: Watched): IWidget[] => {
  const { stage, tables } = watched;
  const units = (['ConsumedWriteCapacityUnits', 'ConsumedReadCapacityUnits'] as const).flatMap((name) =>
    Object.entries(tables).map(([label, table]) =>
      table.metric(name, { statistic: 'Sum', period, label: `${label} ${name}` }),
    ),
  );
  return [
    graph(
      'Requests',
      [stage.metricCount({ period })],
      [stage.metricClientError({ period }), stage.metricServerError({ period })],
    ),
    graph('Answers, ms', [
      stage.metricLatency({ period, statistic: 'p50', label: 'p50' }),
      stage.metricLatency({ period, statistic: 'p99', label: 'p99' }),
    ]),
    graph('Tables: capacity units', units),
  ];
};

export interface OverviewProps {
  readonly watched: Watched;
  readonly alarms: readonly Alarm[];
  readonly name: string;
}

/** The broker on one page: alarms, what comes in, what goes out, the parts in between. */
export class Overview extends Construct {
  constructor(scope: Construct, id: string, { watched, alarms, name }: OverviewProps) {
    super(scope, id);
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: name });
    dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24 }));
    for (const row of [entryRow, produceRow, deliveryRow, archiveRow, partsRow, faultsRow])
      dashboard.addWidgets(...row(watched));
  }
}
