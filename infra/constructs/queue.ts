import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledgements.ts';

/** A queue by our conventions: encrypted, and by TLS alone. */
export const brokerQueue = (scope: Construct, id: string, props: QueueProps): Queue =>
  new Queue(scope, id, { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, ...props });

/** Where messages end that failed, for two weeks. */
export const lastQueue = (scope: Construct, id: string): Queue => {
  const queue = brokerQueue(scope, id, { retentionPeriod: Duration.days(14) });
  acknowledge(queue, 'AwsSolutions-SQS3', 'It is itself where failures end; an alarm watches it.');
  return queue;
};
