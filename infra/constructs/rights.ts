import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Right } from './broker-function.ts';
import type { FunctionName } from './bundling.ts';

export interface Resources {
  readonly log: TableV2;
  readonly state: TableV2;
  readonly archive: Bucket;
  readonly wakes: { readonly queue: IQueue; readonly streamFailures: IQueue };
  readonly tasks: { readonly queue: IQueue };
  /** The ARN of the keyring's parameter. */
  readonly keyringArn: string;
}

/** Which functions reach objects of the archive: those whose policies name them all, with a wildcard. */
export const archiveUsers = ['consume', 'pull', 'admin', 'deliver', 'sweep', 'archive'] as const;

/** The objects of the archive, as `objectName` begins them. */
export const archivedObjects = 'topic=*';

/** What takes messages from a queue may do there. */
const receives = (queue: IQueue): Right => ({
  actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
  resource: queue.queueArn,
});

/** The ARN of a table's stream. @throws Error when the table has none. */
export const streamArn = (table: TableV2): string => {
  if (table.tableStreamArn === undefined) throw new Error('The log table has no stream.');
  return table.tableStreamArn;
};

const dynamo = (...operations: string[]): string[] => operations.map((operation) => `dynamodb:${operation}`);

/**
 * What each function may do, action by action. Partition keys of the state table confine where that is a boundary
 * worth having: who produces or consumes cannot read an endpoint's secret or touch a key, who delivers cannot make one.
 * `test/infra` holds these to the keys that `lib/stores/dynamodb/keys.ts` makes.
 */
