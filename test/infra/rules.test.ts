import { readFileSync } from 'node:fs';
import { CfnResource } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { expect, it } from 'vitest';
import { createApp } from '../../infra/broker-app.ts';

const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
  context: Record<string, unknown>;
};
const newApp = () => createApp({ context: { ...context, 'aws:cdk:bundling-stacks': [] } });

it('a resource that breaks a rule of cdk-nag fails synth', () => {
  const { app, stack } = newApp();
  new Bucket(stack, 'Careless');
  expect(() => app.synth()).toThrow(/AwsSolutions-S10/);
});

it('a template that CloudFormation would refuse fails synth', () => {
  const { app, stack } = newApp();
  new CfnResource(stack, 'Wrong', { type: 'AWS::SQS::Queue', properties: { VisibilityTimeout: 'soon' } });
  expect(() => app.synth()).toThrow(/VisibilityTimeout/);
});
