import { Duration } from 'aws-cdk-lib';
import { type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Settings } from '../settings.ts';
import { counted, countedOverall, ofFunction, period, type Watched } from './signals.ts';

/** What somebody is alarmed of. */
export interface Signal {
  readonly id: string;
  /** What it means, and what to do first. */
  readonly says: string;
  /** The heading in `docs/operations.md` that says the rest. */
  readonly section: string;
  readonly metric: Metric;
  /** Alarming from this value on, or `below` it. */
  readonly from: number;
  readonly below?: true;
  /** Of `periods` of the metric, this many. */
  readonly of: readonly [breaching: number, periods: number];
  /** That nothing is measured is what it is about. */
  readonly silence?: true;
  /** One moment is all that is measured of it, and when what began there ends is not: nobody is told that it is over. */
  readonly event?: true;
  /** What is counted lies there until it is cleared away, and after a time is no longer counted. */
  readonly stays?: true;
}

const seconds = (minutes: number): number => minutes * 60;

/**
 * A time in which a sweep comes to its end, wherever it begins: the time between two, and as long as the later one may take
 * and its schedule may be late.
 */
const sweepPeriod = ({ sweepMinutes }: Settings): Duration => Duration.minutes(sweepMinutes + 5);

const every = (metric: Metric, each: Duration): Metric => metric.with({ period: each });

/**
 * Lag stands for much that has no alarm of its own: whatever keeps records from their endpoint, from a deliver that
 * cannot keep up to wakes that are lost. It is sent of a group that has some when a sweep comes to that group. A period
 * without is one in which all is delivered, or one in which nobody looked: that sweeps do not run, or fail, has alarms of
 * its own, and where a round takes several sweeps a group is looked at less often than this period is long.
 *
 * That nobody polls a group, or dead letters cannot be written, is of two such periods: consumers start again, and a refused
 * append is repeated.
 *
 * A batch that cannot be decoded is met again with the wake of each sweep, so that its period too is one of those.
 */
const deliverySignals = (watched: Watched, settings: Settings): Signal[] => [
  {
    id: 'LagAge',
    says: `A group has records that have waited for more than ${settings.alarmLagMinutes} minutes. Look at the group's endpoint or its consumers first: lag grows while they refuse or are down. Then at deliver: whether it runs, and with enough at a time.`,
    section: 'A group lags',
    metric: every(counted(watched, 'sweep', 'OldestLagAge', 'Maximum'), sweepPeriod(settings)),
    from: seconds(settings.alarmLagMinutes) * 1000,
    of: [1, 1],
  },
  {
    id: 'AbandonedGroup',
    says: 'Records wait in a group that nobody polls. Start its consumers; a group that is to wait is paused, and one that is not needed any more deleted. The log of sweep names it.',
    section: 'Nobody polls a group',
    metric: every(counted(watched, 'sweep', 'AbandonedGroups', 'Maximum'), sweepPeriod(settings)),
    from: 1,
    of: [2, 2],
  },
  {
    id: 'StuckRecords',
    says: 'Records of a shared group are to go to its dead letters, which could not be written. They stay, and are tried again; the others go on. The log of sweep names the group: look whether its dead-letter topic is there and takes appends.',
    section: 'Dead letters cannot be written',
    metric: every(counted(watched, 'sweep', 'StuckRecords', 'Maximum'), sweepPeriod(settings)),
    from: 1,
    of: [2, 2],
  },
  {
    id: 'EndpointDisabled',
    says: 'An endpoint answered 410 or was out for five days and is no longer called. Its records wait in the log: mend the receiver, then PATCH the endpoint with {"status":"enabled"}. No mail says that it is over.',
    section: 'An endpoint was disabled',
    metric: counted(watched, 'deliver', 'EndpointsDisabled', 'Sum'),
    from: 1,
    of: [1, 1],
    event: true,
  },
  {
    id: 'UndecodableBatch',
    says: 'A function met a batch that it cannot decode: a later version wrote it, or it is damaged. Its partition stands still there. The logs of deliver, consume and pull have the partition, the offset and the reason.',
    section: 'A batch cannot be decoded',
    metric: every(countedOverall(watched, 'UndecodableBatches'), sweepPeriod(settings)),
    from: 1,
    of: [1, 1],
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
    stays: true,
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
    stays: true,
  },
  {
    id: 'StreamIteratorAge',
    says: 'on-append is more than five minutes behind the log, so that every delivery is late. Look at its errors and throttles.',
    section: 'The stream is behind',
    metric: ofFunction(watched, 'on-append', 'IteratorAge', 'Maximum'),
    from: seconds(5) * 1000,
    of: [2, 2],
  },
];

