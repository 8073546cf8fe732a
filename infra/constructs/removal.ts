import { RemovalPolicy } from 'aws-cdk-lib';

/**
 * What becomes of data and logs that leave the stack, or whose stack goes. What is kept is kept from then on when its
 * creation stood: `RetainExceptOnCreate`, which every resource takes that has a `DeletionPolicy`, lets a creation that
 * is rolled back take with it what it made. With `Retain` each attempt at a first deploy would leave its empty tables,
 * bucket and logs behind (docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html).
 */
export const removalPolicy = (kept: boolean): RemovalPolicy =>
  kept ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
