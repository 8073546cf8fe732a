import { ArnFormat, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { counted, ofEveryFunction, period, throttlesOfTables, unlabelled, type Watched } from './signals.ts';

interface Signal {
  readonly id: string;
  /** What it means, and what to do first. */
  readonly says: string;
  /** The heading in `docs/operations.md` that says the rest. */
  readonly section: string;
  readonly metric: Metric;
  /** Alarming from this value on, or `below` it. */
  readonly from: number;
  readonly below?: true;
  /** Of `periods` of five minutes, this many. */
  readonly of: readonly [breaching: number, periods: number];
  readonly silenceIsBad?: true;
}

const seconds = (minutes: number): number => minutes * 60;

const deliverySignals = (watched: Watched, settings: Settings): Signal[] => [
  {
    id: 'LagAge',
    says: `A group has records that have waited for more than ${settings.alarmLagMinutes} minutes. Look at the group's endpoint first: lag grows while it refuses or is down.`,
    section: 'A group lags',
    metric: counted(watched, 'sweep', 'OldestLagAge', 'Maximum'),
    from: seconds(settings.alarmLagMinutes) * 1000,
    of: [2, 2],
  },
  {
    id: 'EndpointDisabled',
    says: 'An endpoint answered 410 or was out for five days and is no longer called. Its records wait in the log: mend it and register it again.',
    section: 'An endpoint was disabled',
    metric: counted(watched, 'deliver', 'EndpointsDisabled', 'Sum'),
    from: 1,
    of: [1, 1],
  },
  ...(['deliver', 'consume'] as const).map(
    (reader): Signal => ({
      id: `UndecodableBatch-${reader}`,
      says: `${reader} met a batch that it cannot decode: a later version wrote it, or it is damaged. Its partition stands still there. The log of ${reader} has the partition, the offset and the reason.`,
      section: 'A batch cannot be decoded',
      metric: counted(watched, reader, 'UndecodableBatches', 'Sum'),
      from: 1,
      of: [1, 1],
    }),
  ),
  {
    id: 'WakeQueueAge',
    says: 'Wakes have waited for half an hour: deliver cannot keep up, or fails. Look at its errors, then raise deliverMaxConcurrency.',
    section: 'Wakes pile up',
    metric: watched.wakes.queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period }),
    from: seconds(30),
    of: [2, 3],
  },
  {
    id: 'WakeDeadLetters',
    says: 'A wake failed ten times and was set aside. No record is lost: sweep wakes its partition again. Find out in the log of deliver why it failed.',
    section: 'Wakes were set aside',
    metric: watched.wakes.deadLetters.metricApproximateNumberOfMessagesVisible({
      statistic: 'Maximum',
      period,
    }),
    from: 1,
    of: [1, 1],
  },
  {
    id: 'StreamFailures',
    says: 'on-append gave up on a part of the stream. No record is lost: sweep wakes what lags. Find out in the log of on-append why it failed.',
    section: 'Stream events were set aside',
    metric: watched.wakes.streamFailures.metricApproximateNumberOfMessagesVisible({
      statistic: 'Maximum',
      period,
    }),
    from: 1,
    of: [1, 1],
  },
  {
    id: 'StreamIteratorAge',
    says: 'on-append is more than five minutes behind the log, so that every delivery is late. Look at its errors and throttles.',
    section: 'The stream is behind',
    metric: watched.functions['on-append'].lambda.metric('IteratorAge', { statistic: 'Maximum', period }),
    from: seconds(5) * 1000,
    of: [2, 2],
  },
  {
    id: 'SweepSilent',
    says: 'The sweep has not run to its end, so that nothing catches what was missed. Look at its log and at its schedule.',
    section: 'The sweep does not run',
    metric: counted(watched, 'sweep', 'SweepsDone', 'Sum'),
    from: 1,
    below: true,
    of: [silentPeriods(settings), silentPeriods(settings)],
    silenceIsBad: true,
  },
];

/** Three sweeps that did not come. */
const silentPeriods = ({ sweepMinutes }: Settings): number =>
  Math.max(3, Math.ceil((3 * sweepMinutes) / period.toMinutes()));

