import assert from 'node:assert/strict';
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateDescribeStackEvents,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { functionNames } from '../../infra/constructs/bundling.ts';
import { type Cdk, clientOf } from './cdk.ts';
import { logGroups } from './logs.ts';

/** What a deploy that failed must not leave behind: everything that production keeps. */
const whatIsThere = async (endpoint: string): Promise<readonly string[]> => {
  const client = clientOf(endpoint);
  const { TableNames: names = [] } = await new DynamoDBClient(client).send(new ListTablesCommand({}));
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  const { Buckets: buckets = [] } = await s3.send(new ListBucketsCommand({}));
  return [...names, ...buckets.map(({ Name }) => Name ?? ''), ...(await logGroups(endpoint))].toSorted();
};

/** Of a stack whose creation was rolled back: the types of what had been made by then, and was deleted. */
const madeAndDeleted = async (client: CloudFormationClient, StackName: string): Promise<Set<string>> => {
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
  assert.equal(Stacks?.[0]?.StackStatus, 'ROLLBACK_COMPLETE');
  const deleted = new Set<string>();
  for await (const { StackEvents = [] } of paginateDescribeStackEvents({ client }, { StackName }))
    for (const { ResourceStatus, ResourceType = '' } of StackEvents)
      if (ResourceStatus === 'DELETE_COMPLETE') deleted.add(ResourceType);
  return deleted;
};

/**
 * A first deploy in production fails, and the same once more, when its reason is gone, stands: nothing of the first is in
 * its way, and nothing is left of it. Then the stack is told to protect itself.
 */
export const failAndDeployAgain = async (endpoint: string, stack: string, cdk: Cdk): Promise<void> => {
  const client = new CloudFormationClient(clientOf(endpoint));
  const settings = { stage: 'production', alarmEmail: 'ops@example.com' };
  const before = await whatIsThere(endpoint);
  await assert.rejects(cdk.deploy(settings, 'node test/deployed/failing-app.ts'), /failed to deploy/);
  const made = await madeAndDeleted(client, stack);
  // Else the test would show nothing.
  for (const type of ['AWS::DynamoDB::GlobalTable', 'AWS::S3::Bucket', 'AWS::Logs::LogGroup'])
    assert.ok(made.has(type), `${type} was made before the deploy failed`);
  assert.deepEqual(await whatIsThere(endpoint), before, 'nothing is left behind');

  await cdk.deploy(settings);
  const stands = await whatIsThere(endpoint);
  const kept = 2 + 1 + functionNames.length + 1;
  assert.equal(stands.length - before.length, kept, 'two tables, a bucket and all log groups');
  await cdk.deploy({ ...settings, protect: 'true' });
  // Of the tables' protection MiniStack knows nothing: it passes over what a global table says of its replicas, and takes
  // a change there for a new name. What is asked of DynamoDB is in test/infra/stack.test.ts.
  const deletion = client.send(new DeleteStackCommand({ StackName: stack }));
  await assert.rejects(deletion, /TerminationProtection/);
};
