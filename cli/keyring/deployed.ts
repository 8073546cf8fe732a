import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { reachOf } from '../../infra/keys/account.ts';
import { stackOutput } from '../../infra/keys/stack-output.ts';
import type { KeyringKeeper } from '../../lib/stores/keyrings.ts';
import { createParameterClient } from '../../lib/stores/ssm/client.ts';
import { ssmKeyringStore } from '../../lib/stores/ssm/keyrings.ts';

export interface DeployedStack {
  readonly stack: string;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/**
 * The keyring of a deployed broker, with the AWS credentials of whom the command is called by.
 * @throws UsageError
 */
export const deployedKeyring = async (
  { stack, region: given, profile }: DeployedStack,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<KeyringKeeper> => {
  const account = {
    ...(given === undefined ? {} : { region: given }),
    ...(profile === undefined ? {} : { profile }),
  };
  const reach = await reachOf(account, environment);
  const { region } = reach;
  const name = await stackOutput(new CloudFormationClient(reach), {
    stack,
    region,
    output: 'KeyringParameter',
  });
  return ssmKeyringStore({ client: createParameterClient(reach), name });
};
