import { ArnFormat, CustomResource, Duration, type Stack } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { removalPolicy } from './removal.ts';

/** The parameter's name, which follows from the stack's: a stack that is made again finds the keyring that was kept. */
export const keyringName = (stack: Stack): string => `/millrace/${stack.stackName}/keyring`;

export const keyringArn = (stack: Stack): string =>
  stack.formatArn({
    service: 'ssm',
    resource: 'parameter',
    resourceName: keyringName(stack).slice(1),
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });

export interface KeyringProps {
  /** The function that makes it. */
  readonly maker: IFunction;
  /**
   * Whether it outlives the stack, as the tables do whose secrets it opens. It then also outlives its own creation, where that is
   * rolled back: an upgrade may have sealed something before it failed.
   */
  readonly kept: boolean;
}

/**
 * The keys that secrets are sealed by, as an SSM parameter. CloudFormation makes none that is encrypted (`SecureString`:
 * docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html), so a function does.
 * The keys are in no template, no event and no answer.
 */
export class Keyring extends Construct {
  constructor(scope: Construct, id: string, { maker, kept }: KeyringProps) {
    super(scope, id);
    new CustomResource(this, 'Keyring', {
      resourceType: 'Custom::Keyring',
      serviceToken: maker.functionArn,
      // Without: an hour, should the function give no answer.
      serviceTimeout: Duration.minutes(5),
      properties: { Kept: kept ? 'yes' : 'no' },
      removalPolicy: removalPolicy(kept),
    });
  }
}
