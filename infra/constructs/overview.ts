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
import { counted, ofEveryFunction, period, throttlesOfTables, type Watched } from './signals.ts';

const graph = (title: string, left: IMetric[], right: IMetric[] = []): IWidget =>
  new GraphWidget({ title, left, right, width: 8, height: 6, period, leftYAxis: { min: 0 } });

/** Of every topic and group that there is, as they come and go. */
const ofEveryGroup = ({ namespace }: Watched, metricName: string): IMetric =>
  new MathExpression({
    expression: `SEARCH('{"${namespace}",service,topic,group} MetricName="${metricName}"', 'Maximum', ${period.toSeconds()})`,
    usingMetrics: {},
    label: '',
    period,
  });

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

const partsRow = (watched: Watched): IWidget[] => {
  const { queue, deadLetters, streamFailures } = watched.wakes;
  const age = queue.metricApproximateAgeOfOldestMessage({ period, statistic: 'Maximum' });
  const visible = [queue, deadLetters, streamFailures].map((each, index) =>
    each.metricApproximateNumberOfMessagesVisible({
      period,
      statistic: 'Maximum',
      label: ['wakes', 'wakes set aside', 'stream events set aside'][index] ?? '',
    }),
  );
  const iteratorAge = watched.functions['on-append'].lambda.metric('IteratorAge', {
    statistic: 'Maximum',
    period,
  });
  return [
    graph('Queues', visible, [age]),
    graph('Stream: how far on-append is behind, ms', [iteratorAge]),
    graph('Functions: errors and throttles', ofEveryFunction(watched, 'Errors', 'Sum'), [
      ...ofEveryFunction(watched, 'Throttles', 'Sum'),
    ]),
  ];
};

const faultsRow = (watched: Watched): IWidget[] => [
  graph(
    'Batches that cannot be decoded',
    (['deliver', 'consume'] as const).map((reader) =>
      counted(watched, reader, 'UndecodableBatches', 'Sum').with({ label: reader }),
    ),
  ),
];

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
    graph('Tables: capacity units, and throttles', units, throttlesOfTables(watched)),
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
    for (const row of [entryRow, produceRow, deliveryRow, partsRow, faultsRow])
      dashboard.addWidgets(...row(watched));
  }
}
