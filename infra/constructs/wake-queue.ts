import { Duration } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { limits } from '../../lib/domain/limits.ts';
import { brokerQueue, lastQueue } from './queue.ts';

export interface WakeQueueProps {
  /** How long one run of the consumer may take. */
  readonly consumerTimeout: Duration;
}

/**
 * The wake queue, where its messages end that nobody could answer, and where stream events end that failed.
 * It is a standard queue, which the `MessageGroupId` of each wake makes fair; nothing of the queue itself has to be set.
 */
export class WakeQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly streamFailures: Queue;

  constructor(scope: Construct, id: string, { consumerTimeout }: WakeQueueProps) {
    super(scope, id);
    this.deadLetters = lastQueue(this, 'DeadLetters');
    this.streamFailures = lastQueue(this, 'StreamFailures');
    this.queue = brokerQueue(this, 'Wakes', {
      // Longer than a run and a lease, so that a message comes back to a lease that is over; six runs, as AWS advises.
      visibilityTimeout: Duration.millis(
        Math.max(6 * consumerTimeout.toMilliseconds(), limits.wakeVisibilityMs),
      ),
      retentionPeriod: Duration.days(4),
      // What a wake asked for is in the log, so that sweep asks again after it has become a dead letter.
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: limits.wakeReceives },
    });
  }
}
