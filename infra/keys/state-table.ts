import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { UsageError } from './command-line.ts';

/** The output of the stack that names the state table. */
const output = 'StateTableName';

/**
 * The name of a deployed stack's state table.
 * @throws UsageError when there is no such stack, or it is not one of Millrace's.
 */
export const stateTableOf = async (
  client: CloudFormationClient,
  stack: string,
  region: string,
): Promise<string> => {
  const table = (await outputsOf(client, stack, region)).find(
    ({ OutputKey }) => OutputKey === output,
  )?.OutputValue;
  if (table !== undefined) return table;
  throw new UsageError(
    `The stack ${stack} has no output ${output}: it is not a Millrace stack, or not deployed yet.`,
  );
};

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
