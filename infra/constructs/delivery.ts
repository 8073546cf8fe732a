import { Duration, Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  type IFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { streamArn } from './rights.ts';
import type { WakeQueue } from './wake-queue.ts';

export interface DeliveryProps {
  readonly log: TableV2;
  readonly wakes: WakeQueue;
  readonly onAppend: IFunction;
  readonly deliver: IFunction;
  readonly sweep: IFunction;
  readonly deliverMaxConcurrency: number;
  readonly sweepInterval: Duration;
}

/** What sets delivery going: the log's stream, the wake queue, and the schedule that is the net below both. */
export class Delivery extends Construct {
  constructor(scope: Construct, id: string, props: DeliveryProps) {
    super(scope, id);
    this.#fromStream(props);
    this.#fromQueue(props);
    this.#fromSchedule(props);
  }

  /** New batches alone: what is trimmed or removed wakes nobody. */
  #fromStream({ log, wakes, onAppend }: DeliveryProps): void {
    new EventSourceMapping(this, 'Stream', {
      target: onAppend,
      eventSourceArn: streamArn(log),
      // From the oldest, so that a mapping made anew misses nothing.
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: [FilterCriteria.filter({ eventName: FilterRule.isEqual('INSERT') })],
      batchSize: 500,
      maxBatchingWindow: Duration.seconds(0),
      parallelizationFactor: 4,
      // A shard must not stand still for what sweep finds anyway: it is given up after about a minute of trying.
      retryAttempts: 8,
      maxRecordAge: Duration.minutes(15),
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      // The right to send there is in the function's role; CDK's own SqsDlq would add more.
      onFailure: { bind: () => ({ destination: wakes.streamFailures.queueArn }) },
    });
  }

  #fromQueue({ wakes, deliver, deliverMaxConcurrency }: DeliveryProps): void {
    new EventSourceMapping(this, 'Wakes', {
      target: deliver,
      eventSourceArn: wakes.queue.queueArn,
      batchSize: 10,
      maxBatchingWindow: Duration.seconds(0),
      maxConcurrency: deliverMaxConcurrency,
      reportBatchItemFailures: true,
    });
  }

  #fromSchedule({ sweep, sweepInterval }: DeliveryProps): void {
    // One that fails is not repeated: the next is due before long.
    sweep.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(5) });
    const role = new Role(this, 'ScheduleRole', {
      // Of this account alone, as docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
      // asks: otherwise the scheduler might take the role for somebody else's schedule. By
      // `aws:SourceArn` it could be a group of schedules alone, and ours is in the one that every account has.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: 'What the schedule of the sweep may do',
      inlinePolicies: {
        Rights: new PolicyDocument({
          statements: [
            new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [sweep.functionArn] }),
          ],
        }),
      },
    });
    new Schedule(this, 'Sweep', {
      description: 'Finds what no wake was queued for, and finishes removals',
      schedule: ScheduleExpression.rate(sweepInterval),
      target: {
        bind: () => ({
          arn: sweep.functionArn,
          role,
          retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: 240 },
        }),
      },
    });
  }
}
