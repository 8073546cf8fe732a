import { Duration } from 'aws-cdk-lib';
import type { HttpStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { ArchiveQueue } from './archiving.ts';
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
  readonly tasks: ArchiveQueue;
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

/** What it counts of all functions together, without a dimension. */
export const countedOverall = (
  { namespace }: Watched,
  metricName: 'Faults' | 'StoreThrottles' | 'UndecodableBatches',
): Metric => new Metric({ namespace, metricName, statistic: 'Sum', period, label: metricName });

/** What Lambda counts of one function. */
export const ofFunction = (
  { functions }: Watched,
  name: FunctionName,
  metricName: 'Errors' | 'Throttles' | 'Invocations' | 'IteratorAge',
  statistic: 'Sum' | 'Maximum' = 'Sum',
): Metric => functions[name].lambda.metric(metricName, { statistic, period, label: name });

/** The same without its label, with which an alarm would be one of metric math, which not all that reads alarms knows. */
export const unlabelled = ({ namespace, metricName, statistic, dimensions, period }: Metric): Metric =>
  new Metric({
    namespace,
    metricName,
    statistic,
    period,
    ...(dimensions !== undefined && { dimensionsMap: dimensions }),
  });