const sweepSignals = (watched: Watched, settings: Settings): Signal[] => [
  {
    id: 'SweepSilent',
    says: 'The sweep does not run, so that nothing catches what was missed, and lag is not measured. Look at its schedule, and at whether Lambda refuses to run it.',
    section: 'The sweep does not run',
    metric: ofFunction(watched, 'sweep', 'Invocations'),
    from: 1,
    below: true,
    of: [silentPeriods(settings), silentPeriods(settings)],
    silence: true,
  },
  {
    id: 'Errors-sweep',
    says: 'Sweeps fail one after the other: a part of what they are for is not done. The log of sweep says which and why.',
    section: 'Sweeps fail',
    metric: every(ofFunction(watched, 'sweep', 'Errors'), sweepPeriod(settings)),
    from: 1,
    of: [2, 2],
  },
];

/** Three sweeps that did not come. */
const silentPeriods = ({ sweepMinutes }: Settings): number =>
  Math.max(3, Math.ceil((3 * sweepMinutes) / period.toMinutes()));

/**
 * What deliver and on-append cannot do they answer with `batchItemFailures`, which is no error to Lambda; and SQS leaves a
 * message that was received three times out of the age of its oldest one
 * (docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html). So they
 * count their faults themselves, and what is counted is watched. Lambda's own errors are what no code of theirs can tell
 * of: runs that end for want of time or memory, or never begin. Of the functions behind the API the gateway tells with
 * a 5xx, whether they throw or are refused to run; of on-append its stream.
 *
 * Throttles are counted by our own clients, not taken from `AWS/DynamoDB`: alarms on that namespace "always ignore missing
 * data even if you choose a different option" (PutMetricAlarm, TreatMissingData), and it has no data when nothing is
 * throttled, so they would never end.
 */
const faultSignals = (watched: Watched, { alarmFaults }: Settings): Signal[] => [
  {
    id: 'Faults',
    says: 'A function fails at what it was called for, again and again. "fault in" in the logs says which, at what and why.',
    section: 'Functions report faults',
    metric: countedOverall(watched, 'Faults'),
    from: alarmFaults,
    of: [3, 4],
  },
  {
    id: 'Errors-deliver',
    says: 'deliver is out of time or memory, or cannot start. Its log group says which; what it was at comes again.',
    section: 'Functions fail',
    metric: ofFunction(watched, 'deliver', 'Errors'),
    from: 1,
    of: [2, 6],
  },
  {
    id: 'ServerErrors',
    says: 'Requests are answered with 5xx. 503 partition_overloaded or throttled asks for more partitions; for others, the access log names the route and the function.',
    section: 'Requests fail with 5xx',
    metric: watched.stage.metricServerError({ statistic: 'Sum', period }),
    from: alarmFaults,
    of: [3, 4],
  },
  {
    id: 'StoreThrottles',
    says: 'DynamoDB refuses requests: one partition takes more than 1,000 write units a second, or a table grows faster than it can. Add partitions, and batch in the producers.',
    section: 'Tables are throttled',
    metric: countedOverall(watched, 'StoreThrottles'),
    from: 100,
    of: [2, 3],
  },
];

/**
 * That the archive is late stands for all that keeps it from being written. It is told of a topic when a sweep comes to that,
 * so its period is one of those; a batch that cannot be decoded is not archived, nor what comes after it.
 */
const archiveSignals = (watched: Watched, settings: Settings): Signal[] => [
  {
    id: 'ArchiveLagAge',
    says: `A partition should have been archived more than ${settings.alarmArchiveLagMinutes} minutes ago. No record is lost: what is not archived stays in the log table, at its price. Find out in the logs of sweep and of archive what keeps it.`,
    section: 'The archive is late',
    metric: every(counted(watched, 'sweep', 'ArchiveLagAge', 'Maximum'), sweepPeriod(settings)),
    from: seconds(settings.alarmArchiveLagMinutes) * 1000,
    of: [1, 1],
  },
  {
    id: 'ArchiveDeadLetters',
    says: 'archive failed three times at a partition. No record is lost: sweep sends the partition again. Find out in the log of archive why it failed.',
    section: 'Archive tasks were set aside',
    metric: watched.tasks.deadLetters.metricApproximateNumberOfMessagesVisible({
      statistic: 'Maximum',
      period,
    }),
    from: 1,
    of: [1, 1],
    stays: true,
  },
];

export const signals = (watched: Watched, settings: Settings): readonly Signal[] => [
  ...deliverySignals(watched, settings),
  ...sweepSignals(watched, settings),
  ...archiveSignals(watched, settings),
  ...faultSignals(watched, settings),
];

/**
 * What a period without data means: that nothing happened; where silence is what is watched for, that it is not known. For
 * then a new alarm, which begins with insufficient data, stays there until the first sweep, and no change means no mail:
 * taken for a breach, the time before the stack was there would be an alarm of every first deploy.
 *
 * Of what stays it means nothing: a queue has metrics only while it is active, "up to six hours from the last activity (i.e.,
 * any API call)" (docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/MonitorSQSwithCloudWatch.html, and
 * sqs-available-cloudwatch-metrics.html beside it). Its purge is such a call, and it is counted again, as empty.
 */
export const missingData = ({ silence, stays }: Signal): TreatMissingData => {
  if (silence === true) return TreatMissingData.MISSING;
  return stays === true ? TreatMissingData.IGNORE : TreatMissingData.NOT_BREACHING;
};
