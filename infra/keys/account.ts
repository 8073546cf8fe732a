import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { type Account, UsageError } from './command-line.ts';

/** Where the CDK looks for a region too, in its order; after them comes the profile's. */
const regionVariables = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'CDK_DEFAULT_REGION'] as const;

/** How clients of the AWS SDK reach an account in a region. */
export interface Reach {
  readonly region: string;
  readonly profile?: string;
}

/**
 * The region and the profile of whom the command is called by: what is given, else what the environment says, else what
 * the profile says.
 * @throws UsageError when nothing says a region.
 */
export const reachOf = async (
  { region: given, profile }: Account,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<Reach> => {
  const named = given ?? regionVariables.map((name) => variables[name]).find((value) => value);
  const withProfile = profile === undefined ? {} : { profile };
  return { region: named ?? (await regionOfProfile(withProfile)), ...withProfile };
};

/** As the SDK finds it: in `~/.aws/config`, of this profile, of the one in `AWS_PROFILE`, or of `default`. */
const regionOfProfile = async (options: { readonly profile?: string }): Promise<string> => {
  try {
    return await new CloudFormationClient(options).config.region();
  } catch {
    throw new UsageError(
      `In which region is it? Give --region, set ${regionVariables.join(' or ')}, or give the profile a region (aws configure). The CDK, where nothing says one, deploys to us-east-1.`,
    );
  }
};
