import { Duration } from 'aws-cdk-lib';
import type { HttpStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { BrokerFunction } from './broker-function.ts';
import type { FunctionName } from './bundling.ts';
import type { WakeQueue } from './wake-queue.ts';

/** What alarms and the dashboard look at. */
export interface Watched {
  /** The namespace of what the functions count themselves. */
  readonly namespace: string;
  readonly functions: Readonly<Record<FunctionName, BrokerFunction>>;
  readonly tables: { readonly log: TableV2; readonly state: TableV2 };
  readonly wakes: WakeQueue;
  readonly stage: HttpStage;
}

export const period = Duration.minutes(5);

/** What `functions/telemetry.ts` counts, in one function. */
export const counted = (
  { namespace }: Watched,
  service: FunctionName,
  metricName: string,
  statistic: string,
): Metric =>
  new Metric({
    namespace,
    metricName,
    dimensionsMap: { service },
    statistic,
    period,
    label: statistic === 'Sum' || statistic === 'Maximum' ? metricName : `${metricName} ${statistic}`,
  });

/** The sum of metrics, those without data counting nothing. */
export const total = (metrics: readonly IMetric[], label: string): MathExpression => {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  const expression = Object.keys(usingMetrics)
    .map((id) => `FILL(${id}, 0)`)
    .join(' + ');
  return new MathExpression({ expression, usingMetrics, label, period });
};

export const ofEveryFunction = (
  { functions }: Watched,
  metricName: 'Errors' | 'Throttles' | 'ConcurrentExecutions',
  statistic: 'Sum' | 'Maximum',
): Metric[] =>
  Object.entries(functions).map(([label, { lambda }]) =>
    lambda.metric(metricName, { statistic, period, label }),
  );

const tableThrottles = (table: TableV2, label: string): Metric[] =>
  (['WriteThrottleEvents', 'ReadThrottleEvents'] as const).map((name) =>
    table.metric(name, { statistic: 'Sum', period, label: `${label} ${name}` }),
  );

export const throttlesOfTables = ({ tables }: Watched): Metric[] => [
  ...tableThrottles(tables.log, 'log'),
  ...tableThrottles(tables.state, 'state'),
];
