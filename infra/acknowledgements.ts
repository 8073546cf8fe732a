import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Says of one finding of one rule, at one construct, why it stands. */
export const acknowledge = (scope: IConstruct, id: string, reason: string): void =>
  Validations.of(scope).acknowledge({ id, reason });
