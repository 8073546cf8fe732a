import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { reachOf } from '../../infra/keys/account.ts';
import { stackOutput } from '../../infra/keys/stack-output.ts';
import { dynamoStateStores } from '../../lib/stores/dynamodb/stores.ts';
import { createStateClient } from '../../lib/stores/dynamodb/table/client.ts';
import { createArchiveClient } from '../../lib/stores/s3/client.ts';
import { s3ObjectStore } from '../../lib/stores/s3/objects.ts';
import { systemClock } from '../../lib/stores/system/clock.ts';
import { CommandError } from '../failure.ts';
import type { Archive } from './archive.ts';
import { type BucketDeps, bucketArchive } from './bucket.ts';

/** As the command line has it: the stack, or its bucket and its state table. */
export interface Deployed {
  readonly stack?: string | undefined;
  readonly bucket?: string | undefined;
  readonly table?: string | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/**
 * The archive of a deployed broker, with the AWS credentials of whom the command is called by.
 * @throws CommandError, UsageError
 */
export const deployedArchive = async (
  { stack, bucket, table, region, profile }: Deployed,
  environment: Readonly<Record<string, string | undefined>>,
  onFetch: NonNullable<BucketDeps['onFetch']>,
): Promise<Archive> => {
  if (stack !== undefined && (bucket !== undefined || table !== undefined))
    throw new CommandError('Give --stack, or --bucket and --table, not both.');
  if (stack === undefined && (bucket === undefined || table === undefined))
    throw new CommandError(
      'A bucket has objects that are none of the log’s, and the state table says which are: give --stack, or --bucket and --table.',
    );
  const account = {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
  };
  const reach = await reachOf(account, environment);
  const output = (name: string): Promise<string> =>
    stackOutput(new CloudFormationClient(reach), { stack: stack ?? '', region: reach.region, output: name });
  const state = {
    client: createStateClient(reach),
    table: table ?? (await output('StateTableName')),
    clock: systemClock,
  };
  const archive = {
    client: createArchiveClient(reach),
    bucket: bucket ?? (await output('ArchiveBucketName')),
    clock: systemClock,
  };
  return bucketArchive({ ...dynamoStateStores(state), objects: s3ObjectStore(archive), onFetch });
};
