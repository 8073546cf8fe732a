import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { UsageError } from './command-line.ts';

/**
 * What a deployed stack says in one of its outputs.
 * @throws UsageError when there is no such stack, or it is not one of Millrace's.
 */
export const stackOutput = async (
  client: CloudFormationClient,
  { stack, region, output }: { readonly stack: string; readonly region: string; readonly output: string },
): Promise<string> => {
  const said = (await outputsOf(client, stack, region)).find(
    ({ OutputKey }) => OutputKey === output,
  )?.OutputValue;
  if (said !== undefined) return said;
  throw new UsageError(
    `The stack ${stack} has no output ${output}: it is not a Millrace stack, or not deployed yet.`,
  );
};

/** The name of a deployed stack's state table: see `stackOutput`. */
export const stateTableOf = (client: CloudFormationClient, stack: string, region: string): Promise<string> =>
  stackOutput(client, { stack, region, output: 'StateTableName' });

const outputsOf = async (client: CloudFormationClient, stack: string, region: string) => {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    return Stacks?.[0]?.Outputs ?? [];
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ValidationError')) throw error;
    throw new UsageError(
      `${error.message} in ${region}. Is it the right account and region (--profile, --region)?`,
    );
  }
};
