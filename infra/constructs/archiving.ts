import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { brokerQueue, lastQueue } from './queue.ts';

export interface ArchiveQueueProps {
  /** How long one run of the consumer may take. */
  readonly consumerTimeout: Duration;
}

/** The archive queue, and where its messages end that failed three times. */
export class ArchiveQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { consumerTimeout }: ArchiveQueueProps) {
    super(scope, id);
    this.deadLetters = lastQueue(this, 'DeadLetters');
    this.queue = brokerQueue(this, 'Tasks', {
      // Six runs, as AWS advises. A task that failed need not come back soon: the next sweep sends the partition's next one.
      visibilityTimeout: Duration.millis(6 * consumerTimeout.toMilliseconds()),
      // What a task asked for every sweep finds again.
      retentionPeriod: Duration.days(1),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 3 },
    });
  }
}

export interface ArchivingProps {
  readonly tasks: ArchiveQueue;
  readonly archive: IFunction;
  readonly maxConcurrency: number;
}

/** What sets archiving going: the queue that sweeps send tasks to. One task a run: each may take all that a run has. */
export class Archiving extends Construct {
  constructor(scope: Construct, id: string, { tasks, archive, maxConcurrency }: ArchivingProps) {
    super(scope, id);
    new EventSourceMapping(this, 'Tasks', {
      target: archive,
      eventSourceArn: tasks.queue.queueArn,
      batchSize: 1,
      maxConcurrency,
      reportBatchItemFailures: true,
    });
  }
}
