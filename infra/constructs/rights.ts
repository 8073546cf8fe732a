import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Right } from './broker-function.ts';
import type { FunctionName } from './bundling.ts';

export interface Resources {
  readonly log: TableV2;
  readonly state: TableV2;
  readonly wakes: { readonly queue: IQueue; readonly streamFailures: IQueue };
}

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
export const rightsOf = ({ log, state, wakes }: Resources): Record<FunctionName, Right[]> => {
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
  return {
    produce: [onLog('PutItem', 'Query'), onState(['topic', 'key'], 'GetItem')],
    consume: [onLog('Query'), onState(['topic', 'key'], 'GetItem'), onState(['topic/*'], 'GetItem', 'Query')],
    admin: [
      // PutItem for the batch that closes a partition.
      onLog('PutItem', 'Query'),
      {
        actions: dynamo('GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'),
        resource: state.tableArn,
      },
      wake,
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
      {
        actions: [
          'sqs:ReceiveMessage',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
          'sqs:ChangeMessageVisibility',
        ],
        resource: wakes.queue.queueArn,
      },
      wake,
      onLog('Query'),
      // UpdateItem for an endpoint that is disabled; GetItem for one that another run disabled first.
      onState(['topic/*'], 'GetItem', 'Query', 'UpdateItem'),
      onState(['group/*'], 'GetItem', 'UpdateItem'),
    ],
    sweep: [
      onLog('Query', 'PutItem', 'BatchWriteItem'),
      // UpdateItem marks a topic as being deleted, and makes tombstones of topics and groups.
      onState(['topic'], 'GetItem', 'Query', 'UpdateItem'),
      onState(['topic/*'], 'GetItem', 'Query', 'UpdateItem', 'BatchWriteItem'),
      onState(['group/*'], 'Query', 'BatchWriteItem'),
      // PutItem for a topic that was marked and not written down.
      onState(['removal'], 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'),
      onState(['sweep'], 'GetItem', 'PutItem'),
      wake,
    ],
  };
};