export const rightsOf = ({
  log,
  state,
  archive,
  wakes,
  tasks,
  keyringArn,
}: Resources): Record<FunctionName, Right[]> => {
  const stream = streamArn(log);
  const onState = (leadingKeys: readonly string[], ...operations: string[]): Right => ({
    actions: dynamo(...operations),
    resource: state.tableArn,
    leadingKeys,
  });
  const onLog = (...operations: string[]): Right => ({
    actions: dynamo(...operations),
    resource: log.tableArn,
  });
  const wake: Right = { actions: ['sqs:SendMessage'], resource: wakes.queue.queueArn };
  const task: Right = { actions: ['sqs:SendMessage'], resource: tasks.queue.queueArn };
  const onObjects = (...operations: string[]): Right => ({
    actions: operations.map((operation) => `s3:${operation}`),
    resource: archive.arnForObjects(archivedObjects),
  });
  // S3 says of an object that is not there that it is forbidden, unless one may list the bucket.
  const listObjects: Right = { actions: ['s3:ListBucket'], resource: archive.bucketArn };
  // The AWS-managed key lets whoever may read the parameter decrypt it
  // (docs.aws.amazon.com/systems-manager/latest/userguide/ps-restrict-decryption.html).
  const readKeyring: Right = { actions: ['ssm:GetParameter'], resource: keyringArn };
  const readArchive = [onState(['segments/*'], 'Query'), onObjects('GetObject'), listObjects];
  return {
    produce: [
      onLog('PutItem', 'Query'),
      onState(['topic', 'key', 'schema/*'], 'GetItem'),
      onState(['intent/*'], 'GetItem', 'PutItem', 'UpdateItem'),
      onState(['producer/*'], 'GetItem', 'PutItem'),
    ],
    consume: [
      onLog('Query'),
      onState(['topic', 'key'], 'GetItem'),
      onState(['topic/*'], 'GetItem', 'Query'),
      ...readArchive,
    ],
    pull: [
      // PutItem for dead letters and system events, which go to topics of their own by the protocol of who produces with a key.
      onLog('Query', 'BatchGetItem', 'PutItem'),
      onState(['intent/*'], 'GetItem', 'PutItem', 'UpdateItem'),
      onState(['producer/*'], 'GetItem', 'PutItem'),
      // PutItem for the topic of system events, which whoever has the first to tell makes.
      onState(['topic'], 'GetItem', 'PutItem'),
      onState(['key'], 'GetItem'),
      onState(['topic/*'], 'GetItem', 'Query'),
      // Cursors and members.
      onState(['group/*'], 'GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'),
      ...readArchive,
    ],
    // Who shows the token of a message may have its cursor changed. Query of topics for the settings of its group.
    acks: [onState(['topic/*'], 'Query'), onState(['group/*'], 'GetItem', 'PutItem'), wake, readKeyring],
    admin: [
      // PutItem for the batch that closes a partition.
      onLog('PutItem', 'Query'),
      {
        actions: dynamo('GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'),
        resource: state.tableArn,
      },
      onObjects('GetObject'),
      listObjects,
      wake,
      task,
      readKeyring,
    ],
    'on-append': [
      { actions: dynamo('DescribeStream', 'GetRecords', 'GetShardIterator'), resource: stream },
      // Knows no single stream: AWS asks for it on all streams of the table.
      { actions: dynamo('ListStreams'), resource: `${log.tableArn}/stream/*` },
      onState(['topic/*'], 'Query'),
      wake,
      { actions: ['sqs:SendMessage'], resource: wakes.streamFailures.queueArn },
    ],
    deliver: [
      receives(wakes.queue),
      { actions: ['sqs:ChangeMessageVisibility'], resource: wakes.queue.queueArn },
      wake,
      // PutItem for dead letters and system events, which go to topics of their own by the protocol of who produces with a key.
      onLog('Query', 'PutItem'),
      onState(['intent/*'], 'GetItem', 'PutItem', 'UpdateItem'),
      onState(['producer/*'], 'GetItem', 'PutItem'),
      // PutItem for the topic of system events, which whoever has the first to tell makes.
      onState(['topic'], 'GetItem', 'PutItem'),
      ...readArchive,
      // UpdateItem for an endpoint that is disabled; GetItem for one that another run disabled first.
      onState(['topic/*'], 'GetItem', 'Query', 'UpdateItem'),
      // PutItem for a cursor that has what is ahead of its committed offset.
      onState(['group/*'], 'GetItem', 'PutItem', 'UpdateItem'),
      onState(['pace/*'], 'GetItem', 'PutItem'),
      onState(['attempts/*'], 'PutItem'),
      readKeyring,
    ],
    sweep: [
      onLog('Query', 'PutItem', 'BatchWriteItem'),
      // UpdateItem marks a topic as being deleted, and makes tombstones of topics and groups. PutItem as deliver has it.
      onState(['topic'], 'GetItem', 'Query', 'PutItem', 'UpdateItem'),
      // System events that nobody told.
      onState(['intent/*'], 'GetItem', 'PutItem', 'UpdateItem'),
      onState(['producer/*'], 'GetItem', 'PutItem'),
      onState(['topic/*'], 'GetItem', 'Query', 'UpdateItem', 'BatchWriteItem'),
      onState(['group/*', 'pace/*', 'schema/*'], 'Query', 'BatchWriteItem'),
      // PutItem for a topic that was marked and not written down.
      onState(['removal'], 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'),
      onState(['sweep'], 'GetItem', 'PutItem'),
      // What no manifest names, and what a deleted topic leaves.
      onState(['segments/*'], 'GetItem', 'Query', 'DeleteItem'),
      onObjects('DeleteObject'),
      listObjects,
      onState(['erasure'], 'Query'),
      wake,
      task,
      // To seal what older versions stored in plain, and what an older key sealed.
      readKeyring,
    ],
    describe: [],
    // It cannot read what it makes, nor put anything in its place
    // (docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-policy-conditions.html).
    keyring: [
      {
        actions: ['ssm:PutParameter'],
        resource: keyringArn,
        conditions: { StringEquals: { 'ssm:Overwrite': 'false' } },
      },
      { actions: ['ssm:DeleteParameter'], resource: keyringArn },
    ],
    archive: [
      receives(tasks.queue),
      onLog('Query', 'BatchWriteItem'),
      onState(['topic'], 'GetItem'),
      onState(['topic/*'], 'GetItem', 'UpdateItem'),
      onState(['segments/*'], 'GetItem', 'Query', 'PutItem', 'DeleteItem'),
      onState(['erasure'], 'Query', 'UpdateItem'),
      onObjects('GetObject', 'PutObject', 'DeleteObject'),
      listObjects,
    ],
  };
};