const entrySignals = (watched: Watched): Signal[] => [
  {
    id: 'ServerErrors',
    says: 'Requests are answered with 5xx. 503 partition_overloaded asks for more partitions; for others, the access log names the route and the function.',
    section: 'Requests fail with 5xx',
    metric: watched.stage.metricServerError({ statistic: 'Sum', period }),
    from: 5,
    of: [2, 3],
  },
  ...ofEveryFunction(watched, 'Errors', 'Sum').map(
    (metric): Signal => ({
      id: `Errors-${metric.label}`,
      says: `${metric.label} throws, times out or runs out of memory. Its log group says which and why.`,
      section: 'Functions fail',
      metric,
      from: 3,
      of: [2, 3],
    }),
  ),
  ...ofEveryFunction(watched, 'Throttles', 'Sum').map(
    (metric): Signal => ({
      id: `Throttles-${metric.label}`,
      says: `Lambda refuses to run ${metric.label}: the concurrency of the account is used up. Raise its quota, or lower throttleRate and deliverMaxConcurrency.`,
      section: 'Functions are throttled',
      metric,
      from: 10,
      of: [2, 3],
    }),
  ),
  ...throttlesOfTables(watched).map(
    (metric): Signal => ({
      id: metric.label?.replace(' ', '-') ?? metric.metricName,
      says: `DynamoDB refuses requests to the table (${metric.label}): one partition takes more than 1,000 write units a second, or the table grows faster than it can. Add partitions, and batch in the producers.`,
      section: 'Tables are throttled',
      metric,
      from: 100,
      of: [2, 3],
    }),
  ),
];

export interface AlarmsProps {
  readonly watched: Watched;
  readonly settings: Settings;
  /** What the alarms' names begin with. */
  readonly prefix: string;
}

/** What somebody must look at. Each alarm says what to do, and where `docs/operations.md` says more. */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { watched, settings, prefix }: AlarmsProps) {
    super(scope, id);
    const actions = this.#actions(settings, prefix);
    const signals = [...deliverySignals(watched, settings), ...entrySignals(watched)];
    this.alarms = signals.map((signal) => this.#alarm(signal, prefix, actions));
  }

  #alarm(signal: Signal, prefix: string, actions: readonly IAlarmAction[]): Alarm {
    const alarm = new Alarm(this, signal.id, {
      alarmName: `${prefix}-${signal.id}`,
      alarmDescription: `${signal.says} See docs/operations.md, "${signal.section}".`,
      metric: unlabelled(signal.metric),
      threshold: signal.from,
      comparisonOperator: signal.below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: signal.of[0],
      evaluationPeriods: signal.of[1],
      treatMissingData: signal.silenceIsBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(...actions);
    alarm.addOkAction(...actions);
    return alarm;
  }

  #actions({ alarmEmail, alarmTopicArn }: Settings, prefix: string): IAlarmAction[] {
    const topics = alarmTopicArn === undefined ? [] : [Topic.fromTopicArn(this, 'GivenTopic', alarmTopicArn)];
    if (alarmEmail === undefined) return topics.map((topic) => new SnsAction(topic));
    const mail = new Topic(this, 'Mail', { enforceSSL: true });
    mail.addToResourcePolicy(this.#publishes(mail, prefix));
    mail.addSubscription(new EmailSubscription(alarmEmail));
    return [...topics, mail].map((topic) => new SnsAction(topic));
  }

  /**
   * A topic's policy replaces the one that SNS makes, which lets the whole account publish: with the refusal of requests
   * without TLS alone, CloudWatch could not. That it publishes as `cloudwatch.amazonaws.com` for an alarm:
   * docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html.
   */
  #publishes({ topicArn }: Topic, prefix: string): PolicyStatement {
    const stack = Stack.of(this);
    const alarm = stack.formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: `${prefix}-*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return new PolicyStatement({
      sid: 'AlarmsPublish',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topicArn],
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': alarm },
      },
    });
  }
}
